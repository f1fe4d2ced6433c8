"""NYU Depth v2 from the official nyu_depth_v2_labeled.mat.

The file is a MATLAB v7.3 file, hence HDF5, whose arrays have MATLAB's axes reversed: images
(1449, 3, 640, 480) uint8, depths (1449, 640, 480) float32 metres (filled in; rawDepths are not),
labels (1449, 640, 480) uint16, 1..894 in `names` and 0 unlabelled
(https://cs.nyu.edu/~silberman/datasets/nyu_depth_v2.html).

Beside it lie two small MATLAB files: splits.mat, the official 795 training and 654 test images
(trainNdxs and testNdxs, counted from 1;
http://horatio.cs.nyu.edu/mit/silberman/indoor_seg_sup/splits.mat), and classMapping40.mat, which
takes the 894 classes to 40 (mapClass, counted from 1; Gupta et al., CVPR 2013; both also in
https://github.com/ankurhanda/nyuv2-meta-data).
"""

from __future__ import annotations

from contextlib import contextmanager
from pathlib import Path

from monodepth_ros.errors import DatasetError
from monodepth_ros.frames import UNLABELLED
from monodepth_ros.training.datasets import nyu
from monodepth_ros.training.datasets.base import Dataset, DatasetFacts, Sample
from monodepth_ros.training.datasets.files import no_label, read_list
from monodepth_ros.training.datasets.mat5 import read_array
import numpy as np

FILE = 'nyu_depth_v2_labeled.mat'
SPLITS_FILE = 'splits.mat'
MAPPING_FILE = 'classMapping40.mat'
TYPES = {'images': np.uint8, 'depths': np.float32, 'labels': np.uint16}


class NyuMatDataset(Dataset):
    """The labelled images of the official file, read one at a time.

    Args:
        root: the folder of the files that this module describes.
        split: 'train' or 'test' of splits.mat; or, where the folder has it, the list `SPLIT.txt`
            of ids: NNNN is image NNNN + 1 of the file, one a line.
        facts: with nyu.CLASSES or nyu.CLASSES_40, or with no classes for no labels.

    Raises:
        DatasetError: a file is missing, damaged, or holds other arrays.

    """

    def __init__(self, root: Path, split: str, facts: DatasetFacts = nyu.FACTS):
        self._path = root / FILE
        with _open(self._path) as file:
            self._check(file)
            count = len(file['images'])
        indices = _split(root, split, count)
        super().__init__('nyu_mat', root, [f'{index:04}' for index in indices], facts)
        self._indices = indices
        self._table = _label_table(root / MAPPING_FILE, facts.classes) if facts.classes else None

    def _check(self, file) -> None:
        size = (nyu.WIDTH, nyu.HEIGHT)
        for key in TYPES:
            if not hasattr(file.get(key), 'shape'):
                raise DatasetError(f'{self._path}: no array {key!r}; it has {sorted(file)}')
        count = len(file['images'])
        shapes = {'images': (count, 3, *size), 'depths': (count, *size), 'labels': (count, *size)}
        for key, shape in shapes.items():
            found = file[key]
            if found.shape != shape or found.dtype != TYPES[key]:
                raise DatasetError(
                    f'{self._path}: {key} is {found.dtype} {found.shape}, expected '
                    f'{np.dtype(TYPES[key])} {shape}'
                )

    def load(self, index: int) -> Sample:
        """Read sample `index` from the file; raise DatasetError that names it."""
        place = self._indices[index]
        # A file that is opened anew each time may be read by several threads and processes.
        with _open(self._path) as file:
            image = file['images'][place].transpose(2, 1, 0)  # (480, 640, 3)
            depth = file['depths'][place].T  # (480, 640)
            label = None if self._table is None else file['labels'][place].T
        label = no_label(image.shape[:2]) if label is None else self._convert(place, label)
        return Sample(
            self.ids[index],
            np.ascontiguousarray(image),
            np.ascontiguousarray(depth),
            label,
            self.camera,
        )

    def _convert(self, place: int, label: np.ndarray) -> np.ndarray:
        """Return (H, W) uint8 labels of the classes for uint16 ones of the file."""
        highest = int(label.max())
        if highest >= len(self._table):
            raise DatasetError(
                f'{self._path}: label {highest} in image {place + 1}, expected '
                f'0..{len(self._table) - 1} as in {MAPPING_FILE}'
            )
        return self._table[label]


@contextmanager
def _open(path: Path):
    """Open an HDF5 file; what goes wrong with it is a DatasetError."""
    try:
        import h5py
    except ImportError as error:
        raise DatasetError(f'{path}: reading it needs h5py ({error}): pip install h5py') from error
    if not path.is_file():
        raise DatasetError(f'{path} does not exist; set --root to the folder of {FILE}')
    try:
        with h5py.File(path, 'r') as file:
            yield file
    except OSError as error:
        raise DatasetError(f'{path}: damaged, or no MATLAB v7.3 file: {error}') from error


def _split(root: Path, split: str, count: int) -> list[int]:
    """Return the places of a split's images in the file, 0..count - 1."""
    listed = root / f'{split}.txt'
    if listed.is_file():
        return [_place(listed, text, count) for text in read_list(listed, [])]
    known = sorted({'train', 'test', *(p.stem for p in root.glob('*.txt'))})
    if split not in known:
        raise DatasetError(f'split {split!r}: {listed} does not exist; splits here: {known}')
    path = root / SPLITS_FILE
    places = _whole_numbers(path, f'{split}Ndxs') - 1
    if not len(places) or places.min() < 0 or places.max() >= count:
        raise DatasetError(
            f'{path}: {split}Ndxs has {len(places)} numbers, expected some of 1..{count}, the '
            f'images in {FILE}'
        )
    return sorted(places.tolist())


def _whole_numbers(path: Path, name: str) -> np.ndarray:
    """Return an array of a small file, flat."""
    if not path.is_file():
        raise DatasetError(f'{path} does not exist; docs/datasets.md says where to get it')
    return read_array(path, name).ravel().astype(np.int64)


def _place(path: Path, text: str, count: int) -> int:
    if not text.isdecimal() or int(text) >= count:
        raise DatasetError(f'{path}: id {text!r}, expected 0000..{count - 1:04}')
    return int(text)


def _label_table(path: Path, classes: tuple[str, ...]) -> np.ndarray:
    """Return the uint8 label for each of the file's, of which 0 is unlabelled."""
    to_40 = _whole_numbers(path, 'mapClass') - 1
    if not len(to_40) or to_40.min() < 0 or to_40.max() >= len(nyu.CLASSES_40):
        raise DatasetError(f'{path}: mapClass has numbers beyond 1..{len(nyu.CLASSES_40)}')
    labels = to_40 if classes == nyu.CLASSES_40 else nyu.INDEX_40_TO_13[to_40]
    return np.concatenate(([UNLABELLED], labels)).astype(np.uint8)
