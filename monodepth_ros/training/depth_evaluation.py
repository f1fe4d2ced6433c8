"""All depth figures of one model on one choice of pixels."""

from __future__ import annotations

from monodepth_ros.training.depth_edges import EdgeErrors
from monodepth_ros.training.metrics import (
    DepthMetrics,
    into_range,
    median_ratio,
    MIN_DEPTH,
    valid_depth,
)
from monodepth_ros.training.one_factor import Logs, logs_of, one_factor
from monodepth_ros.training.pooled_errors import DistanceErrors, pixel_errors
import numpy as np

CELLS = 100
"""Rows and columns of the joint histogram of predicted and true depth."""
SCALED = ('abs_rel', 'rmse', 'delta1')
"""Median-scaled figures that each image's record has."""


class DepthEvaluation:
    """Depth errors as predicted and scaled, by distance and at depth edges.

    Args:
        max_depth: metres; ground truth above it does not count, predictions are lowered to it.

    Attributes:
        max_depth: as given.
        metric: means over images of the depth as it is predicted.
        scaled: the same of predictions that are multiplied by their image's `median_ratio`.
        ratios: each image's `median_ratio`.
        joint: (CELLS, CELLS) int64, how many pixels have a true depth (row) and a predicted one
            (column), in steps of max_depth / CELLS.

    """

    def __init__(self, max_depth: float):
        self.max_depth = max_depth
        self.metric = DepthMetrics(max_depth=max_depth)
        self.scaled = DepthMetrics(max_depth=max_depth)
        self.ratios: list[float] = []
        self.joint = np.zeros((CELLS, CELLS), np.int64)
        self._logs: list[Logs] = []
        self._distance = DistanceErrors(max_depth)
        self._edges = EdgeErrors()

    def update(self, depth: np.ndarray, target: np.ndarray, mask: np.ndarray) -> dict[str, float]:
        """Add one image.

        Args:
            depth: (H, W) float32 predicted metres, not finite where there is no prediction.
            target: (H, W) float32 metres, 0 where unknown.
            mask: (H, W) bool, the pixels that count.

        Returns:
            The image's `depth_errors`, its median_ratio, and of the median-scaled figures those
            in `SCALED` with '_scaled' behind their name; empty without ground truth.

        """
        valid = valid_depth(target, MIN_DEPTH, self.max_depth, mask)
        truth, raw = target[valid], depth[valid]
        if not truth.size:
            return {}
        record = self.metric.add(raw, truth)
        ratio = median_ratio(raw, truth)
        scaled = self.scaled.add(raw * np.float32(ratio), truth)
        self.ratios.append(ratio)
        self._logs.append(logs_of(raw, truth))
        found = into_range(raw, MIN_DEPTH, self.max_depth)
        errors = pixel_errors(found, truth)
        self._distance.update(truth, errors)
        self._edges.update(depth, target, valid, errors)
        self._count(found, truth)
        return {
            **record,
            'median_ratio': ratio,
            **{f'{key}_scaled': scaled[key] for key in SCALED},
        }

    def _count(self, found, truth):
        cells = [
            np.minimum((d * (CELLS / self.max_depth)).astype(np.intp), CELLS - 1)
            for d in (truth, found)
        ]
        counts = np.bincount(cells[0] * CELLS + cells[1], minlength=CELLS**2)
        self.joint += counts.reshape(self.joint.shape)

    def details(self) -> dict:
        """Return what is beside `metric`, as plain JSON types; empty without ground truth.

        Returns:
            median_scaled: figures of `scaled`.
            median_ratio: the mean and the standard deviation of `ratios`.
            one_factor: `one_factor.one_factor`.
            by_distance: `DistanceErrors.compute`.
            depth_edges: `EdgeErrors.compute`.

        """
        if not self.ratios:
            return {}
        ratios = np.array(self.ratios)
        ratios = ratios[np.isfinite(ratios)]
        return {
            'median_scaled': self.scaled.compute(),
            'median_ratio': {
                'mean': float(ratios.mean()) if ratios.size else None,
                'std': float(ratios.std()) if ratios.size else None,
            },
            'one_factor': one_factor(self._logs, self.max_depth),
            'by_distance': self._distance.compute(),
            'depth_edges': self._edges.compute(),
        }
