"""The YAML of camera_calibration and camera_info_manager."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Union

from monodepth_ros.camera.checks import HOW_TO_CALIBRATE, IDENTITY
from monodepth_ros.camera.model import CameraModel
from monodepth_ros.errors import CalibrationError, shown
from monodepth_ros.yaml_file import read_yaml


def load_calibration(path: Union[str, Path]) -> CameraModel:
    """Read a calibration YAML as written by camera_calibration.

    rectification_matrix and projection_matrix may be absent: identity and K.

    Raises:
        CalibrationError: 'bad_file' where the file cannot be read or a key is missing or of the
            wrong shape, or what `CameraModel.from_intrinsics` says about the values. The message
            names the file.

    """
    values = _read_yaml(path)
    k = _matrix(path, values, 'camera_matrix', 3, 3)
    d = _matrix(path, values, 'distortion_coefficients', 1, None)
    r, p = IDENTITY, None
    if 'rectification_matrix' in values:
        r = _matrix(path, values, 'rectification_matrix', 3, 3)
    if 'projection_matrix' in values:
        p = _matrix(path, values, 'projection_matrix', 3, 4)
    model = _key(path, values, 'distortion_model')
    if not isinstance(model, str):
        raise _bad_file(path, f'distortion_model is {shown(model)}, expected a name')
    size = [_pixels(path, values, key) for key in ('image_width', 'image_height')]
    try:
        return CameraModel.from_intrinsics(*size, k, d, model, r, p)
    except CalibrationError as error:
        raise CalibrationError(error.reason, f'calibration file {path}: {error}') from None


def _bad_file(path, problem):
    return CalibrationError(
        'bad_file', f'calibration file {path}: {problem}; {HOW_TO_CALIBRATE} that it wrote'
    )


def _read_yaml(path):
    if Path(path).exists() and not Path(path).is_file():
        raise _bad_file(path, 'cannot be read (not a file)')
    try:
        values = read_yaml(Path(path))
    except OSError as error:
        raise _bad_file(path, f'cannot be read ({error.strerror})') from None
    except ValueError as error:
        raise _bad_file(path, f'is not YAML ({error})') from None
    if not isinstance(values, dict):
        raise _bad_file(path, f'holds a {type(values).__name__}, expected keys with values')
    return values


def _key(path, values, key):
    if key not in values:
        raise _bad_file(path, f'the key {key} is missing')
    return values[key]


def _pixels(path, values, key):
    value = _key(path, values, key)
    if not isinstance(value, int) or isinstance(value, bool) or value < 1:
        raise _bad_file(
            path, f'{key} is {shown(value)}, expected a positive whole number of pixels'
        )
    return value


def _matrix(path, values, key, rows, columns):
    """Return the numbers of a {rows, cols, data} entry; `columns` None takes any length."""
    entry = _key(path, values, key)
    data = entry.get('data') if isinstance(entry, dict) else None
    if not isinstance(data, list):
        raise _bad_file(path, f'{key} is {shown(entry)}, expected rows, cols and a list data')
    shape = (rows, len(data) if columns is None else columns)
    declared = (entry.get('rows', shape[0]), entry.get('cols', shape[1]))
    if declared != shape or len(data) != shape[0] * shape[1]:
        raise _bad_file(
            path,
            f'{key} has rows and cols {shown(declared)} and {len(data)} numbers, expected '
            f'{shape[0]} x {shape[1]}',
        )
    return [_number(path, key, value) for value in data]


def _number(path, key, value):
    # YAML 1.1 reads 1e-05, which has no dot, as a string.
    try:
        number = math.nan if isinstance(value, bool) else float(value)
    except (TypeError, ValueError, OverflowError):
        number = math.nan
    if not math.isfinite(number):
        raise _bad_file(path, f'{key} holds {shown(value)}, expected finite numbers')
    return number
