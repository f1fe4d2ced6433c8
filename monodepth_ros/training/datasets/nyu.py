"""Facts of NYU Depth v2 (Silberman et al., ECCV 2012), from its page and toolbox."""

from __future__ import annotations

from monodepth_ros.camera import CameraModel
from monodepth_ros.training.datasets.base import DatasetFacts
from monodepth_ros.training.datasets.palette import palette
import numpy as np

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
LICENSE = (
    'NYU Depth v2 (Silberman, Hoiem, Kohli and Fergus, ECCV 2012): its page states no licence; '
    'for research, with citation'
)
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
CLASSES_40_IN_13 = {
    'wall': 'wall',
    'floor': 'floor',
    'cabinet': 'furniture',
    'bed': 'bed',
    'chair': 'chair',
    'sofa': 'sofa',
    'table': 'table',
    'door': 'wall',
    'window': 'window',
    'bookshelf': 'furniture',
    'picture': 'picture',
    'counter': 'furniture',
    'blinds': 'window',
    'desk': 'table',
    'shelves': 'furniture',
    'curtain': 'window',
    'dresser': 'furniture',
    'pillow': 'objects',
    'mirror': 'objects',
    'floor mat': 'floor',
    'clothes': 'objects',
    'ceiling': 'ceiling',
    'books': 'books',
    'refrigerator': 'furniture',
    'television': 'tv',
    'paper': 'objects',
    'towel': 'objects',
    'shower curtain': 'objects',
    'box': 'objects',
    'whiteboard': 'objects',
    'person': 'objects',
    'night stand': 'furniture',
    'toilet': 'objects',
    'sink': 'objects',
    'lamp': 'objects',
    'bathtub': 'objects',
    'bag': 'objects',
    'otherstructure': 'objects',
    'otherfurniture': 'furniture',
    'otherprop': 'objects',
}
"""The 40 classes of Gupta et al., CVPR 2013, and where each is among the 13."""
CLASSES_40 = tuple(CLASSES_40_IN_13)
INDEX_40_TO_13 = np.array([CLASSES.index(name) for name in CLASSES_40_IN_13.values()], np.uint8)

FACTS = DatasetFacts(CLASSES, COLORS, CAMERA, MAX_DEPTH, CROP, LICENSE)
"""With the 13 classes."""
FACTS_40 = DatasetFacts(CLASSES_40, palette(40), CAMERA, MAX_DEPTH, CROP, LICENSE)
