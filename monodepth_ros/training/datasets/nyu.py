"""Facts of NYU Depth v2 (Silberman et al., ECCV 2012), from its page and toolbox."""

from __future__ import annotations

from monodepth_ros.camera import CameraModel

WIDTH, HEIGHT = 640, 480
CAMERA = CameraModel.from_intrinsics(
    WIDTH,
    HEIGHT,
    k=(518.86, 0.0, 325.58, 0.0, 519.47, 253.74, 0.0, 0.0, 1.0),
    d=(),
    model='none',
)
"""The colour camera of the undistorted images (toolbox, camera_params.m)."""
MAX_DEPTH = 10.0
"""Metres; the sensor's range in the labelled set."""
CROP = (slice(45, 471), slice(41, 601))
"""Rows and columns that are evaluated (Eigen et al., NIPS 2014): where the depth camera sees."""
CLASSES = (
    'bed',
    'books',
    'ceiling',
    'chair',
    'floor',
    'furniture',
    'objects',
    'picture',
    'sofa',
    'table',
    'tv',
    'wall',
    'window',
)
"""The 13 classes of Couprie et al., ICLR 2013."""
COLORS = (
    (214, 39, 40),
    (140, 86, 75),
    (240, 228, 180),
    (255, 127, 14),
    (121, 184, 105),
    (148, 103, 189),
    (23, 190, 207),
    (227, 119, 194),
    (188, 20, 110),
    (255, 221, 87),
    (40, 60, 110),
    (170, 178, 189),
    (88, 164, 238),
)
