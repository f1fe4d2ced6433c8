"""Rectified pixel grids and the rays of their pixels."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np


@dataclass(frozen=True)
class PinholeCamera:
    """A rectified pixel grid.

    Attributes:
        width: columns in pixels.
        height: rows in pixels.
        fx: horizontal focal length in pixels.
        fy: vertical focal length in pixels.
        cx: column of the principal point in pixels.
        cy: row of the principal point in pixels.

    """

    width: int
    height: int
    fx: float
    fy: float
    cx: float
    cy: float

    def matrix(self) -> np.ndarray:
        """Return the intrinsic matrix, (3, 3) float64."""
        return np.array([[self.fx, 0, self.cx], [0, self.fy, self.cy], [0, 0, 1]], np.float64)

    def resized(self, width: int, height: int) -> PinholeCamera:
        """Return the grid of the same view at `width` x `height` pixels, scaled per axis."""
        sx, sy = width / self.width, height / self.height
        cx, cy = (self.cx + 0.5) * sx - 0.5, (self.cy + 0.5) * sy - 0.5
        return PinholeCamera(width, height, self.fx * sx, self.fy * sy, cx, cy)

    def every(self, step: int, first: int = 0) -> PinholeCamera:
        """Return the grid of every `step`-th row and column, from number `first` on."""
        width, height = (len(range(first, size, step)) for size in (self.width, self.height))
        cx, cy = (self.cx - first) / step, (self.cy - first) / step
        return PinholeCamera(width, height, self.fx / step, self.fy / step, cx, cy)

    def rays(self) -> np.ndarray:
        """Return x/z and y/z of every pixel, (H, W, 2) float32; cached, hence read-only."""
        return _rays(self)


@lru_cache(maxsize=16)
def _rays(camera):
    # One plane after the other, as products with depth read them.
    rays = np.moveaxis(np.empty((2, camera.height, camera.width), np.float32), 0, -1)
    rays[..., 0] = (np.arange(camera.width) - camera.cx) / camera.fx
    rays[..., 1] = ((np.arange(camera.height) - camera.cy) / camera.fy)[:, None]
    rays.flags.writeable = False
    return rays
