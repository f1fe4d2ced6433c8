"""Maps from the rectified grid to the raw image."""

from __future__ import annotations

import math

import cv2
from monodepth_ros.camera.grid import PinholeCamera
from monodepth_ros.camera.model import CameraModel
import numpy as np

OUTSIDE = -10000.0
"""Map coordinate of a pixel that no pixel of the raw image shows; fits OpenCV's int16 maps."""


def rectification_maps(
    camera: CameraModel, target: PinholeCamera
) -> tuple[np.ndarray, np.ndarray]:
    """Return the maps that take the raw image of `camera` to the grid `target` by cv2.remap.

    Returns:
        Column and row in the raw image for every pixel of `target`, each (H, W) float32; both
        `OUTSIDE` where the distortion model has no meaning: behind the camera, and beyond the
        radius from which the polynomial folds back into the image.

    """
    matrix, rotation = np.reshape(camera.matrix, (3, 3)), np.reshape(camera.rotation, (3, 3))
    size = (target.width, target.height)
    fisheye = camera.model == 'equidistant'
    init = cv2.fisheye.initUndistortRectifyMap if fisheye else cv2.initUndistortRectifyMap
    distortion = np.array(camera.distortion or (0.0,) * 4)
    maps = init(matrix, distortion, rotation, target.matrix(), size, cv2.CV_32FC1)
    outside = _without_meaning(camera, target)
    for coordinates in maps:
        coordinates[outside] = OUTSIDE
    return maps[0], maps[1]


def _without_meaning(camera, target):
    """Return (H, W) bool: pixels of `target` for which the distortion model cannot be used."""
    rays = target.rays()
    # R turns camera into rectified coordinates; its transpose goes back.
    rotation = np.reshape(camera.rotation, (3, 3)).astype(np.float32)
    x, y, z = np.moveaxis(rays @ rotation[:2] + rotation[2], -1, 0)
    if camera.model == 'equidistant':
        radius = np.arctan2(np.hypot(x, y), z)
    else:
        radius = np.hypot(x, y) / np.maximum(z, np.float32(1e-6))
    behind = z <= 0
    reach = float(radius[~behind].max(initial=0.0))
    return behind | (radius > _fold_radius(camera, reach))


def _fold_radius(camera, reach):
    """Return the radius up to which distorted radius grows with true radius, at most `reach`."""
    # Even steps in the angle, so that a ray near 90 degrees does not make them coarse.
    radius = np.tan(np.linspace(0.0, math.atan(reach), 4096))
    square = radius**2
    k = camera.distortion + (0.0,) * (14 - len(camera.distortion))
    if camera.model == 'equidistant':
        distorted = radius * np.polyval([*k[3::-1], 1.0], square)
    else:
        above = np.polyval([k[4], k[1], k[0], 1.0], square)
        below = np.polyval([k[7], k[6], k[5], 1.0], square)
        distorted = radius * above / np.where(below == 0, np.nan, below)
    falls = np.flatnonzero(~(np.diff(distorted) > 0))
    return radius[falls[0]] if falls.size else math.inf
