"""A folder of images, depth and labels: rgb/ID.jpg, depth/ID.png, label13/ID.png, SPLIT.txt."""

from __future__ import annotations

from pathlib import Path
from typing import Optional

from monodepth_ros.errors import DatasetError
from monodepth_ros.training.datasets.base import Dataset, DatasetFacts, Sample
from monodepth_ros.training.datasets.files import (
    MILLIMETRE,
    no_label,
    read_depth,
    read_image,
    read_label,
    read_list,
)
from monodepth_ros.training.datasets.intrinsics import Intrinsics

IMAGE_SUFFIXES = ('.jpg', '.png')


class FolderDataset(Dataset):
    """Images with depth in uint16 (0 unknown) and labels in uint8 (255 unknown), as PNG files.

    Args:
        name: what messages call it.
        root: the folder.
        split: name of the list of ids, `SPLIT.txt` in the folder, one id a line.
        facts: with N classes, labels are in the folder `labelN`; with none, nothing is labelled.
        metres_per_unit: of the depth files.
        intrinsics: file with the camera of each image; None where `facts` has that of all.

    Raises:
        DatasetError: folder or list are missing, the list is empty, or `intrinsics` lack an id.

    """

    def __init__(
        self,
        name: str,
        root: Path,
        split: str,
        facts: DatasetFacts,
        metres_per_unit: float = MILLIMETRE,
        intrinsics: Optional[Path] = None,
    ):
        known = sorted(p.stem for p in root.glob('*.txt'))
        super().__init__(name, root, read_list(root / f'{split}.txt', known), facts)
        self.split = split
        self._intrinsics = intrinsics and Intrinsics(intrinsics, self.ids)
        self._units = {'uint16': metres_per_unit}

    def load(self, index: int) -> Sample:
        """Load sample `index` from disk; raise DatasetError that names the file."""
        name = self.ids[index]
        camera, camera_height = self.camera, None
        if self._intrinsics is not None:
            camera, camera_height = self._intrinsics.camera(name), self._intrinsics.height(name)
        image = read_image(self._image_path(name), camera)
        size = image.shape[:2]
        depth = read_depth(self.root / 'depth' / f'{name}.png', size, self._units)
        label = no_label(size)
        if self.classes:
            path = self.root / label_folder(len(self.classes)) / f'{name}.png'
            label = read_label(path, size, len(self.classes))
        return Sample(name, image, depth, label, camera, camera_height)

    def _image_path(self, name: str) -> Path:
        for suffix in IMAGE_SUFFIXES:
            path = self.root / 'rgb' / f'{name}{suffix}'
            if path.is_file():
                return path
        raise DatasetError(f'image {name!r}: no {self.root / "rgb" / name}{{.jpg,.png}}')


def label_folder(count: int) -> str:
    """Return the name of the folder with the labels of so many classes."""
    return f'label{count}'


def labelled_counts(root: Path) -> list[int]:
    """Return the numbers of classes that a folder has labels for, the smallest first."""
    names = (p.name.removeprefix('label') for p in root.glob('label*') if p.is_dir())
    return sorted(int(name) for name in names if name.isdecimal() and int(name) > 0)


def existing_folder(root: str | Path) -> Path:
    """Return the path of a folder; raise DatasetError where there is none."""
    root = Path(root).expanduser()
    if not root.is_dir():
        raise DatasetError(f'data set folder {root} does not exist; set --root')
    return root
