"""Flying pixels: depth that hangs in the air between two surfaces, because a network smooths."""

from __future__ import annotations

import math

import numpy as np


def flying_pixels(depth: np.ndarray, fx: float, fy: float, min_angle: float) -> np.ndarray:
    """Return where depth forms a veil between a near surface and a far one.

    Along a row, a surface that makes the angle g with the line of sight changes its depth from
    one pixel to the next by the share 1 / (fx tan g), near the optical axis; likewise along a
    column with fy. A pixel is flying where depth rises, or falls, more steeply than `min_angle`
    allows on both sides of it. The last pixel of either surface has one gentle side and stays,
    and so does an object as thin as one pixel.

    A real surface that is seen at less than `min_angle` looks the same, such as the floor farther
    away than the camera's height / tan(`min_angle`).

    Args:
        depth: (H, W) float32 metres; NaN and -Inf are neither steep nor flying.
        fx: horizontal focal length in pixels of this grid.
        fy: vertical focal length in pixels of this grid.
        min_angle: smallest angle between line of sight and surface in degrees, above 0 and below
            90.

    Returns:
        (H, W) bool.

    Raises:
        ValueError: the angle is outside its range.

    """
    if not 0 < min_angle < 90:
        raise ValueError(f'min_angle is {min_angle} degrees, expected above 0 and below 90')
    flying = np.zeros(depth.shape, bool)
    slope = math.tan(math.radians(min_angle))
    # The transposed views make columns of rows.
    for values, marks, focal_length in ((depth, flying, fx), (depth.T, flying.T, fy)):
        limit = values * np.float32(1 + 1 / (focal_length * slope))
        limit[np.isneginf(limit)] = np.nan
        rises = values[:, 1:] > limit[:, :-1]
        falls = values[:, :-1] > limit[:, 1:]
        for steep in (rises, falls):
            marks[:, 1:-1] |= steep[:, 1:] & steep[:, :-1]
    return flying
