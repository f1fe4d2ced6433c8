"""Label what a data set left out of one class, by what a trained network takes it for.

Some copies of data sets lack a part of a class: its things are unlabelled there, and a network
learns to take them for something else. Where this is known, pseudo-labels (Lee, ICML workshops
2013) bring them back. A network that has not learnt from these things finds too few of them; so
its probabilities are corrected by how frequent each class is among what is unlabelled, which is
estimated from the same probabilities (Saerens, Latinne and Decaestecker, Neural Computation 14,
2002, section 2).
"""

from __future__ import annotations

from typing import Callable, Iterable

import cv2
from monodepth_ros.errors import ConfigError
from monodepth_ros.frames import UNLABELLED
from monodepth_ros.networks.checkpoint import load_checkpoint
from monodepth_ros.networks.deploy import Normalize
from monodepth_ros.pipeline.preprocess import plan_input, prepare
from monodepth_ros.training.datasets import Sample
import numpy as np
import torch

SMALLEST = 0.015
"""Diameter, as a share of the image's width, of what is unlabelled because it is a thing. Between
things NYU's labels leave a border of some pixels, and around the image one of up to 9 of 640."""
LEAST_PROBABILITY = 1e-4
"""No class is ruled out: an estimate of its frequency could never recover from 0."""
MOST_ROUNDS = 1000
TOLERANCE = 1e-6

Probabilities = Callable[[Sample], np.ndarray]
"""(H, W, C) float32, above 0, of each pixel of a sample's image: how probable each class is."""


def unlabelled_things(label: np.ndarray) -> np.ndarray:
    """Return where a disc of unlabelled pixels fits in, (H, W) bool.

    Args:
        label: (H, W) uint8 class, 255 where unlabelled.

    """
    diameter = max(3, round(SMALLEST * label.shape[1])) | 1  # an even disc has no centre
    disc = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (diameter, diameter))
    unlabelled = (label == UNLABELLED).astype(np.uint8)
    # Beyond the image nothing is unlabelled, so that a frame around it counts as a border.
    border = {'borderType': cv2.BORDER_CONSTANT, 'borderValue': 0}
    return cv2.morphologyEx(unlabelled, cv2.MORPH_OPEN, disc, **border).astype(bool)


def estimate_frequencies(probabilities: np.ndarray, learnt: np.ndarray) -> np.ndarray:
    """Return how frequent each class is among pixels, (C,), by expectation maximisation.

    Args:
        probabilities: (n, C) float32 or float64 of each pixel, by a network.
        learnt: (C,) float64 frequencies of the classes in what the network learnt from.

    Raises:
        ConfigError: no end in `MOST_ROUNDS` rounds.

    """
    found = learnt
    for _ in range(MOST_ROUNDS):
        corrected = probabilities * (found / learnt)
        before, found = found, (corrected / corrected.sum(axis=1, keepdims=True)).mean(axis=0)
        if np.abs(found - before).max() < TOLERANCE:
            return found
    raise ConfigError(
        f'the frequencies of the classes still change after {MOST_ROUNDS} rounds: {found}; take '
        'another network'
    )


class LabelCompletion:
    """Gives the unlabelled things of one class their label.

    Args:
        network: probabilities of a network that has learnt from such samples.
        samples: some of them, for the frequencies of the classes.
        classes: names of the classes.
        name: the class of which a part is unlabelled.

    Raises:
        ConfigError: no such class, or nothing (un)labelled to estimate frequencies from.

    Attributes:
        learnt, unlabelled: frequency of each class, (C,) float64, where there are labels, and by
            estimate among things without.

    """

    def __init__(
        self,
        network: Probabilities,
        samples: Iterable[Sample],
        classes: tuple[str, ...],
        name: str,
    ):
        if name not in classes:
            raise ConfigError(f'no class {name!r}, expected one of {", ".join(classes)}')
        self._network = network
        self._wanted = classes.index(name)
        counts, pixels = np.zeros(256, np.int64), []
        for sample in samples:
            counts += np.bincount(sample.label.ravel(), minlength=256)
            things = unlabelled_things(sample.label)[::4, ::4]
            pixels.append(network(sample)[::4, ::4][things])
        counts = counts[: len(classes)]
        if not counts.all() or not sum(map(len, pixels)):
            raise ConfigError(
                'the frequencies of the classes need labels of each of them, and unlabelled '
                'things; take more images, or labels without the classes that none has; labelled '
                f'pixels: {dict(zip(classes, counts.tolist(), strict=True))}, unlabelled things: '
                f'{sum(map(len, pixels))} pixels'
            )
        self.learnt = counts / counts.sum()
        self.unlabelled = estimate_frequencies(np.concatenate(pixels), self.learnt)

    def __call__(self, sample: Sample) -> np.ndarray:
        """Return the sample's label, (H, W) uint8, with the unlabelled things of the class."""
        corrected = self._network(sample) * (self.unlabelled / self.learnt)
        chosen = unlabelled_things(sample.label) & (corrected.argmax(axis=2) == self._wanted)
        return np.where(chosen, np.uint8(self._wanted), sample.label)


class NetworkProbabilities:
    """Class probabilities (softmax) by a checkpoint, on the image's grid; see `Probabilities`.

    Args:
        checkpoint: path of a network that predicts classes.

    Raises:
        CheckpointError: the file cannot be used.
        ConfigError: the network predicts no classes.

    Attributes:
        facts: of the checkpoint.

    """

    def __init__(self, checkpoint: str):
        network, self.facts = load_checkpoint(checkpoint)
        if 'semantic' not in self.facts.outputs:
            raise ConfigError(f'{checkpoint} predicts {", ".join(self.facts.outputs)}, no classes')
        self._network = network.to(memory_format=torch.channels_last)
        self._normalize = Normalize(self.facts.mean, self.facts.std)

    @torch.inference_mode()
    def __call__(self, sample: Sample) -> np.ndarray:
        """Run the network at its own input size."""
        height, width = sample.image.shape[:2]
        plan = plan_input(width, height, sample.camera, self.facts)
        image = torch.from_numpy(prepare(sample.image, plan)[np.newaxis])
        found = self._network(self._normalize(image)).semantic.float().softmax(dim=1)
        maps = np.ascontiguousarray(found[0].permute(1, 2, 0).numpy()[plan.content])
        return cv2.resize(maps, (width, height)).clip(LEAST_PROBABILITY)
