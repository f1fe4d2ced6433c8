"""The images of a run: those that it learns from, and those that it is chosen by."""

from __future__ import annotations

from collections.abc import Sequence
import logging
import math
from pathlib import Path
from typing import Optional

from monodepth_ros.errors import ConfigError, DatasetError
from monodepth_ros.facts import ModelFacts
from monodepth_ros.training.batches import hold_out, hold_out_scenes
from monodepth_ros.training.config import SourceConfig, TrainConfig
from monodepth_ros.training.datasets import (
    cached,
    Dataset,
    Joined,
    open_dataset,
    Subset,
    WithinRange,
)
from monodepth_ros.training.datasets.recorded import Thinning
from monodepth_ros.training.datasets.truth import check_truth
import numpy as np
from tqdm import tqdm

LOG = logging.getLogger(__name__)

LOOKED_AT = 200
"""Images, evenly spread, that the smallest depth is taken from where they are not kept."""

SPECKLES = 0.001
"""Share of an image's known pixels that may be nearer than its smallest depth, as noise."""


class TrainingData:
    """The data sets of a run, each split into training and held-out images.

    Args:
        config: names the data sets, and how many images of each are held out.
        root: folder where their own ones begin.
        labels: read labels; without, there are no classes.
        limit: use only so many images of each; None for all.

    Attributes:
        training: images to learn from, of all data sets.
        held_out: images to choose by, of each data set that has some.
        classes, colors: of the first data set, which are those of all.
        max_depth, license: of all.
        focal_length: that depth is learned for, in pixels at the training width.
        input_size: (width, height) of the first data set's images at the training width.

    Raises:
        ConfigError: more images held out than there can be, or no focal length.
        DatasetError: the data set cannot be used.

    """

    def __init__(
        self,
        config: TrainConfig,
        root: str | Path,
        labels: bool = True,
        limit: Optional[int] = None,
    ):
        parts: list[tuple[Dataset, float]] = []
        self._as_given: list[Dataset] = []
        self.held_out: list[Dataset] = []
        keep = cached if config.cache else _as_it_is
        classes = None if labels else ()
        for source in config.sources:
            given = _open(source, Path(root), classes)
            self._as_given.append(given)
            whole = WithinRange(given, source.max_depth or given.max_depth)
            kept, held_out = _split(whole.ids[:limit], source)
            parts.append((keep(Subset(whole, kept)), source.weight))
            if held_out:
                self.held_out.append(keep(Subset(whole, held_out)))
            classes = whole.classes if len(parts) == 1 else classes
        self.training = Joined(parts)
        self.classes = self.training.classes
        self.colors = self.training.colors
        self.max_depth = self.training.max_depth
        self.license = self.training.license
        self.focal_length, self.input_size = _input(config, self.training)
        self._cached = config.cache

    def take_classes(self, facts: ModelFacts) -> None:
        """Take the classes of weights for images that have no labels."""
        self.classes, self.colors = facts.classes, facts.colors

    def find_min_depth(self, quiet: bool = False, taught: Optional[float] = None) -> float:
        """Return the smallest depth in metres of the training images; decodes all if cached.

        The nearest thousandth of each image's known pixels does not count: one speckle of a
        sensor would otherwise claim that the network knows what is a millimetre away.

        Args:
            quiet: show no progress.
            taught: what a teacher knows as its smallest, for images without any truth.

        Raises:
            DatasetError: an image cannot be used, no depth of any is within the range, or labels
                are no class indices.

        """
        for given in self._as_given:
            for word in check_truth(given, quiet=quiet):
                if not quiet:
                    LOG.warning('%s', word)
        count = len(self.training)
        looked_at = count if self._cached else min(count, LOOKED_AT)
        chosen = np.linspace(0, count - 1, looked_at).round().astype(int)
        smallest = self.max_depth
        for index in tqdm(chosen, desc='load images', unit='img', disable=quiet):
            depth = self.training[index].depth
            smallest = min(smallest, _smallest(depth))
        if not smallest < self.max_depth and taught is not None:
            return float(taught)
        if not smallest < self.max_depth:
            raise DatasetError(
                f'{self.training.root}: none of {looked_at} images has a depth between 0 and '
                f'{self.max_depth} m; look at the unit of the depth, or set max_depth'
            )
        return float(smallest)


def _smallest(depth: np.ndarray) -> float:
    """Return the smallest of (H, W) metres but for speckles; infinity where nothing is known."""
    known = depth[depth > 0]
    rank = int(SPECKLES * known.size)
    return float(np.partition(known, rank)[rank]) if known.size else math.inf


def _open(source: SourceConfig, root: Path, classes: Optional[tuple[str, ...]]) -> Dataset:
    """Open a data set of a run, with all depth that it has."""
    folder = root / Path(source.root).expanduser()
    hfov = source.hfov or None
    thinning = Thinning(source.topic, source.every, source.min_change)
    return open_dataset(source.dataset, folder, source.split, classes, None, hfov, thinning)


def _split(ids: Sequence[str], source: SourceConfig) -> tuple[list[int], list[int]]:
    """Return the indices of the images to learn from and of those to choose by."""
    if source.scene:
        return hold_out_scenes(ids, source.held_out, source.scene)
    return hold_out(len(ids), source.held_out)


def _input(config: TrainConfig, training: Dataset) -> tuple[float, tuple[int, int]]:
    """Return the focal length that depth is learned for, and the size of the first images."""
    camera = training.camera
    if camera is None and not config.focal_length:
        raise ConfigError(
            f'{training.root} has no camera of all images, whose focal length depth is learned '
            'for; set focal_length, in pixels at width'
        )
    grid = (camera or training[0].camera).rectified
    size = (config.width, round(grid.height * config.width / grid.width))
    return config.focal_length or grid.fx * config.width / grid.width, size


def _as_it_is(dataset: Dataset) -> Dataset:
    return dataset
