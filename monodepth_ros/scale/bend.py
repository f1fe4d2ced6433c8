"""How a frame's factor varies within the frame: with depth, and across the image."""

from __future__ import annotations

from dataclasses import dataclass, replace
import math
from typing import Optional

import cv2
from monodepth_ros.scale.robust import fading_weights, median
import numpy as np

ROUNDS, TOLERANCE = 2, 0.02
"""Of the fit: rounds of re-weighting, and the least error in a logarithm that counts as large."""

MOST = 1_000
"""Samples looked at; more change no slope by a hundredth, and cost time."""

RIDGE = 0.1**2
"""Variance of the samples' places, in logarithms of depth or widths of the image, at which half of
what many show of a slope is believed: samples of one floor err alike. Of n samples 1 / n is
added, for the noise of each."""

STEEPEST = 0.5
"""Largest slope, up or down: by depth less than 1, since depth has to rise with the network's."""

ENDS, BEYOND = (5, 95), (0.35, 0.1)
"""Percentiles of the samples' places, and logarithm of depth and share of the width beyond those,
between which slopes hold; what lies farther off gains what lies there."""

LARGEST = 0.5
"""Logarithm that a bend adds or takes away at most."""


@dataclass(frozen=True)
class Bend:
    """What the logarithm of a frame's factor gains from place to place.

    It is 0 where the network's depth is `depth` in the column `column`.

    Attributes:
        depth: metres, of the network.
        column: from 0 at the left of the image to 1 at its right.
        by_depth: gain per unit of the natural logarithm of the network's depth.
        by_column: gain from the left to the right of the image.
        depths: metres of the network from which on, nearer and farther, all gains the same.
        columns: the same of columns.

    """

    depth: float
    column: float
    by_depth: float
    by_column: float
    depths: tuple[float, float] = (0.0, math.inf)
    columns: tuple[float, float] = (0.0, 1.0)

    def times(self, share: float) -> Bend:
        """Return the bend with slopes of this share."""
        return replace(self, by_depth=share * self.by_depth, by_column=share * self.by_column)

    def plus(self, other: Bend) -> Bend:
        """Return the bend with the slopes of both, about this one's place."""
        return replace(
            self,
            by_depth=self.by_depth + other.by_depth,
            by_column=self.by_column + other.by_column,
        )

    def scaled(self, factor: float) -> Bend:
        """Return the bend of a depth that is already multiplied by the frame's factor."""
        low, high = self.depths
        return replace(self, depth=factor * self.depth, depths=(factor * low, factor * high))

    def factors(self, depth: np.ndarray) -> np.ndarray:
        """Return what the depth of each pixel is multiplied by, besides the frame's factor.

        Args:
            depth: (H, W) float32 metres of the network, of the whole image.

        Returns:
            (H, W) float32; NaN where the depth is.

        """
        # OpenCV's is twice as fast as NumPy's.
        logs = cv2.log(np.clip(depth, *self._range(), dtype=np.float32))
        logs *= np.float32(self.by_depth)
        logs += self._of_columns(depth.shape[1])
        np.clip(logs, -LARGEST, LARGEST, out=logs)
        return np.exp(logs, out=logs)

    def removed(self, bent: np.ndarray) -> np.ndarray:
        """Return the network's depth of what was multiplied by `factors`, both (H, W) metres."""
        low, high = np.log(self._range())
        columns = self._of_columns(bent.shape[1])
        with np.errstate(all='ignore'):
            logs = np.log(bent)
        # Between the ends the gain is by the depth before: g = a (log - g) + b.
        inside = (logs - columns) / np.float32(1 + self.by_depth)
        gain = self.by_depth * np.clip(inside, low, high) + columns
        return np.exp(logs - np.clip(gain, -LARGEST, LARGEST)).astype(np.float32)

    def _range(self):
        """Return the ends of `depths` as numbers that have a logarithm in float32."""
        limits = np.finfo(np.float32)
        return max(self.depths[0], float(limits.tiny)), min(self.depths[1], float(limits.max))

    def _of_columns(self, width):
        """Return what is added in each column, (W,) float32."""
        places = (np.arange(width, dtype=np.float32) + np.float32(0.5)) / np.float32(width)
        fixed = self.by_depth * math.log(self.depth) + self.by_column * self.column
        return np.float32(self.by_column) * np.clip(places, *self.columns) - np.float32(fixed)


def fit_bend(logs: np.ndarray, seen: np.ndarray, columns: np.ndarray) -> Optional[Bend]:
    """Return the bend that most samples agree on; None where none of them says anything.

    Least squares with weights that fall with the error (Cauchy's, squared), and slopes that are
    drawn to 0 where the samples are near to each other, or few. The median of what is left of the
    logarithms is their own: a bend adds nothing to the samples, in the median.

    Args:
        logs: (n,) of the ratio of true to the network's depth.
        seen: (n,) metres above 0, the network's depth.
        columns: (n,) as `Bend.column`.

    """
    part = slice(None, None, max(1, -(-logs.size // MOST)))
    samples = np.vstack([logs[part], np.log(seen[part]), columns[part]]).astype(np.float64)
    if not math.isfinite(samples.sum()):
        samples = samples[:, np.isfinite(samples).all(axis=0)]
    logs, places = samples[0], samples[1:]
    if not logs.size:
        return None
    middle = np.array([[median(row)] for row in places])
    rows = np.vstack([np.ones(logs.size), places - middle])
    slopes = _slopes(logs, rows).clip(-STEEPEST, STEEPEST)
    # The gain is 0 where it leaves the median of the logarithms as it is: a little aside.
    aside = median(logs - slopes @ rows[1:]) - median(logs)
    steep = float(slopes @ slopes)
    shift = aside * slopes / steep if steep > 0 else slopes
    depth, column = (middle[:, 0] - shift).tolist()
    low, high = np.percentile(places, ENDS, axis=1)
    (near, left), (far, right) = low - BEYOND, high + BEYOND
    return Bend(
        math.exp(depth),
        column,
        *slopes.tolist(),
        depths=(math.exp(near), math.exp(far)),
        columns=(max(0.0, float(left)), min(1.0, float(right))),
    )


def _slopes(logs, rows):
    """Return the slopes by the last two of (3, n) rows, of which the first is 1."""
    ridge = np.diag([0, *2 * [RIDGE + 1 / logs.size]])
    found = np.array([median(logs), 0.0, 0.0])
    for _ in range(ROUNDS):
        weights = fading_weights(np.abs(logs - found @ rows), TOLERANCE)
        weighted = rows * (weights / weights.sum())
        found = np.linalg.solve(weighted @ rows.T + ridge, weighted @ logs)
    return found[1:]
