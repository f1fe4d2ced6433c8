"""Intrinsics of each image of a data set: intrinsics.csv, one line an image."""

from __future__ import annotations

from collections.abc import Iterable
import csv
from pathlib import Path
from typing import Optional

from monodepth_ros.camera import CameraModel
from monodepth_ros.errors import CalibrationError, DatasetError, shown
from monodepth_ros.yaml_file import decode_text

FILE = 'intrinsics.csv'
COLUMNS = ('id', 'width', 'height', 'fx', 'fy', 'cx', 'cy')
HEIGHT_COLUMN = 'camera_height_m'
"""Metres of the camera above the floor; a column that may be there."""


class Intrinsics:
    """Pinhole cameras by image id; the file is read at once, a line is understood when asked for.

    Args:
        path: the file; its first line names the columns, further ones than `COLUMNS` are ignored.
        ids: the images that must have a line.

    Raises:
        DatasetError: the file cannot be read, or lacks a column, or a line for one of the images.

    """

    def __init__(self, path: Path, ids: Iterable[str]):
        self._path = path
        self._rows = _read(path)
        missing = [name for name in ids if name not in self._rows]
        if missing:
            raise DatasetError(
                f'{path} has no line for image {missing[0]!r}'
                + (f' and {len(missing) - 1} more' if len(missing) > 1 else '')
                + '; add its intrinsics, or take it out of the list of images'
            )

    def camera(self, name: str) -> CameraModel:
        """Return the camera of an image; raise DatasetError where its line cannot be used."""
        row = self._rows[name]
        width, height = (self._number(name, key, whole=True) for key in ('width', 'height'))
        fx, fy, cx, cy = (self._number(name, key) for key in COLUMNS[3:])
        k = (fx, 0.0, cx, 0.0, fy, cy, 0.0, 0.0, 1.0)
        try:
            return CameraModel.from_intrinsics(width, height, k=k, d=(), model='none')
        except CalibrationError as error:
            raise DatasetError(f'{self._path}: image {row["id"]!r}: {error}') from None

    def height(self, name: str) -> Optional[float]:
        """Return the camera's height over the floor in metres; None where it is not known."""
        if not self._rows[name].get(HEIGHT_COLUMN):
            return None
        return self._number(name, HEIGHT_COLUMN)

    def _number(self, name, key, whole=False):
        text = self._rows[name].get(key)
        try:
            return int(text) if whole else float(text)
        except (TypeError, ValueError):
            kind = 'a whole number' if whole else 'a number'
            raise DatasetError(
                f'{self._path}: image {name!r}: {key} is {shown(text)}, expected {kind}'
            ) from None


def _read(path: Path) -> dict[str, dict[str, str]]:
    try:
        lines = decode_text(path.read_bytes()).splitlines()
        reader = csv.DictReader(lines, skipinitialspace=True)
        absent = [name for name in COLUMNS if name not in (reader.fieldnames or ())]
        rows = {} if absent else {row['id']: row for row in reader}
    except (OSError, ValueError, csv.Error) as error:
        raise DatasetError(f'{path} cannot be read: {error}') from None
    if absent:
        raise DatasetError(f'{path} has no column {absent[0]!r}; columns: {", ".join(COLUMNS)}')
    return rows
