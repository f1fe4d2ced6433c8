"""How much depth flickers while neither camera nor scene moves."""

from __future__ import annotations

from typing import Optional

import cv2
from monodepth_ros.pipeline.steady import CHANGE
import numpy as np

BLUR = 5
"""Pixels, width of the square in which grey values are averaged against the camera's noise."""


class Flicker:
    """The median relative change of depth from one frame to the next, where the image stays alike.

    Attributes:
        pairs: of each two frames the median change of the pixels that stayed alike, and their
            share of the image; none of two frames that nothing is alike in.

    """

    def __init__(self) -> None:
        """Begin without a frame."""
        self.pairs: list[tuple[float, float]] = []
        self._last: Optional[tuple[np.ndarray, np.ndarray]] = None

    def update(self, image: np.ndarray, depth: np.ndarray) -> None:
        """Add the next frame of a sequence.

        Args:
            image: (H, W, 3) uint8 RGB.
            depth: (H, W) float32 metres of the same grid.

        """
        grey = cv2.blur(cv2.cvtColor(image, cv2.COLOR_RGB2GRAY), (BLUR, BLUR))
        last, self._last = self._last, (grey, depth.copy())
        if last is None or last[0].shape != grey.shape:
            return
        alike = cv2.absdiff(grey, last[0]) <= CHANGE
        alike &= np.isfinite(depth) & np.isfinite(last[1])
        if alike.any():
            steps = np.abs(np.log(depth[alike] / last[1][alike]))
            self.pairs.append((float(np.median(steps)), float(alike.mean())))

    def compute(self) -> dict[str, float]:
        """Return the figures; empty without two frames.

        Returns:
            change: median over the pairs, relative; share: mean share of the image that stayed
            alike; pairs: their number.

        """
        if not self.pairs:
            return {}
        changes, shares = zip(*self.pairs)
        return {
            'change': float(np.median(changes)),
            'share': float(np.mean(shares)),
            'pairs': len(self.pairs),
        }
