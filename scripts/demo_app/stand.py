"""How the camera of a rendered sequence stands, as the table beside its images says."""

from __future__ import annotations

import csv
from pathlib import Path

from monodepth_ros.errors import ConfigError
from monodepth_ros.training.datasets.intrinsics import FILE, HEIGHT_COLUMN
import numpy as np

COLUMNS = (HEIGHT_COLUMN, 'pitch_deg')
MOST = (0.2, 6.0)
"""Metres and degrees between the extremes of one walk's camera; other sets have many cameras."""
REMEDY = 'give metres above the floor and degrees down, such as 0.62,10'


def rendered_stand(images: str) -> tuple[float, float]:
    """
    Return the means of metres above the floor and degrees down over a rendered sequence.

    Args:
        images: the folder of its images; `scripts/rooms --sequence` writes the table above it.

    Raises:
        ConfigError: there is no such table, or it is not that of one camera on one walk.

    """
    rows = _rows(Path(images))
    if not len(rows):
        raise ConfigError(
            f'--camera-height auto: no {FILE} above {images} says how the camera stands, as '
            f'scripts/rooms --sequence writes one; {REMEDY}'
        )
    for values, most, what in zip(np.transpose(rows), MOST, ('m', 'degrees')):
        if np.ptp(values) > most:
            raise ConfigError(
                f'--camera-height auto: by their {FILE}, the cameras of {images} differ by '
                f'{np.ptp(values):.1f} {what}: they are not one on a walk; {REMEDY}'
            )
    height, pitch = np.mean(rows, axis=0)
    # There up is positive, in the node down is.
    return round(float(height), 3), round(-float(pitch), 2)


def _rows(images):
    """Return (N, 2) height and pitch; none where the table is missing or says neither."""
    if not images.is_dir():
        return np.empty((0, 2))
    try:
        with open(images.resolve().parent / FILE, newline='') as file:
            rows = [[float(row[key]) for key in COLUMNS] for row in csv.DictReader(file)]
    except (OSError, KeyError, TypeError, ValueError):
        return np.empty((0, 2))
    return np.array([row for row in rows if np.isfinite(row).all()])
