"""Data sets made of other data sets: kept in memory, a part of one, several in one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from monodepth_ros.errors import DatasetError
from monodepth_ros.training.datasets.base import Dataset, Sample
import numpy as np


class CachedDataset(Dataset):
    """Keeps each sample in memory once it was decoded; NYU at 640 x 480 takes 1.5 MB a sample."""

    def __init__(self, dataset: Dataset):
        super().__init__(dataset.name, dataset.root, dataset.ids, dataset.facts)
        self._dataset = dataset
        self._samples: dict[int, Sample] = {}

    def load(self, index: int) -> Sample:
        """Return sample `index`, decoded or remembered."""
        if index not in self._samples:
            self._samples[index] = self._dataset[index]
        return self._samples[index]


class Subset(Dataset):
    """Those samples of a data set that have the given indices, in their order."""

    def __init__(self, dataset: Dataset, indices: Sequence[int]):
        ids = [dataset.ids[index] for index in indices]
        super().__init__(dataset.name, dataset.root, ids, dataset.facts)
        self._dataset = dataset
        self._indices = list(indices)

    def load(self, index: int) -> Sample:
        """Return sample `index` of the part."""
        return self._dataset[self._indices[index]]


class WithinRange(Dataset):
    """A data set whose depth beyond `max_depth` metres is unknown."""

    def __init__(self, dataset: Dataset, max_depth: float):
        facts = replace(dataset.facts, max_depth=max_depth)
        super().__init__(dataset.name, dataset.root, dataset.ids, facts)
        self._dataset = dataset

    def load(self, index: int) -> Sample:
        """Return sample `index` with what is too far set to 0."""
        sample = self._dataset[index]
        near = sample.depth <= self.max_depth
        return replace(sample, depth=np.where(near, sample.depth, np.float32(0)))


class Joined(Dataset):
    """Several data sets one after the other, for training; each image keeps its camera.

    The facts are the first one's, except for `max_depth`, which is the largest, and `terms`, which
    has those of all.

    Attributes:
        parts: the data sets.
        counts: how many samples each data set has.
        shares: of the images that are trained on, one for each data set; their sum is 1.

    Args:
        parts: each data set with its weight, above 0.

    Raises:
        DatasetError: the labels of one are of other classes, or a camera is unknown.

    """

    def __init__(self, parts: Sequence[tuple[Dataset, float]]):
        self.parts = [dataset for dataset, _ in parts]
        main = self.parts[0]
        for part in self.parts:
            if part.classes not in ((), main.classes):
                raise DatasetError(
                    f'data set {part.root} has the classes {", ".join(part.classes)}, but '
                    f'{main.root} has {", ".join(main.classes) or "none"}; what trains together '
                    'has the same classes or no labels'
                )
            if not part.calibrated:
                raise DatasetError(
                    f'{part.root} has no camera.yaml and no intrinsics.csv; training needs the '
                    'intrinsics'
                )
        terms = [part.license for part in self.parts if part.license]
        farthest = max(part.max_depth for part in self.parts)
        facts = replace(main.facts, max_depth=farthest, terms='; '.join(dict.fromkeys(terms)))
        ids = [name for part in self.parts for name in part.ids]
        super().__init__(main.name, main.root, ids, facts)
        self.counts = tuple(map(len, self.parts))
        total = sum(weight for _, weight in parts)
        self.shares = tuple(weight / total for _, weight in parts)

    def load(self, index: int) -> Sample:
        """Return sample `index` of all, counted through."""
        for part in self.parts:
            if index < len(part):
                break
            index -= len(part)
        return part[index]


def cached(dataset: Dataset) -> CachedDataset:
    """Return the data set with each sample decoded once and kept in memory."""
    return CachedDataset(dataset)
