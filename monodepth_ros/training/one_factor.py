"""What one factor for all of a camera's images would mend, as a calibration finds it."""

from __future__ import annotations

from typing import NamedTuple, Sequence

from monodepth_ros.training.metrics import DELTA, into_range, MIN_DEPTH
import numpy as np

MOST_PIXELS = 4000
"""Of an image, evenly spread."""
BEYOND_ALL = 1e4
"""Metres; no prediction is farther before a factor brings it into the range that counts."""


class Logs(NamedTuple):
    """Logarithms of the depth of some pixels of an image, each (m,) float32.

    Attributes:
        truth: of true metres.
        found: of predicted metres, whatever their range.

    """

    truth: np.ndarray
    found: np.ndarray

    @property
    def factor(self) -> float:
        """Logarithm of the image's own factor."""
        return float(np.median(self.truth - self.found))


def logs_of(depth: np.ndarray, target: np.ndarray) -> Logs:
    """Return what is kept of an image.

    Args:
        depth: (n,) predicted metres; NaN counts as the smallest depth.
        target: (n,) true metres, in the range.

    Returns:
        Up to twice `MOST_PIXELS` of the pixels.

    """
    step = max(1, target.size // MOST_PIXELS)
    found = into_range(depth[::step], MIN_DEPTH, BEYOND_ALL)
    return Logs(np.log(target[::step], dtype=np.float32), np.log(found, dtype=np.float32))


def one_factor(images: Sequence[Logs], max_depth: float) -> dict[str, float]:
    """Return the figures with one factor for all images, which half of them have not seen.

    Args:
        images: one or more.
        max_depth: metres; the range of predictions, once they are multiplied.

    Returns:
        value: the factor, the median of the medians of every second image; spread_percent: the
        deviation of the images' own factors; abs_rel and delta1: means over the other images.

    """
    own = np.array([image.factor for image in images])
    factor = float(np.median(own[::2]))
    others = images[1::2] or images
    return {
        'value': float(np.exp(factor)),
        'spread_percent': float(100 * np.std(own)),
        **shifted_errors(others, np.full(len(others), factor), max_depth),
    }


def shifted_errors(
    images: Sequence[Logs], shifts: np.ndarray, max_depth: float
) -> dict[str, float]:
    """Return means over images of the errors with a factor for each.

    Args:
        images: one or more.
        shifts: logarithm of each image's factor.
        max_depth: metres; the range of predictions, once they are multiplied.

    """
    ends = np.log([MIN_DEPTH, max_depth])
    relative, hits = [], []
    for (truth, found), shift in zip(images, shifts, strict=True):
        left = (found + shift).clip(*ends) - truth
        relative.append(np.abs(np.exp(left) - 1).mean())
        hits.append((np.abs(left) < np.log(DELTA)).mean())
    return {'abs_rel': float(np.mean(relative)), 'delta1': float(np.mean(hits))}
