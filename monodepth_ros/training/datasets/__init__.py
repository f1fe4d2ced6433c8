"""Data sets by name, behind one interface."""

from monodepth_ros.training.datasets.base import Dataset, DatasetFacts, Sample
from monodepth_ros.training.datasets.factory import DATASETS, open_dataset
from monodepth_ros.training.datasets.folder import FolderDataset
from monodepth_ros.training.datasets.wrappers import cached, Joined, Subset, WithinRange

__all__ = [
    'DATASETS',
    'Dataset',
    'DatasetFacts',
    'FolderDataset',
    'Joined',
    'Sample',
    'Subset',
    'WithinRange',
    'cached',
    'open_dataset',
]
