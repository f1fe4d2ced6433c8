"""Data sets by name, behind one interface."""

from monodepth_ros.training.datasets.base import Sample
from monodepth_ros.training.datasets.factory import DATASETS, open_dataset
from monodepth_ros.training.datasets.folder import FolderDataset

__all__ = ['DATASETS', 'FolderDataset', 'Sample', 'open_dataset']
