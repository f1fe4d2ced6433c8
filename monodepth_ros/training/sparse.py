"""Sparse ground truth: lines of a lidar, known at single pixels of an image."""

from __future__ import annotations

import numpy as np

SPARSE_SHARE = 0.1
"""Truth that fewer of the pixels have is sparse. Depth cameras know most of an image; a scanner's
line is in 1 of 1000 pixels, a lidar of 16 lines in 1 of 60."""


def is_sparse(depth: np.ndarray) -> bool:
    """Return whether (H, W) metres, 0 where unknown, are known at few pixels only."""
    return np.count_nonzero(depth) < SPARSE_SHARE * depth.size


def warp_points(depth: np.ndarray, matrix: np.ndarray, size: tuple[int, int]) -> np.ndarray:
    """
    Return sparse depth in another view: each point where it is seen there.

    A view that looks each of its pixels up would lose most points where it is smaller, and repeat
    them where it is larger.

    Args:
        depth: (h, w) float32 metres, 0 where unknown.
        matrix: (3, 3), from pixels of the view to pixels of `depth`.
        size: (width, height) of the view.

    Returns:
        (height, width) float32 metres; of several points in a pixel the nearest.

    """
    rows, columns = np.nonzero(depth)
    values = depth[rows, columns]
    points = np.linalg.inv(matrix) @ np.stack((columns, rows, np.ones_like(rows))).astype(float)
    # A point of the image that the view has behind it has a negative third coordinate.
    ahead = points[2] > 0
    x, y = np.rint(points[:2, ahead] / points[2, ahead]).astype(int)
    inside = (x >= 0) & (x < size[0]) & (y >= 0) & (y < size[1])
    x, y, values = x[inside], y[inside], values[ahead][inside]
    farthest_first = np.argsort(-values, kind='stable')
    result = np.zeros(size[::-1], np.float32)
    result[y[farthest_first], x[farthest_first]] = values[farthest_first]  # the last one stays
    return result
