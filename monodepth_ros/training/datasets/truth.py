"""Whether what a data set calls truth can be that: a look at some of its images beforehand."""

from __future__ import annotations

from typing import Iterator, Optional

from monodepth_ros.errors import DatasetError
from monodepth_ros.frames import UNLABELLED
from monodepth_ros.training.datasets.base import Dataset
from monodepth_ros.training.datasets.wrappers import Joined
import numpy as np
from tqdm import tqdm

LOOKED_AT = 200
"""Images, evenly spread; more would take long where they are large."""


def check_truth(
    dataset: Dataset, depth: bool = True, limit: Optional[int] = None, quiet: bool = True
) -> list[str]:
    """
    Return what is worth to know of the depth and labels of a data set, a line each.

    Args:
        dataset: each data set of a `Joined` one is looked at by itself.
        depth: whether depth is needed.
        limit: how many of its first images count; None for all.
        quiet: show no progress.

    Raises:
        DatasetError: an image cannot be used, no depth is within the range, or labels are a mask
            of 0 and 255, of which 255 means unknown.

    """
    words = []
    for part in dataset.parts if isinstance(dataset, Joined) else [dataset]:
        words += _Look(part, limit, quiet).words(depth)
    return words


class _Look:
    """What some images of a data set have."""

    def __init__(self, dataset: Dataset, limit: Optional[int], quiet: bool) -> None:
        self._dataset = dataset
        self._any_depth = self._in_range = False
        self._found = np.zeros(UNLABELLED + 1, bool)
        chosen = list(_spread(len(range(len(dataset))[:limit])))
        self._count = len(chosen)
        for index in tqdm(chosen, desc='check images', unit='img', disable=quiet):
            self._add(dataset[index])

    def _add(self, sample):
        known = sample.depth > 0
        self._any_depth |= bool(known.any())
        self._in_range |= bool((known & (sample.depth <= self._dataset.max_depth)).any())
        if self._dataset.classes:
            self._found[np.unique(sample.label)] = True

    def words(self, depth: bool) -> list[str]:
        """Return what is worth to know; raise DatasetError for what cannot be the truth."""
        words = []
        if depth and not self._any_depth:
            words.append(f'{self._where()} has a depth; 0 means unknown')
        elif depth and not self._in_range:
            raise DatasetError(
                f'{self._where()} has a depth between 0 and {self._dataset.max_depth:g} m; '
                'depth_scale in dataset.yaml is metres per unit (0.001 for millimetres, 0.0002 '
                'for 5000 units a metre), or set max_depth'
            )
        return words + self._words_on_labels()

    def _words_on_labels(self):
        classes = self._dataset.classes
        if len(classes) < 2:
            return []
        if self._found[0] and self._found[UNLABELLED] and self._found.sum() == 2:
            raise DatasetError(
                f'{self._where()} has labels other than 0 and {UNLABELLED}, which means unknown; '
                f'in masks of two classes write 1 ({classes[1]}) for {UNLABELLED}'
            )
        absent = [name for index, name in enumerate(classes) if not self._found[index]]
        return [f'{self._where()} has a label of {", ".join(absent)}'] if absent else []

    def _where(self):
        images = 'image' if self._count == 1 else 'images'
        return f'{self._dataset.root}: none of {self._count} {images} looked at'


def _spread(count: int) -> Iterator[int]:
    """Yield up to `LOOKED_AT` of `count` indices, evenly spread."""
    looked_at = min(count, LOOKED_AT)
    yield from np.linspace(0, count - 1, looked_at).round().astype(int).tolist()
