"""A flat floor: where the network means the floor, it is where the robot knows it to be."""

from __future__ import annotations

from typing import Sequence

import cv2
from monodepth_ros.camera import PinholeCamera
from monodepth_ros.masks import enlarged, is_of
from monodepth_ros.scale.plane import GroundPlane
import numpy as np

TOLERANCE = 2.0
"""Expected relative errors by which the floor's pixels may be off the plane."""

LARGEST_ERROR = 0.9
"""Relative error from which on nothing can be told: the point may be as high as the camera."""

BUMP, LEAST_BUMP = 0.06, 0.03
"""Share of the camera's height, and metres, by which a pixel has to rise over the floor around it
to be no floor, whatever its label: a network tilts a floor, but does so smoothly."""

NEIGHBOURHOOD, THINNED = 1 / 8, 2
"""Share of the image's width around a pixel that is the floor around it, and the stride at which
it is averaged."""

FINEST = 300
"""Pixels of the longer side that are looked at, at least: networks see no finer. The others are as
their neighbours."""


def snap_floor(
    depth: np.ndarray,
    label: np.ndarray,
    error: np.ndarray,
    classes: Sequence[int],
    plane: GroundPlane,
    camera: PinholeCamera,
) -> np.ndarray:
    """Give the floor's pixels the depth of the known plane.

    They are those with the floor's label whose depth is that of the plane within `TOLERANCE`
    expected errors, and which do not rise over the floor around them as an obstacle does that the
    network takes for floor.

    Args:
        depth: (H, W) float32 metres, changed in place.
        label: (H, W) uint8 class index.
        error: (H, W) float32, the expected relative error of the depth.
        classes: indices of the floor's classes.
        plane: the floor in the optical frame.
        camera: the grid of the maps.

    Returns:
        (H, W) bool, the pixels that have got the plane's depth.

    """
    step = max(1, max(depth.shape) // FINEST)
    label = np.ascontiguousarray(label[::step, ::step])
    floor = is_of(label, classes)
    snapped = np.zeros(depth.shape, bool)
    top = _first_row(floor)
    if top is None:
        return snapped
    rows, below = slice(top, None), slice(top * step, None)
    floor = floor[rows]
    floor &= _is_flat(
        depth[below][::step, ::step],
        error[below][::step, ::step],
        plane.climb(camera.every(step))[rows],
        plane.height,
        floor,
    )
    changed = snapped[below]
    np.logical_and(enlarged(floor, step, changed.shape), plane.is_below(camera)[below], changed)
    # OpenCV's masks are several times as fast as NumPy's.
    cv2.copyTo(plane.depth(camera)[below], changed.view(np.uint8), depth[below])
    return snapped


def _first_row(floor):
    """Return the row from which on means see a floor; None where there is none."""
    rows = np.flatnonzero(floor.any(axis=1))
    return max(0, int(rows[0]) - _width(floor) // 2) // THINNED * THINNED if rows.size else None


def _width(floor):
    """Return the pixels of the square around one in which the floor is that around it."""
    return THINNED * (2 * round(NEIGHBOURHOOD / 2 / THINNED * floor.shape[1]) + 1)


def _is_flat(depth, error, climb, height, floor):
    """Return where the floor's pixels are on the plane as far as can be told, (h, w) bool."""
    # Infinity at the horizon is no number, and no floor.
    with np.errstate(invalid='ignore'):
        heights = depth * climb
    heights += np.float32(height)
    # A depth that is off by a share of itself lifts the floor by that share of the height.
    limit = error * np.float32(TOLERANCE * height)
    np.minimum(limit, np.float32(LARGEST_ERROR * height), out=limit)
    floor = floor & (np.abs(heights) <= limit)
    return floor & ~_rises(heights, floor, height)


def _rises(heights, floor, camera_height):
    """Return where a pixel is higher than the mean of the floor around it, (H, W) bool."""
    part = np.ascontiguousarray(floor[::THINNED, ::THINNED]).view(np.uint8)
    sums = cv2.copyTo(heights[::THINNED, ::THINNED], part, np.zeros(part.shape, np.float32))
    width = _width(heights) // THINNED
    count = cv2.blur(part.astype(np.float32), (width, width))
    mean = cv2.blur(sums, (width, width)) / np.maximum(count, np.float32(1e-6))
    mean = cv2.resize(mean, heights.shape[::-1], interpolation=cv2.INTER_LINEAR)
    mean += np.float32(max(BUMP * camera_height, LEAST_BUMP))
    return heights > mean
