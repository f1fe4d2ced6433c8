"""Kalibr's camchain, of one camera."""

from __future__ import annotations

from typing import Any, Mapping

from monodepth_ros.camera.files.values import bad_value, entry, Fields, numbers, text
from monodepth_ros.errors import shown


def is_camchain(values: Mapping[str, Any]) -> bool:
    """Return whether the keys are of a camchain, or of one of its cameras."""
    return 'cam0' in values or bool(_cameras(values)) or _is_camera(values)


def _is_camera(values):
    return isinstance(values, dict) and {'intrinsics', 'resolution'} <= set(values)


def _cameras(values):
    return {str(name): value for name, value in values.items() if _is_camera(value)}


def parse(values: Mapping[str, Any]) -> Fields:
    """Return the fields of the only camera.

    Raises:
        BadValueError: there are several, it is no pinhole, or a key is missing or wrong.

    """
    cameras = {'': values} if _is_camera(values) else _cameras(values)
    if len(cameras) != 1:
        raise bad_value(
            f'is a Kalibr camchain with {len(cameras)} whole cameras {sorted(cameras)}, expected '
            "one: copy this camera's part into a file of its own"
        )
    ((_, camera),) = cameras.items()
    kind = text(camera, 'camera_model')
    if kind != 'pinhole':
        raise bad_value(
            f'is a Kalibr camchain of camera_model {shown(kind)}, expected pinhole: calibrate '
            'with --models pinhole-radtan or pinhole-equi'
        )
    fx, fy, cx, cy = _list(camera, 'intrinsics', 4)
    width, height = _list(camera, 'resolution', 2)
    if min(width, height) < 1 or width % 1 or height % 1:
        raise bad_value(f'resolution is {width:g} x {height:g}, expected whole pixels')
    d = _list(camera, 'distortion_coeffs') if camera.get('distortion_coeffs') else []
    k = (fx, 0.0, cx, 0.0, fy, cy, 0.0, 0.0, 1.0)
    return Fields((int(width), int(height)), k, d, text(camera, 'distortion_model'))


def _list(camera, key, count=None):
    data = entry(camera, key)
    if not isinstance(data, list) or (count and len(data) != count):
        raise bad_value(f'{key} is {shown(data)}, expected a list of {count or "some"} numbers')
    return numbers(key, data)
