"""Errors at depth edges, where one surface hides another, and how well edges are placed.

Edges are found in ground truth and prediction alike: Canny's detector on the logarithm of depth,
so that an edge is a jump by a share of the distance. Sharpness follows the depth boundary errors
of Koch et al. ("Evaluation of CNN-based single-image depth estimation methods", ECCV workshops
2018): distances between the edges of both, cut off at 10 pixels. Their edges are drawn by hand,
and their prediction is scaled to 0..1 before Canny, so their figures are no measure for these.
"""

from __future__ import annotations

import math

import cv2
from monodepth_ros.training.pooled_errors import PixelErrors, PooledErrors
import numpy as np

JUMP, WEAK_JUMP = 0.10, 0.05
"""Shares of the distance: an edge has a jump of the first somewhere, and the second all along."""
BLUR = math.sqrt(2.0)
"""Pixels; the deviation of Canny's Gaussian, as Koch et al. have it."""
STEP_SLOPE = 0.25
"""Slope in 1 / pixel that Sobel's filter sees at a step of height one after the blur."""
NEAR = 5.0
"""Pixels of the ground truth; what is no farther from an edge is at the edge."""
FARTHEST = 10.0
"""Pixels; a larger distance between edges counts as this (Koch et al.)."""
_REACH = 6
"""Pixels; how far an unknown pixel changes the blurred slope."""
_UNIT = 1 / 20000
"""Slope that is 1 in the whole numbers that cv2.Canny takes."""


def find_edges(depth: np.ndarray) -> np.ndarray:
    """Return where depth jumps by `JUMP` of itself, lines one pixel wide.

    Args:
        depth: (H, W) float32 metres; unknown where it is not finite or not above 0. There, and
            `_REACH` pixels around, are no edges.

    Returns:
        (H, W) bool.

    """
    unknown = ~(np.isfinite(depth) & (depth > 0))
    logarithm = np.log(np.where(unknown, np.float32(1), depth))
    logarithm = cv2.GaussianBlur(logarithm, (0, 0), BLUR)
    slopes = [
        cv2.Sobel(logarithm, cv2.CV_32F, *order, scale=1 / (8 * _UNIT))
        for order in ((1, 0), (0, 1))
    ]
    thresholds = [math.log1p(jump) * STEP_SLOPE / _UNIT for jump in (WEAK_JUMP, JUMP)]
    # OpenCV rounds and saturates here.
    whole = [cv2.add(slope, 0.0, dtype=cv2.CV_16S) for slope in slopes]
    edges = cv2.Canny(*whole, *thresholds, L2gradient=True)
    if unknown.any():
        edges[_near(unknown)] = 0
    return edges > 0


def _near(unknown):
    """Return where a pixel of (H, W) bool is no farther than `_REACH`."""
    side = 2 * _REACH + 1
    return cv2.dilate(unknown.view(np.uint8), np.ones((side, side), np.uint8)) > 0


def _can_have_edges(target):
    """Return whether so much of (H, W) metres is known together that an edge could be found."""
    return not _near(~(np.isfinite(target) & (target > 0))).all()


def distance_to(edges: np.ndarray) -> np.ndarray:
    """Return the distance of each pixel to the nearest edge, (H, W) float32 pixels, or infinity.

    Args:
        edges: (H, W) bool.

    """
    if not edges.any():
        return np.full(edges.shape, np.inf, np.float32)
    return cv2.distanceTransform((~edges).view(np.uint8), cv2.DIST_L2, cv2.DIST_MASK_PRECISE)


class EdgeErrors:
    """Errors at and away from the edges of the ground truth, and distances between edges."""

    def __init__(self):
        self._errors = PooledErrors(2)
        self._from_found = _Mean()
        self._from_true = _Mean()

    def update(
        self, depth: np.ndarray, target: np.ndarray, valid: np.ndarray, errors: PixelErrors
    ) -> None:
        """Add one image.

        Args:
            depth: (H, W) float32 predicted metres, not finite where there is no prediction.
            target: (H, W) float32 metres, 0 where unknown.
            valid: (H, W) bool, the pixels that count.
            errors: of the pixels that count.

        An image whose truth is known at single pixels or lines has no edges, and does not count.

        """
        if not _can_have_edges(target):
            return
        true_edges, found_edges = find_edges(target), find_edges(depth)
        to_true = distance_to(true_edges)
        self._errors.update((to_true[valid] <= NEAR).astype(np.intp), errors)
        self._from_found.add(to_true[found_edges & valid])
        self._from_true.add(distance_to(found_edges)[true_edges & valid])

    def compute(self) -> dict:
        """Return figures pooled over pixels; empty without pixels.

        Returns:
            near, away: figures of `PooledErrors` at most and more than `NEAR` pixels from an edge.
            accuracy_px: mean distance of a predicted edge pixel to the nearest true one.
            completeness_px: mean distance of a true edge pixel to the nearest predicted one. Both
                are in pixels of the ground truth, cut off at `FARTHEST`; None without edges.

        """
        errors = self._errors.compute()
        if not errors:
            return {}
        return {
            'near': errors[1],
            'away': errors[0],
            'accuracy_px': self._from_found.compute(),
            'completeness_px': self._from_true.compute(),
        }


class _Mean:
    """Mean of distances that are cut off at `FARTHEST`."""

    def __init__(self):
        self._sum, self._count = 0.0, 0

    def add(self, distances: np.ndarray) -> None:
        self._sum += float(np.minimum(distances, FARTHEST).sum(dtype=np.float64))
        self._count += distances.size

    def compute(self) -> float | None:
        return self._sum / self._count if self._count else None
