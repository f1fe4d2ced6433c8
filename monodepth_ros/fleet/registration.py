"""Distances that another sensor has measured, seen through the camera of the image."""

from __future__ import annotations

from functools import lru_cache
import math

import cv2
from monodepth_ros.camera import CameraModel, PinholeCamera
import numpy as np

SAME_SURFACE = 1.05
"""Ratio of two distances in one pixel, up to which they are of one surface."""
FLAT = 1.1
"""Ratio of neighbouring distances of a depth image, up to which they are of one surface."""
SPARSEST = 1.5
"""Pixels of the image, per axis, that a pixel of the depth image may have."""
FOOTPRINT = 1.2
"""Of the distance between neighbouring places of the depth image, what each of them covers."""
HIDDEN = 1.15
"""Ratio to the nearest distance around, from which a point of a lidar counts as hidden."""
AROUND = 0.015
"""Of the image's width: how far around a point a nearer one hides it."""

FARTHEST = np.float32(1e6)
"""Metres, in place of no depth where the nearest counts."""


def depth_step(source: CameraModel, target: PinholeCamera) -> int:
    """
    Return every which row and column of the image gets a depth.

    That is 1 where the depth image is fine enough, and else the next whole number that divides
    both sides of the image: what was not measured is not made up.

    Args:
        source: camera of the depth image.
        target: grid of the image.

    """
    ratio = max(target.fx / source.rectified.fx, target.fy / source.rectified.fy) / SPARSEST
    common = math.gcd(target.width, target.height)
    return next((step for step in range(1, common + 1) if common % step == 0 and step >= ratio), 1)


def register(
    depth: np.ndarray, source: CameraModel, target: PinholeCamera, transform: np.ndarray
) -> np.ndarray:
    """
    Return a depth image as another camera sees it, the nearest surface of each pixel.

    Args:
        depth: (h, w) float32 metres along the axis of `source`, 0 where unknown.
        source: its camera.
        target: grid of the image.
        transform: (4, 4), from the frame of `source` to the rectified frame of the image.

    Returns:
        (H / r, W / r) float32 metres along the axis of `target`, 0 where nothing was measured or
        what was is hidden; r is `depth_step`.

    """
    step = depth_step(source, target)
    rays, finer = _rays(source), _finer(depth)
    known = finer > 0
    z = finer[known].astype(np.float64)
    points = np.stack((rays[0][known] * z, rays[1][known] * z, z), axis=1)
    reach = FOOTPRINT / 4 * target.fx / source.rectified.fx / step
    return _nearest_surfaces(_moved(points, transform), target, step, reach)


def project(
    points: np.ndarray, target: PinholeCamera, transform: np.ndarray, parallax: bool
) -> np.ndarray:
    """
    Return the points of a lidar as sparse depth of an image.

    Args:
        points: (N, 3) metres.
        target: grid of the image.
        transform: (4, 4), from the frame of the points to the rectified frame of the image.
        parallax: leave out what a nearer point around it hides from the camera.

    Returns:
        (H, W) float32 metres along the axis, 0 where there is no point.

    """
    depth = _nearest_surfaces(_moved(points, transform), target, 1, 0.5)
    return _without_hidden(depth) if parallax else depth


def _moved(points, transform):
    return points @ transform[:3, :3].T + transform[:3, 3]


def _nearest_surfaces(points, target, step, reach):
    """
    Return (H / step, W / step) float32 metres: for each pixel the nearest surface in its centre.

    A point is seen in places up to `reach` pixels from it, in both directions. Where none reaches
    the centre, the nearest surface anywhere in the pixel counts: always to take that one would
    make all that is near half a pixel larger.
    """
    width, height = target.width // step, target.height // step
    points = points[points[:, 2] > 1e-3]
    x, y, z = points.T
    u, v = (x / z * target.fx + target.cx) / step, (y / z * target.fy + target.cy) / step
    column, row = np.rint(u), np.rint(v)
    inside = (column >= 0) & (column < width) & (row >= 0) & (row < height)
    central = (np.maximum(np.abs(u - column), np.abs(v - row)) <= reach)[inside]
    place = (row[inside] * width + column[inside]).astype(np.intp)
    z = z[inside]
    nearest = _least(z[central], place[central], width * height)
    anywhere = _least(z, place, width * height)
    nearest = np.where(np.isfinite(nearest), nearest, anywhere)[place]
    near = (z <= SAME_SURFACE * nearest) & (z >= nearest / SAME_SURFACE)
    # The reciprocal of depth is what is linear across a plane.
    total = np.bincount(place[near], 1 / z[near], anywhere.size)
    count = np.bincount(place[near], minlength=anywhere.size)
    depth = np.divide(count, total, out=np.zeros(anywhere.size), where=count > 0)
    return depth.reshape(height, width).astype(np.float32)


def _least(z, place, size):
    """Return (size,) the least z of each place, inf where there is none."""
    least = np.full(size, np.inf)
    farthest_first = np.argsort(-z, kind='stable')
    least[place[farthest_first]] = z[farthest_first]  # the last of several stays
    return least


def _without_hidden(depth):
    side = 2 * max(1, round(AROUND * depth.shape[1])) + 1
    filled = np.where(depth > 0, depth, FARTHEST)
    nearest = np.minimum(cv2.erode(filled, np.ones((side, side), np.uint8)), FARTHEST)
    return np.where(depth <= HIDDEN * nearest, depth, np.float32(0))


@lru_cache(maxsize=4)
def _rays(camera: CameraModel) -> np.ndarray:
    """Return x / z and y / z of four places in each pixel of a raw image, (2, 2 h, 2 w)."""
    u = (np.arange(2 * camera.width) + 0.5) / 2 - 0.5
    v = (np.arange(2 * camera.height) + 0.5) / 2 - 0.5
    places = np.stack(np.meshgrid(u, v), axis=-1).reshape(-1, 1, 2)
    matrix = np.reshape(camera.matrix, (3, 3))
    if not camera.distortion:
        k = camera.matrix
        rays = (places - (k[2], k[5])) / (k[0], k[4])
    elif camera.model == 'equidistant':
        rays = cv2.fisheye.undistortPoints(places, matrix, np.array(camera.distortion))
    else:
        rays = cv2.undistortPoints(places, matrix, np.array(camera.distortion))
    rays = rays.reshape(2 * camera.height, 2 * camera.width, 2).transpose(2, 0, 1)
    rays.flags.writeable = False
    return rays


def _finer(depth):
    """
    Return (2 h, 2 w) metres: between neighbours of one surface as on a plane, else their pixel's.

    Of a surface seen from a little aside no gap opens then that what is behind would show through.
    """
    height, width = depth.shape
    own = np.repeat(np.repeat(depth, 2, axis=0), 2, axis=1)
    inverse = np.divide(1, depth, out=np.zeros_like(depth), where=depth > 0)
    # Half-pixel centres, so a new pixel lies a quarter of a pixel from its old one's centre.
    smooth = cv2.resize(inverse, (2 * width, 2 * height), interpolation=cv2.INTER_LINEAR)
    window = np.ones((3, 3), np.uint8)
    flat = (cv2.erode(depth, window) > 0) & (
        cv2.dilate(depth, window) <= FLAT * cv2.erode(depth, window)
    )
    flat = np.repeat(np.repeat(flat, 2, axis=0), 2, axis=1)
    return np.where(flat, 1 / np.where(flat, smooth, 1), own).astype(np.float32)
