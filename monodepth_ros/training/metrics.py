"""Depth and segmentation metrics: `update` adds an image, `compute` gives the figures.

Depth figures are the mean over images of each image's figure, as Eigen et al. (NIPS 2014) and
the works after them report; segmentation figures come from one confusion matrix of all images.
"""

from __future__ import annotations

import numpy as np

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
    difference = depth - target
    log_difference = np.log(depth) - np.log(target)
    ratio = np.maximum(depth / target, target / depth)
    return {
        'abs_rel': float(np.mean(np.abs(difference) / target)),
        'sq_rel': float(np.mean(difference**2 / target)),
        'rmse': float(np.sqrt(np.mean(difference**2))),
        'rmse_log': float(np.sqrt(np.mean(log_difference**2))),
        'log10': float(np.mean(np.abs(log_difference)) / np.log(10.0)),
        'silog': float(100.0 * np.std(log_difference)),
        'delta1': float(np.mean(ratio < DELTA)),
        'delta2': float(np.mean(ratio < DELTA**2)),
        'delta3': float(np.mean(ratio < DELTA**3)),
    }


class DepthMetrics:
    """Mean of `depth_errors` over images.

    Args:
        min_depth: metres; ground truth at or below it does not count, predictions are raised
            to it.
        max_depth: metres; ground truth above it does not count, predictions are lowered to it.

    """

    def __init__(self, min_depth: float = 1e-3, max_depth: float = 10.0):
        self.min_depth = min_depth
        self.max_depth = max_depth
        self.images: list[dict[str, float]] = []

    def update(self, depth: np.ndarray, target: np.ndarray, mask: np.ndarray | None = None):
        """Add one image: (H, W) metres each, and an optional (H, W) bool evaluation crop.

        A predicted NaN counts as the smallest depth: there is no credit for leaving pixels out.
        """
        valid = (target > self.min_depth) & (target <= self.max_depth)
        if mask is not None:
            valid &= mask
        if not valid.any():
            return
        found = np.nan_to_num(depth[valid], nan=self.min_depth, posinf=self.max_depth)
        found = np.clip(found, self.min_depth, self.max_depth)
        self.images.append(depth_errors(found, target[valid]))

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

    def update(self, label: np.ndarray, target: np.ndarray, mask: np.ndarray | None = None):
        """Add one image: (H, W) uint8 each, truth outside the classes does not count."""
        classes = len(self.confusion)
        valid = target < classes
        if mask is not None:
            valid &= mask
        truth = target[valid].astype(np.int64)
        found = np.minimum(label[valid], classes).astype(np.int64)
        counts = np.bincount(truth * (classes + 1) + found, minlength=self.confusion.size)
        self.confusion += counts.reshape(self.confusion.shape)

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
