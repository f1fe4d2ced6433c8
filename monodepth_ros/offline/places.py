"""Places in images whose distance a tape has shown: one in every frame, or those of a table."""

from __future__ import annotations

import csv
from dataclasses import dataclass
import math
from pathlib import PurePath
from typing import Mapping

from monodepth_ros.errors import ConfigError

COLUMNS = ('image', 'u', 'v', 'distance')
EVERY = ''
"""In place of an image's name: a place that every frame shows."""


@dataclass(frozen=True)
class Place:
    """What is seen at a pixel, and how far it is.

    Attributes:
        column: in the rectified image, which has the raw one's size.
        row: of the same.
        distance: metres from the lens, along the line of sight.

    """

    column: float
    row: float
    distance: float


Places = Mapping[str, tuple[Place, ...]]
"""Of an image, by the name of its file; or of `EVERY` frame."""


def read_places(path: str) -> Places:
    """Read a table of places: a line each, with the columns `COLUMNS` and any others.

    Raises:
        ConfigError: the file cannot be read, or holds no such table; with the line.

    """
    found: dict[str, list[Place]] = {}
    try:
        with open(path, newline='', encoding='utf-8-sig') as file:
            reader = csv.DictReader(file, skipinitialspace=True)
            reader.fieldnames = [name.strip() for name in reader.fieldnames or ()]
            missing = [name for name in COLUMNS if name not in reader.fieldnames]
            if missing:
                raise ConfigError(
                    f'{path}: no column {", ".join(missing)}; the first line is expected to be '
                    f'{",".join(COLUMNS)}'
                )
            for row in reader:
                name = PurePath((row['image'] or '').strip()).name
                place = _place(row, f'{path}, line {reader.line_num}', name)
                found.setdefault(name, []).append(place)
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        reason = getattr(error, 'strerror', None) or error
        raise ConfigError(f'cannot read {path}: {reason}') from None
    if not found:
        raise ConfigError(f'{path}: no place in it; write a line for each: {",".join(COLUMNS)}')
    return {name: tuple(places) for name, places in found.items()}


def _place(row, where, name) -> Place:
    numbers = []
    for key in COLUMNS[1:]:
        try:
            numbers.append(float(row[key]))
        except (TypeError, ValueError):
            numbers.append(math.nan)
        if not math.isfinite(numbers[-1]):
            raise ConfigError(f'{where}: {key} is {row[key]!r}, expected a number')
    if not name:
        raise ConfigError(f"{where}: expected the name of the image's file")
    if not 0 < numbers[2] < 1000:
        raise ConfigError(f'{where}: distance is {numbers[2]:g}, expected metres above 0')
    return Place(*numbers)
