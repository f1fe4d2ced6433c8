"""Calibration files."""

from monodepth_ros.camera.files.ros_yaml import load_calibration

__all__ = ['load_calibration']
