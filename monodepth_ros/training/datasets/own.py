"""A data set of one's own: a folder whose dataset.yaml and camera.yaml say what is in it."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Optional

from monodepth_ros.camera import CameraModel, load_calibration
from monodepth_ros.errors import DatasetError, shown
from monodepth_ros.training.datasets import nyu
from monodepth_ros.training.datasets.base import choose_labels, Crop, DatasetFacts
from monodepth_ros.training.datasets.files import MILLIMETRE
from monodepth_ros.training.datasets.folder import (
    FolderDataset,
    label_folder,
    labelled_counts,
)
from monodepth_ros.training.datasets.intrinsics import FILE as INTRINSICS
from monodepth_ros.training.datasets.palette import palette
from monodepth_ros.yaml_file import number, read_yaml

CALIBRATION = 'camera.yaml'
DESCRIPTION = 'dataset.yaml'
KEYS = ('classes', 'colors', 'max_depth', 'depth_scale', 'crop', 'license')
USUAL = {len(f.classes): f for f in (nyu.FACTS, nyu.FACTS_40)}
"""What label13 and label40 hold where dataset.yaml names no classes."""


def open_own(
    root: Path,
    split: str,
    classes: Optional[tuple[str, ...]] = None,
    camera: Optional[CameraModel] = None,
) -> FolderDataset:
    """Open a folder with the layout of `FolderDataset`.

    Args:
        root: the folder.
        split: name of the list of ids.
        classes: as for `open_dataset`.
        camera: intrinsics that take the place of those in the folder: `intrinsics.csv`, which
            has each image's own, or else `camera.yaml`.

    Raises:
        DatasetError: a file is missing or says what cannot be used.
        CalibrationError: `camera.yaml` cannot be used.

    """
    values = _read_description(root / DESCRIPTION)
    sets = {} if classes == () else _label_sets(root, values, classes)
    names = choose_labels(root, list(sets), classes)
    own = root / INTRINSICS if camera is None and (root / INTRINSICS).is_file() else None
    facts = DatasetFacts(
        classes=names,
        colors=sets.get(names, ()),
        camera=None if own else _camera(root, camera),
        max_depth=float(values.get('max_depth', DatasetFacts().max_depth)),
        crop=_crop(values),
        terms=values.get('license', ''),
        own_cameras=own is not None,
    )
    metres_per_unit = float(values.get('depth_scale', MILLIMETRE))
    return FolderDataset('folder', root, split, facts, metres_per_unit, own)


def _camera(root: Path, camera: Optional[CameraModel]) -> Optional[CameraModel]:
    path = root / CALIBRATION
    return load_calibration(path) if camera is None and path.is_file() else camera


def _label_sets(root, values, asked):
    """Return for each tuple of class names that the folder has labels of their colours."""
    counts = labelled_counts(root)
    if 'classes' in values:
        names = values['classes']
        if len(names) not in counts:
            raise DatasetError(
                f'{root / DESCRIPTION} names {len(names)} classes, but there is no folder '
                f'{label_folder(len(names))}; with labels: {list(map(label_folder, counts))}'
            )
        return {names: values.get('colors', palette(len(names)))}
    sets = {USUAL[count].classes: USUAL[count].colors for count in counts if count in USUAL}
    if asked and len(asked) in counts:  # no names are there to contradict
        sets.setdefault(tuple(asked), palette(len(asked)))
    if counts and not sets:
        raise DatasetError(
            f'{root / label_folder(counts[0])}: its classes are not known; list their names as '
            f'classes in {root / DESCRIPTION}'
        )
    return sets


def _read_description(path: Path) -> dict:
    """Return the checked values of dataset.yaml; none where there is no such file."""
    if not path.exists():
        return {}
    try:
        values = read_yaml(path)
    except (OSError, ValueError) as error:
        raise DatasetError(f'{path} cannot be read: {error}') from None
    if not isinstance(values, dict):
        raise DatasetError(f'{path} is no mapping of keys to values; keys: {", ".join(KEYS)}')
    if unknown := sorted(map(str, set(values) - set(KEYS))):
        raise DatasetError(f'{path}: unknown keys {shown(unknown)}; known: {", ".join(KEYS)}')
    checks = {
        'classes': (_is_names, 'a list of 1..255 different names'),
        'colors': (_is_colors, 'a list of [r, g, b] of 0..255'),
        'max_depth': (_is_positive, 'metres above 0'),
        'depth_scale': (_is_positive, 'metres above 0'),
        'crop': (_is_crop, '{rows: [first, end], columns: [first, end]}'),
        'license': (lambda value: isinstance(value, str), 'a text'),
    }
    for key, value in values.items():
        is_good, expected = checks[key]
        if not is_good(value):
            raise DatasetError(f'{path}: {key} is {shown(value)}, expected {expected}')
    if 'colors' in values and len(values['colors']) != len(values.get('classes', ())):
        raise DatasetError(
            f'{path}: {len(values["colors"])} colors for {len(values.get("classes", ()))} classes'
        )
    return {key: _frozen(value) for key, value in values.items()}


def _frozen(value):
    """Turn lists into tuples, as deep as they go."""
    return tuple(map(_frozen, value)) if isinstance(value, list) else value


def _crop(values) -> Optional[Crop]:
    crop = values.get('crop')
    return crop and (slice(*crop['rows']), slice(*crop['columns']))


def _is_whole(value):
    return isinstance(value, int) and not isinstance(value, bool)


def _is_positive(value):
    return (found := number(value)) is not None and 0 < found < math.inf


def _is_names(value):
    return (
        isinstance(value, list)
        and 1 <= len(value) <= 255
        and all(isinstance(name, str) and name for name in value)
        and len(set(value)) == len(value)
    )


def _is_colors(value):
    return isinstance(value, list) and all(
        isinstance(color, list)
        and len(color) == 3
        and all(_is_whole(part) and 0 <= part <= 255 for part in color)
        for color in value
    )


def _is_crop(value):
    return (
        isinstance(value, dict)
        and set(value) == {'rows', 'columns'}
        and all(
            isinstance(ends, list)
            and len(ends) == 2
            and all(map(_is_whole, ends))
            and 0 <= ends[0] < ends[1]
            for ends in value.values()
        )
    )
