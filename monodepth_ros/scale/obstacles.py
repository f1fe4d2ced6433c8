"""What stands on the floor, as few points: those that rise over it by more than depth errs."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Optional, Sequence

from monodepth_ros.camera import PinholeCamera
from monodepth_ros.masks import is_of
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

BITS = 15
"""Of a cube's place along each axis: cubes 2 ** 15 apart, 327 m of the smallest, are taken
for one."""


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
    camera = camera.every(stride)
    # A floor's label asks for more.
    margin = is_of(label, floor_classes).astype(np.float32)
    margin *= np.float32(options.margin * (FLOOR_DOUBT - 1))
    margin += np.float32(options.margin)
    margin *= error
    # Infinity at the horizon is no number, and no obstacle.
    with np.errstate(invalid='ignore'):
        heights = depth * plane.climb(camera)
        margin *= np.abs(heights)
        x, y = depth * camera.rays()[..., 0], depth * camera.rays()[..., 1]
        cubes = _cubes((x, y, depth), options.voxel)
    heights += np.float32(plane.height)
    stands = heights > np.maximum(margin, np.float32(options.min_height), out=margin)
    stands &= heights < options.max_height
    stands &= depth < options.max_range
    chosen = _thinned(cubes, stands, options.min_points)
    found = np.empty(chosen.size, OBSTACLE_DTYPE)
    for name, values in zip(OBSTACLE_DTYPE.names, (x, y, depth, heights, label, error)):
        found[name] = values.ravel()[chosen]
    return found


def _cubes(points, voxel):
    """Return a number of at most 3 * `BITS` bits of the cube that each point is in, int64.

    Args:
        points: x, y and z, (H, W) float32 metres; what is not finite is in any cube.
        voxel: metres.

    """
    scale, mask = np.float32(1 / voxel), (1 << BITS) - 1
    x, y, z = (np.floor(axis * scale).astype(np.int32) & mask for axis in points)
    y <<= BITS
    y |= z
    cubes = x.astype(np.int64)
    cubes <<= 2 * BITS
    cubes |= y
    return cubes


def _thinned(cubes, stands, min_points):
    """Return the places of the middle pixel in each cube that has enough of them, in order.

    Args:
        cubes: (H, W) int64, the cube of each pixel.
        stands: (H, W) bool, the pixels that count.
        min_points: least number in a cube.

    """
    places = np.flatnonzero(stands)
    # Places in the same number as cubes: sorting values is many times as fast as argsort.
    bits = cubes.size.bit_length()
    cubes = cubes.ravel()[places]
    cubes <<= bits
    cubes |= places
    cubes.sort()
    places = cubes & ((1 << bits) - 1)
    cubes >>= bits
    starts = np.flatnonzero(np.concatenate([[True], cubes[1:] != cubes[:-1]])[: cubes.size])
    counts = np.diff(starts, append=cubes.size)
    enough = counts >= min_points
    return np.sort(places[starts[enough] + counts[enough] // 2])
