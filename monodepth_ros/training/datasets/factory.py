"""Open a data set by name."""

from __future__ import annotations

from pathlib import Path
from typing import Optional

from monodepth_ros.camera import CameraModel
from monodepth_ros.errors import ConfigError
from monodepth_ros.training.datasets import nyu
from monodepth_ros.training.datasets.folder import FolderDataset

DATASETS = ('nyu', 'folder')


def open_dataset(
    name: str,
    root: str | Path,
    split: str,
    classes: tuple[str, ...],
    camera: Optional[CameraModel] = None,
) -> FolderDataset:
    """Open a data set.

    Args:
        name: 'nyu' (its camera is known) or 'folder' (camera from its `camera.yaml`).
        root: the data set's folder.
        split: name of the list of ids.
        classes: class names that the labels index.
        camera: intrinsics that take the place of the data set's own.

    Raises:
        ConfigError: unknown name.
        DatasetError: the folder cannot be used.

    """
    if name not in DATASETS:
        raise ConfigError(f'unknown data set {name!r}; known: {", ".join(DATASETS)}')
    if name == 'nyu':
        return FolderDataset(root, split, classes, camera or nyu.CAMERA, nyu.CROP)
    return FolderDataset(root, split, classes, camera)
