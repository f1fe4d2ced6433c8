"""Camera intrinsics: pinhole grids, ROS calibrations, rectification maps.

Pixel centres lie at integer coordinates (OpenCV and ROS), so the left edge of an image is at
x = -0.5, and an image scaled by s moves a point from x to (x + 0.5) s - 0.5.
"""

from monodepth_ros.camera.checks import FOCAL_LENGTHS, HOW_TO_CALIBRATE, IDENTITY, STRETCH
from monodepth_ros.camera.files import load_calibration
from monodepth_ros.camera.grid import PinholeCamera
from monodepth_ros.camera.lenses import DISTORTION_COUNTS
from monodepth_ros.camera.model import CameraModel
from monodepth_ros.camera.rectification import OUTSIDE, rectification_maps

__all__ = [
    'CameraModel',
    'DISTORTION_COUNTS',
    'FOCAL_LENGTHS',
    'HOW_TO_CALIBRATE',
    'IDENTITY',
    'OUTSIDE',
    'PinholeCamera',
    'STRETCH',
    'load_calibration',
    'rectification_maps',
]
