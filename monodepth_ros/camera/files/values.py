"""Values of calibration files, whatever the format: checked numbers, and one line on bad ones."""

from __future__ import annotations

from dataclasses import dataclass, replace
import math
from typing import Any, Mapping, Optional, Sequence

from monodepth_ros.camera.checks import HOW_TO_CALIBRATE, IDENTITY
from monodepth_ros.camera.model import CameraModel
from monodepth_ros.errors import MonodepthError, shown
from monodepth_ros.yaml_file import number


class BadValueError(MonodepthError):
    """A file does not hold what its format asks for."""


def bad_value(problem: str) -> BadValueError:
    """Return the error with the remedy that fits every file."""
    return BadValueError(f'{problem}; {HOW_TO_CALIBRATE} that it wrote')


@dataclass(frozen=True)
class Fields:
    """What a file says, in the terms of `CameraModel.from_intrinsics`.

    Attributes:
        size: width and height in pixels.
        k: K, 9 numbers.
        d: distortion coefficients.
        model: name of the distortion model.
        r: R, 9 numbers.
        p: P, 12 numbers, or None.
        binning: sensor columns and rows in a pixel; 0 means 1.
        roi: (x, y, width, height) in sensor pixels, or None.
        notes: what had to be guessed.

    """

    size: tuple[int, int]
    k: Sequence[float]
    d: Sequence[float]
    model: str
    r: Sequence[float] = IDENTITY
    p: Optional[Sequence[float]] = None
    binning: tuple[int, int] = (0, 0)
    roi: Optional[tuple[int, int, int, int]] = None
    notes: tuple[str, ...] = ()

    def camera(self) -> CameraModel:
        """Return the checked intrinsics; raise CalibrationError."""
        camera = CameraModel.from_intrinsics(
            *self.size, self.k, self.d, self.model, self.r, self.p, *self.binning, self.roi
        )
        return replace(camera, notes=(*self.notes, *camera.notes))


def entry(values: Mapping[str, Any], key: str) -> Any:
    """Return what a key has; raise BadValueError where it is not there."""
    if key not in values:
        raise bad_value(f'the key {key} is missing')
    return values[key]


def whole(values: Mapping[str, Any], key: str, least: int = 1) -> int:
    """Return a whole number, `least` or more."""
    value = entry(values, key)
    if not isinstance(value, int) or isinstance(value, bool) or value < least:
        expected = 'a positive whole number' if least else 'a whole number, 0 or more,'
        raise bad_value(f'{key} is {shown(value)}, expected {expected} of pixels')
    return value


def text(values: Mapping[str, Any], key: str) -> str:
    """Return a text."""
    value = entry(values, key)
    if not isinstance(value, str):
        raise bad_value(f'{key} is {shown(value)}, expected a name')
    return value


def numbers(key: str, data: Sequence[Any]) -> list[float]:
    """Return finite numbers of what a file has as numbers."""
    return [_number(key, value) for value in data]


def _number(key, value):
    found = number(value)
    if found is None or not math.isfinite(found):
        raise bad_value(f'{key} holds {shown(value)}, expected finite numbers')
    return found


def matrix(values: Mapping[str, Any], key: str, rows: int, columns: Optional[int]) -> list[float]:
    """Return the numbers of a {rows, cols, data} entry, row by row.

    As in camera_calibration_parsers, rows and cols say only how many numbers there are: files with
    5 x 1 for 1 x 5 and 4 x 3 for 3 x 4 are about, whose numbers are in the usual order.

    Args:
        values: keys of the file.
        key: the entry's.
        rows: rows that it should have.
        columns: columns that it should have; None takes any number.

    """
    value = entry(values, key)
    data = value.get('data') if isinstance(value, dict) else None
    if not isinstance(data, list):
        raise bad_value(f'{key} is {shown(value)}, expected rows, cols and a list data')
    shape = (rows, len(data) if columns is None else columns)
    declared = (value.get('rows', shape[0]), value.get('cols', shape[1]))
    if len(data) != shape[0] * shape[1] or not _holds(declared, len(data)):
        raise bad_value(
            f'{key} has rows and cols {shown(declared)} and {len(data)} numbers, expected '
            f'{shape[0]} x {shape[1]}'
        )
    return numbers(key, data)


def _holds(declared, count):
    sides = [side for side in declared if isinstance(side, int) and not isinstance(side, bool)]
    return len(sides) == 2 and min(sides) >= 0 and math.prod(sides) == count


def assumed_model(d: Sequence[float]) -> tuple[str, tuple[str, ...]]:
    """Return the model of a D without one, as camera_calibration_parsers has it, and notes."""
    model = 'rational_polynomial' if any(d[5:]) else 'plumb_bob'
    note = f'the calibration file names no distortion_model: {model} is taken'
    return model, (note,) if any(d) else ()
