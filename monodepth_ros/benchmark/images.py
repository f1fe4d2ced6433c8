"""The images that are measured with: a folder's, as a camera and as a network see them."""

from __future__ import annotations

from pathlib import Path
from typing import Optional

import cv2
from monodepth_ros.errors import ConfigError
from monodepth_ros.facts import ModelFacts
from monodepth_ros.pipeline.preprocess import plan_input, prepare
import numpy as np

ROOM = Path(__file__).resolve().parents[2] / 'scripts' / 'room' / 'rgb'
SUFFIXES = ('.jpg', '.jpeg', '.png')


def image_folder(given: Optional[str]) -> Path:
    """
    Return the folder of images: the one given, else the rendered room of the checkout.

    Raises:
        ConfigError: there is no such folder, or no image in it.

    """
    folder = Path(given) if given else ROOM
    if not folder.is_dir() or not _paths(folder):
        raise ConfigError(
            f'--images {folder} is no folder with images ({", ".join(SUFFIXES)}); give one'
        )
    return folder


def _paths(folder: Path) -> list[Path]:
    return sorted(path for path in folder.iterdir() if path.suffix.lower() in SUFFIXES)


def load_images(folder: Path, count: int, offset: int = 0) -> list[np.ndarray]:
    """Return up to `count` images, (H, W, 3) uint8 RGB, spread evenly over half of a folder.

    Args:
        folder: with images.
        count: at most so many.
        offset: 0 for images of even place, 1 for those of odd place: calibration and evaluation
            then see different ones.

    Raises:
        ConfigError: a file is no image.

    """
    paths = _paths(folder)
    paths = paths[offset::2] or paths
    images = []
    for path in paths[:: max(1, len(paths) // count)][:count]:
        image = cv2.imread(str(path), cv2.IMREAD_COLOR | cv2.IMREAD_IGNORE_ORIENTATION)
        if image is None:
            raise ConfigError(f'{path} is no image that OpenCV can read; take it away')
        images.append(cv2.cvtColor(image, cv2.COLOR_BGR2RGB))
    return images


def network_inputs(images: list[np.ndarray], facts: ModelFacts) -> np.ndarray:
    """Return images at a network's training size, (N, h, w, 3) uint8 RGB."""
    inputs = []
    for image in images:
        plan = plan_input(image.shape[1], image.shape[0], None, facts)
        inputs.append(prepare(image, plan))
    sizes = {x.shape for x in inputs}
    if len(sizes) > 1:
        raise ConfigError(
            f'--images holds images of {len(sizes)} aspect ratios; give images of one camera'
        )
    return np.stack(inputs)
