"""Open a data set by name."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Optional

from monodepth_ros.camera import CameraModel
from monodepth_ros.errors import ConfigError, DatasetError
from monodepth_ros.training.datasets import nyu
from monodepth_ros.training.datasets.base import choose_labels, Dataset, DatasetFacts
from monodepth_ros.training.datasets.csv_pairs import CsvDataset
from monodepth_ros.training.datasets.folder import existing_folder, FolderDataset, label_folder
from monodepth_ros.training.datasets.nyu_mat import NyuMatDataset
from monodepth_ros.training.datasets.own import open_own
from monodepth_ros.training.datasets.recorded import is_recording, open_recording, Thinning
from monodepth_ros.training.datasets.unlabelled import first_size, UnlabelledDataset

DATASETS = ('nyu', 'nyu40', 'nyu_mat', 'nyu_mat40', 'csv', 'folder', 'unlabelled')


def open_dataset(
    name: str,
    root: str | Path,
    split: str,
    classes: Optional[tuple[str, ...]] = None,
    camera: Optional[CameraModel] = None,
    hfov: Optional[float] = None,
    thinning: Optional[Thinning] = None,
) -> Dataset:
    """Open a data set.

    Args:
        name: one of `DATASETS`; docs/datasets.md describes their files. 'nyu' is the labelled set
            of NYU Depth v2 in folders, 'nyu_mat' its official file, 'csv' 50 thousand unlabelled
            pairs of it, 'folder' a data set of one's own, 'unlabelled' images without truth
            in a folder, a video or a bag, whatever the split. Labels of 'nyu' and 'nyu_mat' are
            of 13 classes, unless `classes` says otherwise; 'nyu40' and 'nyu_mat40' have 40.
        root: the data set's folder, or its file.
        split: name of the list of images.
        classes: class names that labels must have, where there are labels; empty to read none,
            None for the data set's own.
        camera: intrinsics that take the place of the data set's own.
        hfov: in place of `camera`, the horizontal field of view in degrees.
        thinning: which frames of a video or bag are kept.

    Raises:
        ConfigError: unknown name.
        DatasetError: the files cannot be used, or have labels of other classes.
        CalibrationError: `hfov` is not between 0 and 180, or camera.yaml cannot be used.

    """
    if name not in DATASETS:
        raise ConfigError(f'unknown data set {name!r}; known: {", ".join(DATASETS)}')
    if name == 'unlabelled' and is_recording(Path(root).expanduser()):
        return open_recording(Path(root).expanduser(), camera, hfov, thinning)
    root = existing_folder(root)
    if hfov is not None:
        camera = _camera(name, root, split, hfov)
    if name == 'unlabelled':
        return UnlabelledDataset(root, camera)
    if name == 'folder':
        return open_own(root, split, classes, camera)
    if name == 'csv':
        return CsvDataset(root, split, camera or nyu.CAMERA)
    only_40, in_file = name.endswith('40'), name.startswith('nyu_mat')
    facts = _nyu_facts(root, only_40, in_file, classes)
    facts = replace(facts, camera=camera or nyu.CAMERA)
    return (
        NyuMatDataset(root, split, facts) if in_file else FolderDataset(name, root, split, facts)
    )


def _nyu_facts(root, only_40, in_file, classes) -> DatasetFacts:
    """Return the facts of NYU with the classes asked for; a folder need not have labels."""
    label_sets = [nyu.CLASSES_40] if only_40 else [nyu.CLASSES, nyu.CLASSES_40]
    if not in_file:
        label_sets = [s for s in label_sets if (root / label_folder(len(s))).is_dir()]
        if only_40 and not label_sets:
            raise DatasetError(f'{root / label_folder(40)} does not exist; nyu40 needs it')
    chosen = choose_labels(root, label_sets, classes)
    if not chosen:
        return nyu.FACTS.without_labels()
    return nyu.FACTS if chosen == nyu.CLASSES else nyu.FACTS_40


def _camera(name: str, root: Path, split: str, hfov: float) -> CameraModel:
    """Return the camera of a field of view, for images of the size of the first."""
    if name == 'unlabelled':
        width, height = first_size(root)
    else:
        height, width = open_dataset(name, root, split, ())[0].image.shape[:2]
    return CameraModel.from_field_of_view(width, height, hfov)
