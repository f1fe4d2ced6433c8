"""Calibration files: one reader a format, and which of them a file is for."""

from __future__ import annotations

from pathlib import Path
from typing import Union

from monodepth_ros.camera.files import ini, kalibr, opencv, ros_yaml, vins
from monodepth_ros.camera.files.values import bad_value, BadValueError, Fields
from monodepth_ros.camera.model import CameraModel
from monodepth_ros.errors import CalibrationError
from monodepth_ros.yaml_file import parse_yaml, read_short_text

__all__ = ['load_calibration']


def load_calibration(path: Union[str, Path]) -> CameraModel:
    """Read a calibration, in whichever format of those that ROS packages use it is.

    The YAML of camera_calibration, its .ini, OpenCV's FileStorage in YAML, Kalibr's camchain, and
    the YAML of VINS (camodocal). What is not said of R and P is identity and K.

    Raises:
        CalibrationError: 'bad_file' where the file cannot be read or a key is missing or of the
            wrong shape, or what `CameraModel.from_intrinsics` says about the values. The message
            names the file.

    """
    try:
        fields = _parse(_read(Path(path)))
        return fields.camera()
    except BadValueError as error:
        raise CalibrationError('bad_file', f'calibration file {path}: {error}') from None
    except CalibrationError as error:
        raise CalibrationError(error.reason, f'calibration file {path}: {error}') from None


def _read(path: Path) -> str:
    if path.exists() and not path.is_file():
        raise bad_value('cannot be read (not a file)')
    try:
        return read_short_text(path)
    except OSError as error:
        raise bad_value(f'cannot be read ({error.strerror})') from None
    # A decoder's reason has the whole file in it.
    except UnicodeDecodeError:
        raise bad_value('is not YAML (no UTF-8 text)') from None
    except ValueError as error:
        raise bad_value(f'is not YAML ({error})') from None


def _parse(text: str) -> Fields:
    if ini.is_ini(text):
        return ini.parse(text)
    is_storage = opencv.is_storage(text)
    try:
        values = parse_yaml(opencv.plain_yaml(text) if is_storage else text)
    except ValueError as error:
        raise bad_value(f'is not YAML ({error})') from None
    if not isinstance(values, dict):
        raise bad_value(f'holds a {type(values).__name__}, expected keys with values')
    if vins.is_vins(values):
        return vins.parse(values)
    if kalibr.is_camchain(values):
        return kalibr.parse(values)
    return opencv.parse(values) if is_storage else ros_yaml.parse(values)
