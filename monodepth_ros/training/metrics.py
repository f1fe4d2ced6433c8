"""Depth and segmentation metrics: `update` adds an image, `compute` gives the figures.

Depth figures are the mean over images of each image's figure, as Eigen et al. (NIPS 2014) and
the works after them report; segmentation figures come from one confusion matrix of all images.
"""

from __future__ import annotations

import math
from typing import Optional

import numpy as np

MIN_DEPTH = 1e-3
"""Metres; ground truth at or below it does not count, as in the protocol of Eigen et al."""
DELTA = 1.25
DEPTH_METRICS = (
    'abs_rel',
    'sq_rel',
    'rmse',
    'rmse_log',
    'log10',
    'silog',
    'delta1',
    'delta2',
    'delta3',
)


def depth_errors(depth: np.ndarray, target: np.ndarray) -> dict[str, float]:
    """Errors between two (n,) arrays of positive metres (Eigen et al., NIPS 2014, section 4).

    `rmse` is in metres, `sq_rel` in metres, `silog` is 100 times the deviation of the log
    error (KITTI's convention); `delta1` to `delta3` are shares of pixels with
    max(d / d*, d* / d) < 1.25, 1.25^2, 1.25^3.
    """
    depth, target = depth.astype(np.float64), target.astype(np.float64)
    count = target.size
    difference = depth - target
    quotient = depth / target
    logarithm = np.log(quotient)
    ratio = np.maximum(quotient, target / depth)
    square_of_logarithm = logarithm @ logarithm / count
    variance = max(0.0, square_of_logarithm - logarithm.mean() ** 2)
    return {
        'abs_rel': float(np.abs(quotient - 1.0).mean()),
        'sq_rel': float(difference @ (quotient - 1.0) / count),
        'rmse': math.sqrt(difference @ difference / count),
        'rmse_log': math.sqrt(square_of_logarithm),
        'log10': float(np.abs(logarithm).mean() / math.log(10.0)),
        'silog': 100.0 * math.sqrt(variance),
        'delta1': np.count_nonzero(ratio < DELTA) / count,
        'delta2': np.count_nonzero(ratio < DELTA**2) / count,
        'delta3': np.count_nonzero(ratio < DELTA**3) / count,
    }


def valid_depth(
    target: np.ndarray, min_depth: float, max_depth: float, mask: Optional[np.ndarray] = None
) -> np.ndarray:
    """Return where ground truth counts, (H, W) bool.

    Args:
        target: (H, W) metres, 0 or NaN where unknown.
        min_depth: metres; what is at or below it does not count.
        max_depth: metres; what is above it does not count.
        mask: (H, W) bool, an evaluation crop.

    """
    valid = (target > min_depth) & (target <= max_depth)
    return valid if mask is None else valid & mask


def into_range(depth: np.ndarray, min_depth: float, max_depth: float) -> np.ndarray:
    """Return predictions brought into the range that counts, in metres.

    A predicted NaN counts as the smallest depth: there is no credit for leaving pixels out.
    """
    return np.nan_to_num(depth, nan=min_depth, posinf=max_depth).clip(min_depth, max_depth)


def median_ratio(depth: np.ndarray, target: np.ndarray) -> float:
    """Return the factor that gives predictions the ground truth's median.

    Figures of predictions that are multiplied by it, image by image, say how good the shape is
    where the scale is not known (Zhou et al., CVPR 2017, section 4.1).

    Args:
        depth: (n,) predicted metres; those that are not finite or not above 0 do not count.
        target: (n,) metres of the same pixels.

    Returns:
        The ratio of the medians; NaN where no prediction counts.

    """
    usable = np.isfinite(depth) & (depth > 0)
    if not usable.any():
        return float('nan')
    return float(np.median(target[usable]) / np.median(depth[usable]))


class DepthMetrics:
    """Mean of `depth_errors` over images.

    Args:
        min_depth: metres; ground truth at or below it does not count, predictions are raised
            to it.
        max_depth: metres; ground truth above it does not count, predictions are lowered to it.

    Attributes:
        images: the figures of each image that has ground truth.

    """

    def __init__(self, min_depth: float = MIN_DEPTH, max_depth: float = 10.0):
        self.min_depth = min_depth
        self.max_depth = max_depth
        self.images: list[dict[str, float]] = []

    def update(
        self, depth: np.ndarray, target: np.ndarray, mask: Optional[np.ndarray] = None
    ) -> Optional[dict[str, float]]:
        """Add one image, (H, W) metres each, within an optional (H, W) bool evaluation crop.

        Returns:
            The image's figures; None for an image in which no ground truth counts.

        """
        valid = valid_depth(target, self.min_depth, self.max_depth, mask)
        return self.add(depth[valid], target[valid])

    def add(self, depth: np.ndarray, target: np.ndarray) -> Optional[dict[str, float]]:
        """Add the pixels of one image that count, (n,) metres each; see `update`."""
        if not target.size:
            return None
        found = depth_errors(into_range(depth, self.min_depth, self.max_depth), target)
        self.images.append(found)
        return found

    def compute(self) -> dict[str, float]:
        """Return the mean of each figure; empty without images."""
        if not self.images:
            return {}
        return {key: float(np.mean([i[key] for i in self.images])) for key in DEPTH_METRICS}


class SegmentationMetrics:
    """Intersection over union and accuracies from one confusion matrix.

    Attributes:
        confusion: (classes, classes + 1) int64, truth by row, prediction by column; the last
            column counts pixels that were left unlabelled.

    """

    def __init__(self, classes: int):
        self.confusion = np.zeros((classes, classes + 1), np.int64)

    def update(
        self, label: np.ndarray, target: np.ndarray, mask: Optional[np.ndarray] = None
    ) -> Optional[float]:
        """Add one image: (H, W) uint8 each, truth outside the classes does not count.

        Returns:
            The share of the image's pixels that have the right label; None where no truth counts.

        """
        classes = len(self.confusion)
        valid = target < classes
        if mask is not None:
            valid &= mask
        truth = target[valid].astype(np.int64)
        found = np.minimum(label[valid], classes).astype(np.int64)
        counts = np.bincount(truth * (classes + 1) + found, minlength=self.confusion.size)
        counts = counts.reshape(self.confusion.shape)
        self.confusion += counts
        return float(np.trace(counts) / truth.size) if truth.size else None

    def per_class_iou(self) -> np.ndarray:
        """(classes,) float64; NaN for a class that neither truth nor prediction has."""
        hits = np.diag(self.confusion).astype(np.float64)
        union = self.confusion.sum(axis=1) + self.confusion[:, :-1].sum(axis=0) - hits
        with np.errstate(invalid='ignore'):
            return hits / union

    def compute(self) -> dict[str, float]:
        """Return miou and mean_accuracy over the classes present, and pixel_accuracy."""
        total = self.confusion.sum()
        if total == 0:
            return {}
        hits = np.diag(self.confusion).astype(np.float64)
        of_truth = self.confusion.sum(axis=1)
        present = of_truth > 0
        return {
            'miou': float(np.nanmean(self.per_class_iou())),
            'pixel_accuracy': float(hits.sum() / total),
            'mean_accuracy': float(np.mean(hits[present] / of_truth[present])),
        }
