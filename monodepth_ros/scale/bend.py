"""How a frame's factor varies within the frame: with depth, and across the image."""

from __future__ import annotations

from dataclasses import dataclass, replace

import cv2
from monodepth_ros.scale.robust import median, OF_DEVIATION
import numpy as np

ROUNDS, TOLERANCE = 2, 0.02
"""Of the fit: rounds of re-weighting, and the least error in a logarithm that counts as large."""

MOST = 1_000
"""Samples looked at; more change no slope by a hundredth, and cost time."""

RIDGE = 0.1**2
"""Variance of the samples' places, in logarithms of depth or widths of the image, at which half of
what they show of a slope is believed. Samples of one floor err alike, however many there are."""

STEEPEST = 0.5
"""Largest slope by depth, up or down: less than 1, since depth has to rise with the network's."""

LARGEST = 0.5
"""Logarithm that a bend adds or takes away at most, wherever a slope leads to."""


@dataclass(frozen=True)
class Bend:
    """What the logarithm of a frame's factor gains from place to place.

    It is 0 where the network's depth is `depth` in the column `column`, in the middle of what was
    known.

    Attributes:
        depth: metres, of the network.
        column: from 0 at the left of the image to 1 at its right.
        by_depth: gain per unit of the natural logarithm of the network's depth.
        by_column: gain from the left to the right of the image.

    """

    depth: float
    column: float
    by_depth: float
    by_column: float

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
        return replace(self, depth=factor * self.depth)

    def factors(self, depth: np.ndarray) -> np.ndarray:
        """Return what the depth of each pixel is multiplied by, besides the frame's factor.

        Args:
            depth: (H, W) float32 metres of the network, of the whole image.

        Returns:
            (H, W) float32; anything where the depth is no distance.

        """
        # Twice as fast as NumPy's.
        logs = cv2.log(depth)
        logs *= np.float32(self.by_depth)
        logs += self._of_columns(depth.shape[1])
        return np.exp(np.clip(logs, -LARGEST, LARGEST, out=logs), out=logs)

    def removed(self, bent: np.ndarray) -> np.ndarray:
        """Return the network's depth of what was multiplied by `factors`, both (H, W) metres."""
        with np.errstate(all='ignore'):
            logs = np.log(bent)
        gain = logs * np.float32(self.by_depth) + self._of_columns(bent.shape[1])
        # The gain is by the depth before: g = a (log - g) + b.
        gain /= np.float32(1 + self.by_depth)
        return np.exp(logs - np.clip(gain, -LARGEST, LARGEST))

    def _of_columns(self, width):
        """Return what is added in each column, (W,) float32."""
        places = (np.arange(width, dtype=np.float32) + np.float32(0.5)) / np.float32(width)
        fixed = self.by_depth * np.log(self.depth) + self.by_column * self.column
        return np.float32(self.by_column) * places - np.float32(fixed)


def fit_bend(logs: np.ndarray, seen: np.ndarray, columns: np.ndarray) -> Bend:
    """Return the bend that most samples agree on.

    Least squares with weights that fall with the error (Cauchy's, squared), and slopes that are
    drawn to 0 where the samples are near to each other.

    Args:
        logs: (n,) of the ratio of true to the network's depth, n of at least 1.
        seen: (n,) metres above 0, the network's depth.
        columns: (n,) as `Bend.column`.

    """
    part = slice(None, None, -(-logs.size // MOST))
    logs = logs[part]
    places = np.vstack([np.log(seen[part]), columns[part]]).astype(np.float64)
    middle = [median(row) for row in places]
    rows = np.vstack([np.ones(logs.size), *(row - at for row, at in zip(places, middle))])
    found = np.array([median(logs), 0.0, 0.0])
    for _ in range(ROUNDS):
        errors = np.abs(logs - found @ rows)
        size = max(OF_DEVIATION * median(errors), TOLERANCE)
        weights = 1 / (1 + (errors / (2 * size)) ** 2) ** 2
        weighted = rows * (weights / weights.sum())
        found = np.linalg.solve(weighted @ rows.T + np.diag([0, RIDGE, RIDGE]), weighted @ logs)
    by_depth = float(np.clip(found[1], -STEEPEST, STEEPEST))
    return Bend(float(np.exp(middle[0])), middle[1], by_depth, float(found[2]))
