"""Data sets made of other data sets: kept in memory, a part of one, several in one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from monodepth_ros.errors import DatasetError
from monodepth_ros.training.datasets.base import Dataset, Sample


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


class Joined(Dataset):
    """A main data set and others one after the other, for training; each keeps its camera.

    The facts are the main one's, except for `terms`, which has those of all.

    Attributes:
        parts: the data sets, the main one first.
        counts: how many samples each data set has, the main one first.
        shares: of the images that are trained on, one for each of the others.

    Args:
        main: the data set that an epoch is a pass over.
        others: with what share each takes part.

    Raises:
        DatasetError: the labels of one are of other classes, or a camera is unknown.

    """

    def __init__(self, main: Dataset, others: Sequence[tuple[Dataset, float]]):
        self.parts = [main, *(dataset for dataset, _ in others)]
        for part in self.parts:
            if part.classes not in ((), main.classes):
                raise DatasetError(
                    f'data set {part.root} has the classes {", ".join(part.classes)}, but '
                    f'{main.root} has {", ".join(main.classes) or "none"}; what trains together '
                    'has the same classes or no labels'
                )
            if part.camera is None:
                raise DatasetError(
                    f'{part.root} has no camera.yaml; training needs the intrinsics'
                )
        terms = [part.license for part in self.parts if part.license]
        facts = replace(main.facts, terms='; '.join(dict.fromkeys(terms)))
        ids = [name for part in self.parts for name in part.ids]
        super().__init__(main.name, main.root, ids, facts)
        self.counts = tuple(map(len, self.parts))
        self.shares = tuple(share for _, share in others)

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
