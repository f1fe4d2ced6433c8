"""Batches that depend on nothing but seed and step, so that a resumed run sees the same ones."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Optional
import zlib

from monodepth_ros.errors import ConfigError
from monodepth_ros.training.config import TrainConfig
from monodepth_ros.training.datasets import Joined, Sample
from monodepth_ros.training.transforms import (
    apply_view,
    AugmentConfig,
    jitter,
    random_view,
    whole_view,
)
import numpy as np
import torch


def hold_out(count: int, held_out: int, runs: int = 8) -> tuple[list[int], list[int]]:
    """Split indices 0..count-1 into (kept, held out).

    Data sets list the images of one room one after the other; so what is held out are `runs`
    stretches of neighbours, evenly spread, and few rooms are on both sides.

    Raises:
        ConfigError: more than half would be held out.

    """
    if 2 * held_out > count:
        raise ConfigError(
            f'held_out is {held_out} of {count} images, expected at most half; lower held_out, or '
            'use more images'
        )
    runs = min(runs, held_out)
    chosen: set[int] = set()
    for run in range(runs):
        length = held_out // runs + (run < held_out % runs)
        start = round((run + 0.5) * count / runs - length / 2)
        chosen.update(range(start, start + length))
    kept = [i for i in range(count) if i not in chosen]
    return kept, sorted(chosen)


def hold_out_scenes(
    ids: Sequence[str], held_out: int, separator: str
) -> tuple[list[int], list[int]]:
    """Split indices into (kept, held out) by whole scenes, until `held_out` images are held out.

    The scenes are taken in the order of a checksum of their names, so that images of further
    scenes change little about which are held out.

    Args:
        ids: names of the images.
        held_out: how many images, at least, are held out.
        separator: what is before it in an id, or the whole id, names the scene.

    Raises:
        ConfigError: more than half would be held out.

    """
    scenes: dict[str, list[int]] = {}
    for index, name in enumerate(ids):
        scenes.setdefault(name.partition(separator)[0], []).append(index)
    chosen: list[int] = []
    for scene in sorted(scenes, key=lambda name: (zlib.crc32(name.encode()), name)):
        if len(chosen) >= held_out:
            break
        chosen += scenes[scene]
    if 2 * len(chosen) > len(ids):
        raise ConfigError(
            f'held_out is {held_out} of {len(ids)} images in {len(scenes)} scenes, expected at '
            'most half; lower held_out, or use more images'
        )
    return sorted(set(range(len(ids))) - set(chosen)), sorted(chosen)


def epoch_order(
    counts: Sequence[int], shares: Sequence[float], images: int, rng: np.random.Generator
) -> np.ndarray:
    """Return the indices of the images of an epoch, in random order.

    Args:
        counts: images of each data set; indices count through all.
        shares: of the epoch's images, what is of each data set; their sum is 1.
        images: how many images an epoch has; 0 for a pass over the first data set.
        rng: decides.

    Returns:
        so many of each data set as its share asks for: some of its images where it has more, each
        once or more where it has fewer.

    """
    chosen, first = [], 0
    for count, share in zip(counts, shares, strict=True):
        wanted = round((images or counts[0] / shares[0]) * share)
        if wanted == count:
            chosen.append(np.arange(first, first + count))
        else:
            passes = [rng.permutation(count) for _ in range(-(-wanted // count))]
            chosen.append(first + np.concatenate([np.arange(0), *passes])[:wanted])
        first += count
    return rng.permutation(np.concatenate(chosen))


ORDER, AUGMENTATION, SIZE = range(3)
"""Streams of random numbers: which images a batch has, how each is changed, and its size."""


class Batches:
    """Random access to the batches of a run.

    Args:
        samples: the training images, by index; of a `Joined` data set in the shares that it has.
        config: sizes, augmentation and seed.
        focal_length: pixels at the training width.

    Attributes:
        per_epoch: whole batches of an epoch.

    """

    def __init__(self, samples: Sequence[Sample], config: TrainConfig, focal_length: float):
        self.samples = samples
        self.config = config
        self.focal_length = focal_length
        self.per_epoch = len(self._order(0)) // config.batch_size

    def __call__(
        self, step: int, part: Optional[slice] = None
    ) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
        """Return the batch of a step.

        Args:
            step: its number in the run, from 0.
            part: which images of the batch, by their places in it; None for all.

        Returns:
            (N, H, W, 3) uint8 RGB, (N, H, W) float32 metres (0 unknown), (N, H, W) uint8 labels.

        """
        epoch, batch = divmod(step, self.per_epoch)
        first, last = (b * self.config.batch_size for b in (batch, batch + 1))
        chosen = self._order(epoch)[first:last]
        size = self._size(step)
        items = [
            self._augmented(int(index), size, (step, place))
            for place, index in list(enumerate(chosen))[part or slice(None)]
        ]
        return tuple(torch.from_numpy(np.stack(part)) for part in zip(*items, strict=True))

    def _order(self, epoch: int) -> np.ndarray:
        samples = self.samples
        rng = np.random.default_rng((self.config.seed, ORDER, epoch))
        joined = isinstance(samples, Joined)
        counts = samples.counts if joined else (len(samples),)
        shares = samples.shares if joined else (1.0,)
        return epoch_order(counts, shares, self.config.epoch_images, rng)

    def _size(self, step: int) -> tuple[int, int]:
        """Return width and height of a step's images."""
        sizes = self.config.sizes or ((self.config.width, self.config.height),)
        return sizes[np.random.default_rng((self.config.seed, SIZE, step)).integers(len(sizes))]

    def _augment(self, step: int) -> AugmentConfig:
        augment = self.config.augment
        zoomed = augment.zoom_until * self.config.epochs * self.per_epoch
        return augment if step < zoomed else replace(augment, min_zoom=1.0, max_zoom=1.0)

    def _augmented(self, index: int, size: tuple[int, int], place: tuple[int, int]):
        augment = self._augment(place[0])
        rng = np.random.default_rng((self.config.seed, AUGMENTATION, *place))
        view, sample = random_view(augment, rng), self.samples[index]
        if self.config.views == 'whole':
            view = whole_view(view, sample.camera.rectified, size, self.focal_length)
        image, depth, label = apply_view(sample, view, size, self.focal_length)
        return jitter(image, augment, rng), depth, label
