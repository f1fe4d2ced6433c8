"""Image files of data sets: decoded whole and of the size they must have, or a DatasetError."""

from __future__ import annotations

from functools import lru_cache
import logging
from pathlib import Path
from typing import Optional

import cv2
from monodepth_ros.camera import CameraModel
from monodepth_ros.errors import DatasetError
from monodepth_ros.frames import UNLABELLED
from monodepth_ros.image_files import decode_stored, decode_whole, turn_ignored
from monodepth_ros.training.datasets.label_png import decode_label
from monodepth_ros.yaml_file import decode_text
import numpy as np

LOG = logging.getLogger(__name__)

MILLIMETRE = 0.001


def read_image(path: Path, camera: Optional[CameraModel]) -> np.ndarray:
    """Return (H, W, 3) uint8 RGB; raise DatasetError where it is not of the camera's size."""
    data = _bytes(path)
    image = _whole(path, data, decode_stored(data))
    _say_turn(path.parent, turn_ignored(data))
    height, width = image.shape[:2]
    if camera is not None and (width, height) != (camera.width, camera.height):
        raise DatasetError(
            f'{path}: image is {width} x {height}, but the intrinsics are for '
            f'{camera.width} x {camera.height}; images have the size of their camera'
        )
    return image


def read_depth(path: Path, size: tuple[int, int], units: dict[str, float]) -> np.ndarray:
    """Return (h, w) float32 metres, 0 where unknown.

    Args:
        path: a PNG file of one channel, 0 where unknown.
        size: (H, W) of the image.
        units: for each type of pixel that may come, such as 'uint16', metres per unit.

    Raises:
        DatasetError: another type, or a size that the image's is not one whole multiple of.

    """
    data = _bytes(path)
    depth = _whole(path, data, decode_whole(data, cv2.IMREAD_UNCHANGED))
    if depth.dtype.name not in units or depth.ndim != 2:
        raise DatasetError(
            f'{path}: {depth.dtype} {depth.shape}, expected (h, w) {" or ".join(units)}'
        )
    ratio = size[0] // depth.shape[0]
    if ratio < 1 or (depth.shape[0] * ratio, depth.shape[1] * ratio) != size:
        raise DatasetError(
            f'{path}: depth is {depth.shape[1]} x {depth.shape[0]}, which does not divide the '
            f'image of {size[1]} x {size[0]} by one whole number'
        )
    # Times a double and rounded once: 1234 mm is the float32 nearest to 1.234 m.
    return (depth * units[depth.dtype.name]).astype(np.float32)


def read_label(path: Path, size: tuple[int, int], classes: int) -> np.ndarray:
    """Return (H, W) uint8 class index, 255 where unknown.

    Args:
        path: a PNG file of one channel, or with a palette, whose indices count.
        size: (H, W) of the image.
        classes: how many there are.

    Raises:
        DatasetError: another type or size, or a label beyond the classes.

    """
    data = _bytes(path)
    label = _whole(path, data, decode_label(data))
    if label.dtype != np.uint8 or label.shape != size:
        raise DatasetError(
            f'{path}: {label.dtype} {label.shape}, expected uint8 {size}, one class index a pixel'
        )
    check_labels(path, label, classes)
    return label


def check_labels(where: str | Path, label: np.ndarray, classes: int) -> None:
    """Raise DatasetError where a label of a uint8 array is neither a class nor 255."""
    highest = int(label[label != UNLABELLED].max(initial=0))
    if highest >= classes:
        raise DatasetError(f'{where}: label {highest}, expected 0..{classes - 1} or {UNLABELLED}')


def no_label(size: tuple[int, int]) -> np.ndarray:
    """Return the (H, W) uint8 label of an image that has none."""
    return np.full(size, UNLABELLED, np.uint8)


def read_list(path: Path, known: list[str]) -> list[str]:
    """Return the lines of a list of images, without the empty ones.

    Args:
        path: the file.
        known: names of the splits that there are, for the message.

    Raises:
        DatasetError: missing, not text, or without a line.

    """
    split = path.stem
    if not path.is_file():
        raise DatasetError(f'split {split!r}: {path} does not exist; splits here: {known}')
    try:
        lines = decode_text(path.read_bytes()).splitlines()
    except (OSError, ValueError) as error:
        raise DatasetError(f'split {split!r}: {path} cannot be read: {error}') from None
    lines = [line.strip() for line in lines if line.strip()]
    if not lines:
        raise DatasetError(f'split {split!r}: {path} lists no image')
    return lines


def _bytes(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise DatasetError(f'{path}: cannot be read: {error.strerror}') from None


def _whole(path: Path, data: bytes, image: Optional[np.ndarray]) -> np.ndarray:
    """Return a decoded image; a damaged one, which is None, is a DatasetError."""
    if image is None:
        raise DatasetError(f'{path}: {len(data)} bytes that are no whole image')
    return image


@lru_cache(maxsize=None)
def _say_turn(folder: Path, word: str) -> None:
    """Log a word about an image's orientation, once for a folder."""
    if word:
        LOG.warning('%s: %s', folder, word)
