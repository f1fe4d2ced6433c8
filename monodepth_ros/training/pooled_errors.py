"""Depth errors of groups of pixels, such as distances, from sums over the pixels of all images."""

from __future__ import annotations

from typing import NamedTuple

from monodepth_ros.training.metrics import DELTA
import numpy as np

DISTANCES = (0.0, 2.0, 4.0, 6.0, 10.0)
"""Metres; limits of the distances that errors are given for."""


class PixelErrors(NamedTuple):
    """Errors pixel by pixel, (n,) float64 each: square of metres, relative, 1 for delta1."""

    squares: np.ndarray
    relative: np.ndarray
    hits: np.ndarray


def pixel_errors(depth: np.ndarray, target: np.ndarray) -> PixelErrors:
    """Return the errors between two (n,) arrays of positive metres."""
    difference = np.abs(depth.astype(np.float64) - target)
    hits = np.maximum(depth / target, target / depth) < DELTA
    return PixelErrors(difference**2, difference / target, hits.astype(np.float64))


class PooledErrors:
    """Errors of each of some groups of pixels.

    Each pixel weighs the same, unlike in `DepthMetrics`, where each image does: an image that has
    few far pixels would weigh as much for far pixels as one that has many.

    Args:
        groups: how many groups there are.

    """

    def __init__(self, groups: int):
        self._sums = np.zeros((4, groups))

    def update(self, group: np.ndarray, errors: PixelErrors) -> None:
        """Add pixels: (n,) whole numbers of their group, and their errors."""
        groups = self._sums.shape[1]
        for row, weights in enumerate((None, *errors)):
            self._sums[row] += np.bincount(group, weights, groups)

    def compute(self) -> list[dict[str, float]]:
        """Return for each group its share of all pixels, rmse (m), abs_rel and delta1.

        A group without pixels has its share alone; there is no group at all without pixels.
        """
        total = self._sums[0].sum()
        return [_figures(*sums, total) for sums in self._sums.T] if total else []


def _figures(count, squares, relative, hits, total):
    if not count:
        return {'share': 0.0}
    return {
        'share': float(count / total),
        'rmse': float(np.sqrt(squares / count)),
        'abs_rel': float(relative / count),
        'delta1': float(hits / count),
    }


def distance_limits(max_depth: float) -> tuple[float, ...]:
    """Return `DISTANCES` up to `max_depth` metres, which is the last limit."""
    return (*(limit for limit in DISTANCES if limit < max_depth), float(max_depth))


class DistanceErrors:
    """Errors by the true distance; a distance is above its lower limit and up to its upper one.

    Args:
        max_depth: metres; ground truth above it is not to be given.

    """

    def __init__(self, max_depth: float):
        self._limits = distance_limits(max_depth)
        self._errors = PooledErrors(len(self._limits) - 1)

    def update(self, target: np.ndarray, errors: PixelErrors) -> None:
        """Add pixels: (n,) true metres, and their errors."""
        group = np.zeros(target.shape, np.intp)
        for limit in self._limits[1:-1]:
            group += target > limit
        self._errors.update(group, errors)

    def compute(self) -> list[dict[str, float]]:
        """Return the figures of `PooledErrors`, with the limits in metres, nearest first."""
        limits = zip(self._limits, self._limits[1:])
        return [
            {'from_m': low, 'to_m': high, **figures}
            for (low, high), figures in zip(limits, self._errors.compute())
        ]
