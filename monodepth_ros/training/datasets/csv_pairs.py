"""NYU Depth v2 as 50 thousand pairs of images, the release that DenseDepth was trained on.

The archive nyu_data.zip (Alhashim and Wonka, 2018; https://github.com/ialhashim/DenseDepth) holds
data/nyu2_train.csv and data/nyu2_test.csv. A line names an image and its depth, relative to the
folder that the archive was unpacked in, and has no header:

    data/nyu2_train/living_room_0038_out/37.jpg,data/nyu2_train/living_room_0038_out/37.png

Depth is filled in. In training files it is 8-bit, 0..255 for 0..10 m, hence in steps of 4 cm; in
test files 16-bit millimetres (DenseDepth, issues 41 and 146). There are no labels.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from monodepth_ros.camera import CameraModel
from monodepth_ros.errors import DatasetError
from monodepth_ros.training.datasets import nyu
from monodepth_ros.training.datasets.base import Dataset, Sample
from monodepth_ros.training.datasets.files import (
    MILLIMETRE,
    no_label,
    read_depth,
    read_image,
    read_list,
)

METRES_PER_UNIT = {'uint8': nyu.MAX_DEPTH / 255, 'uint16': MILLIMETRE}
PREFIX = 'nyu2_'


class CsvDataset(Dataset):
    """The pairs of one list.

    Args:
        root: the folder that has `data/`.
        split: 'train' or 'test': the list is `data/nyu2_SPLIT.csv`.
        camera: intrinsics of all images.

    Raises:
        DatasetError: the list is missing or empty, or a line is no pair of files.

    """

    def __init__(self, root: Path, split: str, camera: CameraModel = nyu.CAMERA):
        folder = root / 'data'
        known = sorted(p.stem.removeprefix(PREFIX) for p in folder.glob(f'{PREFIX}*.csv'))
        path = folder / f'{PREFIX}{split}.csv'
        lines = read_list(path, known)
        self._pairs = [_pair(path, number, line) for number, line in enumerate(lines, 1)]
        facts = replace(nyu.FACTS.without_labels(), camera=camera)
        super().__init__('csv', root, [image for image, _ in self._pairs], facts)

    def load(self, index: int) -> Sample:
        """Load sample `index` from disk; raise DatasetError that names the file."""
        image_path, depth_path = self._pairs[index]
        image = read_image(self.root / image_path, self.camera)
        size = image.shape[:2]
        depth = read_depth(self.root / depth_path, size, METRES_PER_UNIT)
        return Sample(image_path, image, depth, no_label(size), self.camera)


def _pair(path: Path, number: int, line: str) -> tuple[str, str]:
    """Return the image and the depth file that a line names."""
    names = [name.strip() for name in line.split(',')]
    if len(names) != 2 or not all(names):
        raise DatasetError(f'{path}: line {number} is {line!r}, expected IMAGE,DEPTH')
    return names[0], names[1]
