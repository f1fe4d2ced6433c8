"""The .ini of camera_calibration_parsers, which Videre's cameras began with.

Keys and numbers have lines of their own:

    [image]

    width
    640

    height
    480

    [name of the camera]

    camera matrix
    600 0 320
    0 600 240
    0 0 1

and so on with distortion, rectification (3 x 3) and projection (3 x 4).
"""

from __future__ import annotations

import re

from monodepth_ros.camera.files.values import assumed_model, bad_value, Fields, numbers
from monodepth_ros.errors import shown


def _lines(text):
    stripped = (line.strip() for line in text.splitlines())
    return [line for line in stripped if line and line[0] not in '#;']


def is_ini(text: str) -> bool:
    """Return whether a text begins with the header of a section, or has that of the image."""
    lines = _lines(text)
    return bool(lines) and (
        '[image]' in lines or re.fullmatch(r'\[[^],]+\]', lines[0]) is not None
    )


def parse(text: str) -> Fields:
    """Return the fields that are there.

    Raises:
        BadValueError: a key is missing, or has too few or other numbers.

    """
    lines = _lines(text)
    width, height = (_rows(lines, key, 1, 1)[0] for key in ('width', 'height'))
    if min(width, height) < 1 or width % 1 or height % 1:
        raise bad_value(f'width and height are {width:g} and {height:g}, expected whole pixels')
    d = _rows(lines, 'distortion', 1, None)
    return Fields(
        (int(width), int(height)),
        _rows(lines, 'camera matrix', 3, 3),
        d,
        assumed_model(d)[0],
        _rows(lines, 'rectification', 3, 3),
        _rows(lines, 'projection', 3, 4),
    )


def _rows(lines, key, rows, columns):
    """Return the numbers in the lines after a key."""
    if key not in lines:
        raise bad_value(f'the key {key!r} of an .ini file is missing')
    start = lines.index(key) + 1
    end = start + rows
    found = [line.split() for line in lines[start:end]]
    if len(found) < rows or (columns and any(len(row) != columns for row in found)):
        raise bad_value(
            f'{key!r} has {shown(found)}, expected {rows} lines of {columns or "some"} numbers'
        )
    return numbers(key, [value for row in found for value in row])
