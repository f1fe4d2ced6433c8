"""The images of a run: those that it learns from, and those that it is chosen by."""

from __future__ import annotations

import logging
from pathlib import Path
from typing import Optional

from monodepth_ros.errors import ConfigError, DatasetError
from monodepth_ros.training.batches import hold_out, with_extra
from monodepth_ros.training.config import TrainConfig
from monodepth_ros.training.datasets import cached, Dataset, open_dataset, Subset
from monodepth_ros.training.datasets.truth import check_truth
import numpy as np
from tqdm import tqdm

LOG = logging.getLogger(__name__)

LOOKED_AT = 200
"""Images, evenly spread, that the smallest depth is taken from where they are not kept."""


class TrainingData:
    """A data set, split into training and held-out images.

    Args:
        config: names the data set, and how many images are held out.
        root: its folder.
        labels: read labels; without, there are no classes.
        limit: use only so many images; None for all.

    Attributes:
        training: images to learn from, those of further data sets included.
        held_out: images to choose by.
        classes, colors, max_depth, crop, license: of the data set.
        focal_length: of its camera, in pixels at the training width.
        input_size: (width, height) of its images at the training width.

    Raises:
        ConfigError: more images held out than there can be, or no intrinsics.
        DatasetError: the data set cannot be used.

    """

    def __init__(
        self,
        config: TrainConfig,
        root: str | Path,
        labels: bool = True,
        limit: Optional[int] = None,
    ):
        whole = open_dataset(config.dataset, root, config.split, None if labels else ())
        if whole.camera is None:
            raise ConfigError(f'{whole.root} has no camera.yaml; training needs the intrinsics')
        kept, held_out = hold_out(len(range(len(whole))[:limit]), config.held_out)
        keep = cached if config.cache else _as_it_is
        self.training = with_extra(keep(Subset(whole, kept)), config, root)
        self.held_out = keep(Subset(whole, held_out))
        self.classes = whole.classes
        self.colors = whole.colors
        self.max_depth = whole.max_depth
        self.crop = whole.crop
        self.license = self.training.license
        grid = whole.camera.rectified
        self.focal_length = grid.fx * config.width / grid.width
        self.input_size = (config.width, round(grid.height * config.width / grid.width))
        self._cached = config.cache

    def find_min_depth(self, quiet: bool = False) -> float:
        """Return the smallest depth in metres of the training images; decodes all if cached.

        Args:
            quiet: show no progress.

        Raises:
            DatasetError: an image cannot be used, no depth of any is within the range, or labels
                are no class indices.

        """
        for word in check_truth(self.training, quiet=quiet):
            if not quiet:
                LOG.warning('%s', word)
        count = len(self.training)
        looked_at = count if self._cached else min(count, LOOKED_AT)
        chosen = np.linspace(0, count - 1, looked_at).round().astype(int)
        smallest = self.max_depth
        for index in tqdm(chosen, desc='load images', unit='img', disable=quiet):
            depth = self.training[index].depth
            smallest = depth[depth > 0].min(initial=smallest)
        if not smallest < self.max_depth:
            raise DatasetError(
                f'{self.training.root}: none of {looked_at} images has a depth between 0 and '
                f'{self.max_depth} m; look at the unit of the depth, or set max_depth'
            )
        return float(smallest)


def _as_it_is(dataset: Dataset) -> Dataset:
    return dataset
