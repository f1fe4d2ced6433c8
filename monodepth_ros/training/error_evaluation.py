"""How well a model knows its own error: ranking, size, and calibration of the learned error."""

from __future__ import annotations

import numpy as np

FRACTIONS = np.arange(0.0, 1.0, 0.05)
"""Shares of the pixels that are left out, those that should be worst first."""
LIMITS = (0.0, 0.02, 0.05, 0.1, 0.15, 0.2, 0.3, 0.5, 1.0, np.inf)
"""Limits of the predicted errors that the true ones are given for."""
MOST_PIXELS = 20000
"""Of an image, evenly spread: sorting them all takes longer than the network."""


class ErrorEvaluation:
    """Predicted against true relative errors, |ln d - ln d*|.

    Attributes:
        images: of each image the area under the sparsification error and the rank correlation.

    """

    def __init__(self):
        self.images: list[dict[str, float]] = []
        self._sums = np.zeros((3, len(LIMITS) - 1))

    def update(self, error: np.ndarray, depth: np.ndarray, target: np.ndarray) -> dict[str, float]:
        """Add the pixels of one image that count.

        Args:
            error: (n,) predicted errors; where one is not finite, the pixel counts in nothing.
            depth: (n,) predicted metres > 0.
            target: (n,) true metres > 0.

        Returns:
            error_ause and error_correlation of the image; empty where no pixel counts.

        """
        step = max(1, error.size // MOST_PIXELS)
        error, depth, target = (x[::step].astype(np.float64) for x in (error, depth, target))
        known = np.isfinite(error)
        if not known.any():
            return {}
        error, truth = error[known], np.abs(np.log(depth[known] / target[known]))
        group = np.searchsorted(LIMITS, error, side='left').clip(1, len(LIMITS) - 1) - 1
        for row, weights in enumerate((None, error, truth)):
            self._sums[row] += np.bincount(group, weights, len(LIMITS) - 1)
        record = {
            'error_ause': area_under_sparsification_error(error, truth),
            'error_correlation': rank_correlation(error, truth),
        }
        self.images.append(record)
        return record

    def compute(self) -> dict:
        """Return the figures, as plain JSON types; empty without pixels.

        Returns:
            ause and correlation: means over images. ratio: mean true error over mean predicted
            one, 1 where they are as large as they are said to be. calibration: for each range of
            predicted errors its limits, share of pixels, and mean predicted and true error; the
            points of a calibration plot.

        """
        count, expected, found = self._sums
        if not self.images:
            return {}
        groups = [
            {
                'from': float(low),
                'to': float(high) if np.isfinite(high) else None,
                'share': float(n / count.sum()),
                'expected': float(e / n) if n else None,
                'found': float(f / n) if n else None,
            }
            for low, high, n, e, f in zip(LIMITS, LIMITS[1:], count, expected, found)
        ]
        return {
            'ause': float(np.mean([r['error_ause'] for r in self.images])),
            'correlation': float(np.mean([r['error_correlation'] for r in self.images])),
            'ratio': float(found.sum() / max(expected.sum(), 1e-12)),
            'calibration': groups,
        }


def area_under_sparsification_error(error: np.ndarray, truth: np.ndarray) -> float:
    """Return how much worse than the truth a predicted error says which pixels to leave out.

    The mean true error of the pixels that remain when those of the largest predicted errors go,
    less that when those of the largest true ones go, as a share of the mean of all, averaged over
    the shares `FRACTIONS` that go (Ilg et al., ECCV 2018, section 5). 0 is perfect; a prediction
    that knows nothing has what the spread of the errors allows, about 0.4.

    Args:
        error: (n,) predicted.
        truth: (n,) true errors.

    """
    if not truth.sum() > 0:
        return 0.0
    by_error = _remaining(truth[np.argsort(error, kind='stable')])
    by_truth = _remaining(np.sort(truth))
    return float((by_error - by_truth).mean() / truth.mean())


def _remaining(ordered):
    """Return the mean of what remains of errors in order when the last ones go."""
    sums = np.cumsum(ordered)
    kept = np.maximum(1, np.rint((1.0 - FRACTIONS) * ordered.size).astype(int))
    return sums[kept - 1] / kept


def rank_correlation(x: np.ndarray, y: np.ndarray) -> float:
    """Return Spearman's rank correlation of two (n,) arrays; 0 where one of them is constant."""
    ranks = [_ranks(values) for values in (x, y)]
    deviations = [r - r.mean() for r in ranks]
    scale = np.sqrt((deviations[0] ** 2).sum() * (deviations[1] ** 2).sum())
    return float((deviations[0] * deviations[1]).sum() / scale) if scale > 0 else 0.0


def _ranks(values):
    """Return the ranks of (n,) values, equal ones sharing the mean of theirs."""
    _, inverse, counts = np.unique(values, return_inverse=True, return_counts=True)
    ends = np.cumsum(counts)
    return (ends - (counts - 1) / 2.0)[inverse]
