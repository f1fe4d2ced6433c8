"""Batches that depend on nothing but seed and step, so that a resumed run sees the same ones."""

from __future__ import annotations

from monodepth_ros.errors import ConfigError
from monodepth_ros.training.config import TrainConfig
from monodepth_ros.training.datasets import Sample
from monodepth_ros.training.transforms import apply_view, jitter, random_view
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


ORDER, AUGMENTATION = 0, 1
"""Streams of random numbers: which images a batch has, and how each is changed."""


class Batches:
    """Random access to the batches of a run.

    Args:
        samples: the training images, by index.
        config: sizes, augmentation and seed.
        focal_length: pixels at the training width.

    """

    def __init__(self, samples: list[Sample], config: TrainConfig, focal_length: float):
        self.samples = samples
        self.config = config
        self.focal_length = focal_length
        self.per_epoch = len(samples) // config.batch_size

    def __call__(self, step: int) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
        """Return the batch of a step.

        Returns:
            (N, H, W, 3) uint8 RGB, (N, H, W) float32 metres (0 unknown), (N, H, W) uint8 labels.

        """
        config = self.config
        epoch, place = divmod(step, self.per_epoch)
        order = np.random.default_rng((config.seed, ORDER, epoch)).permutation(len(self.samples))
        chosen = order[range(place * config.batch_size, (place + 1) * config.batch_size)]
        items = [self._augmented(epoch, int(index)) for index in chosen]
        return tuple(torch.from_numpy(np.stack(part)) for part in zip(*items, strict=True))

    def _augmented(self, epoch: int, index: int):
        config = self.config
        rng = np.random.default_rng((config.seed, AUGMENTATION, epoch, index))
        view = random_view(config.augment, rng)
        size = (config.width, config.height)
        image, depth, label = apply_view(self.samples[index], view, size, self.focal_length)
        return jitter(image, config.augment, rng), depth, label
