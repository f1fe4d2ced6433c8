"""What stands on the floor, as few points: those that rise over it by more than depth errs."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Optional, Sequence

import cv2
from monodepth_ros.camera import PinholeCamera
from monodepth_ros.scale.plane import GroundPlane
import numpy as np

OBSTACLE_DTYPE = np.dtype(
    [
        ('x', '<f4'),
        ('y', '<f4'),
        ('z', '<f4'),
        ('height', '<f4'),
        ('label', '<u4'),
        ('error', '<f4'),
    ]
)
"""Metres in the optical frame, metres over the floor, class index, relative error of the depth."""

LEAST_SIDE = 200
"""Pixels of the longer side that are looked at, at least: of a larger image every n-th row and
column, so that 640 x 480 is looked at as 214 x 160, and 320 x 240 as it is."""

FLOOR_DOUBT = 2.0
"""Times the margin that a pixel with the floor's label needs to be an obstacle."""


@dataclass(frozen=True)
class ObstacleOptions:
    """What is an obstacle.

    Attributes:
        min_height: metres over the floor from which on a point counts.
        max_height: metres over the floor up to which it counts.
        max_range: metres of depth up to which it counts.
        margin: expected errors of its own height by which a point has to be over the floor.
        voxel: metres, edge of the cubes of which each gives one point.
        min_points: looked-at pixels that a cube has to hold; fewer are speckle.

    """

    min_height: float = 0.05
    max_height: float = 2.0
    max_range: float = 5.0
    margin: float = 0.5
    voxel: float = 0.05
    min_points: int = 2


def find_obstacles(
    depth: np.ndarray,
    label: np.ndarray,
    error: np.ndarray,
    plane: GroundPlane,
    camera: PinholeCamera,
    floor_classes: Sequence[int] = (),
    options: Optional[ObstacleOptions] = None,
) -> np.ndarray:
    """Return the points that stand on the floor, or hang over it.

    A depth that is off by the share e moves a point along its ray, and so its height by e times
    the height between it and the camera: a point counts that is higher than `margin` times that.

    Args:
        depth: (H, W) float32 metres along the optical axis.
        label: (H, W) uint8 class index.
        error: (H, W) float32, the expected relative error of the depth.
        plane: the floor in the optical frame.
        camera: the grid of the maps.
        floor_classes: indices of the floor's classes, which need `FLOOR_DOUBT` times the margin.
        options: what is an obstacle.

    Returns:
        (n,) `OBSTACLE_DTYPE`: of each cube the pixel in the middle of its own, in image order.

    """
    options = options or ObstacleOptions()
    stride = max(1, max(depth.shape) // LEAST_SIDE)
    depth, label, error = (
        np.ascontiguousarray(m[::stride, ::stride]) for m in (depth, label, error)
    )
    # By class, a floor's label asking for more.
    margins = np.full(256, options.margin, np.float32)
    margins[list(floor_classes)] *= FLOOR_DOUBT
    margin = cv2.LUT(label, margins)
    margin *= error
    # Infinity at the horizon is no number, and no obstacle.
    with np.errstate(invalid='ignore'):
        heights = depth * plane.climb(camera)[::stride, ::stride]
        margin *= np.abs(heights)
    heights += np.float32(plane.height)
    stands = heights > np.maximum(margin, np.float32(options.min_height), out=margin)
    stands &= heights < options.max_height
    stands &= depth < options.max_range
    pixels = np.flatnonzero(stands)
    xyz = _points(depth.ravel()[pixels], pixels, depth.shape[1], stride, camera)
    chosen = _thinned(xyz, options.voxel, options.min_points)
    found = np.empty(chosen.size, OBSTACLE_DTYPE)
    found['x'], found['y'], found['z'] = xyz[:, chosen]
    at = pixels[chosen]
    for name, values in (('height', heights), ('label', label), ('error', error)):
        found[name] = values.ravel()[at]
    return found


def _points(z, pixels, width, stride, camera):
    """Return the points of pixels of every `stride`-th row and column, (3, n) float32 metres."""
    pixels = pixels.astype(np.int32)
    rows = pixels // np.int32(width)
    xyz = np.empty((3, z.size), np.float32)
    xyz[0] = pixels - rows * np.int32(width)
    xyz[1] = rows
    for axis, f, c in ((xyz[0], camera.fx, camera.cx), (xyz[1], camera.fy, camera.cy)):
        axis *= np.float32(stride / f)
        axis -= np.float32(c / f)
        axis *= z
    xyz[2] = z
    return xyz


def _thinned(xyz, voxel, min_points):
    """Return the middle one of the points in each cube that has enough of them, in order.

    Args:
        xyz: (3, n) float32 metres.
        voxel: metres.
        min_points: least number in a cube.

    """
    if not xyz.size:
        return np.empty(0, np.intp)
    cells = xyz * np.float32(1 / voxel)
    cells -= np.floor(cells.min(axis=1, keepdims=True))
    cells = cells.astype(np.int32)
    _, high, deep = (int(size) + 1 for size in cells.max(axis=1))
    keys = cells[0].astype(np.int64)
    for axis, size in ((cells[1], high), (cells[2], deep)):
        keys *= size
        keys += axis
    # Places in the same number as keys: sorting values is many times as fast as argsort.
    bits = keys.size.bit_length()
    keys = np.sort(keys << bits | np.arange(keys.size))
    order, keys = keys & ((1 << bits) - 1), keys >> bits
    starts = np.flatnonzero(np.concatenate([[True], keys[1:] != keys[:-1]]))
    counts = np.diff(np.append(starts, keys.size))
    enough = counts >= min_points
    return np.sort(order[starts[enough] + counts[enough] // 2])
