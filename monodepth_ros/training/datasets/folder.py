"""A folder of images, depth and labels: rgb/ID.jpg, depth/ID.png, label13/ID.png, SPLIT.txt."""

from __future__ import annotations

from pathlib import Path
from typing import Optional

import cv2
from monodepth_ros.camera import CameraModel, load_calibration
from monodepth_ros.errors import DatasetError
from monodepth_ros.frames import UNLABELLED
from monodepth_ros.training.datasets.base import Sample
import numpy as np

IMAGE_SUFFIXES = ('.jpg', '.png')
CALIBRATION = 'camera.yaml'
MILLIMETRES = 1000.0


class FolderDataset:
    """Images with depth in uint16 millimetres (0 unknown) and uint8 labels (255 unknown).

    Args:
        root: the folder.
        split: name of the list of ids, `SPLIT.txt` in the folder, one id a line.
        classes: class names; labels beyond them, other than 255, are an error.
        camera: intrinsics of all images; by default the folder's `camera.yaml`, where it is.
        crop: rows and columns that are evaluated; None for all.

    Raises:
        DatasetError: folder or list are missing, the list is empty, or the camera is distorted.
        CalibrationError: `camera.yaml` cannot be used.

    """

    def __init__(
        self,
        root: str | Path,
        split: str,
        classes: tuple[str, ...],
        camera: Optional[CameraModel] = None,
        crop: Optional[tuple[slice, slice]] = None,
    ):
        self.root = Path(root).expanduser()
        self.split = split
        self.crop = crop
        self.classes = tuple(classes)
        self.label_folder = f'label{len(self.classes)}'
        if not self.root.is_dir():
            raise DatasetError(f'data set folder {self.root} does not exist; set --root')
        self.ids = self._read_ids()
        calibration = self.root / CALIBRATION
        if camera is None and calibration.is_file():
            camera = load_calibration(calibration)
        if camera is not None and camera.is_distorted:
            raise DatasetError(
                f'data set {self.root}: its camera is distorted; rectify images, depth and '
                f'labels, and give the rectified intrinsics in {CALIBRATION}'
            )
        self.camera = camera

    def _read_ids(self) -> list[str]:
        path = self.root / f'{self.split}.txt'
        if not path.is_file():
            known = sorted(p.stem for p in self.root.glob('*.txt'))
            raise DatasetError(
                f'split {self.split!r}: {path} does not exist; splits here: {known}'
            )
        ids = path.read_text().split()
        if not ids:
            raise DatasetError(f'split {self.split!r}: {path} lists no image')
        return ids

    def __len__(self) -> int:
        return len(self.ids)

    def __getitem__(self, index: int) -> Sample:
        """Load sample `index` from disk; raise DatasetError that names the file."""
        name = self.ids[index]
        image = self._load_image(name)
        return Sample(
            name=name,
            image=image,
            depth=self._load_depth(name, image.shape[:2]),
            label=self._load_label(name, image.shape[:2]),
            camera=self.camera,
        )

    def _load_image(self, name: str) -> np.ndarray:
        for suffix in IMAGE_SUFFIXES:
            path = self.root / 'rgb' / f'{name}{suffix}'
            if path.is_file():
                image = cv2.cvtColor(_read(path, cv2.IMREAD_COLOR), cv2.COLOR_BGR2RGB)
                self._check_size(path, image)
                return image
        raise DatasetError(f'image {name!r}: no {self.root / "rgb" / name}{{.jpg,.png}}')

    def _check_size(self, path: Path, image: np.ndarray) -> None:
        height, width = image.shape[:2]
        camera = self.camera
        if camera is not None and (width, height) != (camera.width, camera.height):
            raise DatasetError(
                f'{path}: image is {width} x {height}, but the intrinsics are for '
                f'{camera.width} x {camera.height}; a data set has images of one size'
            )

    def _load_depth(self, name: str, size: tuple[int, int]) -> np.ndarray:
        path = self.root / 'depth' / f'{name}.png'
        depth = _read(path, cv2.IMREAD_UNCHANGED)
        if depth.dtype != np.uint16 or depth.ndim != 2:
            raise DatasetError(f'{path}: {depth.dtype} {depth.shape}, expected (h, w) uint16 mm')
        ratio = size[0] // depth.shape[0]
        if ratio < 1 or (depth.shape[0] * ratio, depth.shape[1] * ratio) != size:
            raise DatasetError(
                f'{path}: depth is {depth.shape[1]} x {depth.shape[0]}, which does not divide the '
                f'image of {size[1]} x {size[0]} by one whole number'
            )
        return depth.astype(np.float32) / MILLIMETRES

    def _load_label(self, name: str, size: tuple[int, int]) -> np.ndarray:
        if not (self.root / self.label_folder).is_dir():
            return np.full(size, UNLABELLED, np.uint8)
        path = self.root / self.label_folder / f'{name}.png'
        label = _read(path, cv2.IMREAD_UNCHANGED)
        if label.dtype != np.uint8 or label.shape != size:
            raise DatasetError(f'{path}: {label.dtype} {label.shape}, expected uint8 {size}')
        highest = int(label[label != UNLABELLED].max(initial=0))
        if highest >= len(self.classes):
            raise DatasetError(
                f'{path}: label {highest}, expected 0..{len(self.classes) - 1} or {UNLABELLED}'
            )
        return label


def _read(path: Path, flags: int) -> np.ndarray:
    """Decode an image file; a missing or damaged one is a DatasetError."""
    try:
        data = np.fromfile(path, np.uint8)
    except OSError as error:
        raise DatasetError(f'{path}: cannot be read: {error.strerror}') from None
    image = cv2.imdecode(data, flags) if data.size else None
    if image is None:
        raise DatasetError(f'{path}: {data.size} bytes that are no whole image')
    return image
