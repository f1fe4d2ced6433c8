"""A flat floor: where the network means the floor, it is where the robot knows it to be."""

from __future__ import annotations

from typing import Sequence

import cv2
from monodepth_ros.camera import PinholeCamera
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


def is_of(label: np.ndarray, classes: Sequence[int]) -> np.ndarray:
    """Return where a label, (H, W) uint8, is one of some classes, (H, W) bool."""
    table = np.zeros(256, np.uint8)
    table[list(classes)] = 1
    # Several times as fast as table[label].
    return cv2.LUT(label, table).view(bool)


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
    part = slice(None, None, step), slice(None, None, step)
    climb = plane.climb(camera)
    # Infinity at the horizon is no number, and no floor.
    with np.errstate(invalid='ignore'):
        heights = depth[part] * climb[part]
    heights += np.float32(plane.height)
    # A depth that is off by a share of itself lifts the floor by that share of the height.
    limit = error[part] * np.float32(TOLERANCE * plane.height)
    np.minimum(limit, np.float32(LARGEST_ERROR * plane.height), out=limit)
    floor = is_of(np.ascontiguousarray(label[part]), classes) & (np.abs(heights) <= limit)
    floor &= ~_rises(heights, floor, plane.height)
    if step > 1:
        # Each pixel as the one above and to the left that was looked at.
        size = floor.shape[1] * step, floor.shape[0] * step
        floor = cv2.resize(floor.view(np.uint8), size, interpolation=cv2.INTER_NEAREST)
        floor = floor[: depth.shape[0], : depth.shape[1]].view(bool) & (climb < 0)
    # OpenCV's masks are several times as fast as NumPy's.
    cv2.copyTo(plane.depth(camera), floor.view(np.uint8), depth)
    return floor


def _rises(heights, floor, camera_height):
    """Return where a pixel is higher than the mean of the floor around it, (H, W) bool."""
    part = np.ascontiguousarray(floor[::THINNED, ::THINNED]).view(np.uint8)
    sums = cv2.copyTo(heights[::THINNED, ::THINNED], part, np.zeros(part.shape, np.float32))
    width = 2 * round(NEIGHBOURHOOD / 2 / THINNED * heights.shape[1]) + 1
    count = cv2.blur(part.astype(np.float32), (width, width))
    mean = cv2.blur(sums, (width, width)) / np.maximum(count, np.float32(1e-6))
    mean = cv2.resize(mean, heights.shape[::-1], interpolation=cv2.INTER_LINEAR)
    mean += np.float32(max(BUMP * camera_height, LEAST_BUMP))
    return heights > mean
