"""Pictures of the best and the worst images of an evaluation."""

from __future__ import annotations

import math
from typing import NamedTuple, Optional

import cv2
from monodepth_ros.facts import ModelFacts
from monodepth_ros.frames import Prediction
from monodepth_ros.pipeline.visualize import colorize_depth, colorize_label
from monodepth_ros.training.datasets import Sample
import numpy as np

WIDTH = 320
"""Pixels of one picture."""
LARGEST_ERROR = 0.5
"""Share of the true depth that has the strongest colour of an error map."""
NOT_COUNTED = (150, 150, 150)
TOO_NEAR, RIGHT, TOO_FAR = (33, 77, 180), (255, 255, 255), (190, 30, 30)


class Ranking(NamedTuple):
    """Which images are best and worst.

    Attributes:
        figure: the key of an image's record that they are ordered by.
        best: indices of images, the best first.
        worst: indices of images, the worst first, none of which is among the best.

    """

    figure: str
    best: list[int]
    worst: list[int]


def rank(images: list[dict], count: int) -> Optional[Ranking]:
    """Return the `count` best and worst images by abs_rel, or by pixel_accuracy without depth.

    Args:
        images: records of `Evaluation.images`.
        count: at most so many of either.

    Returns:
        None where no image has any figure.

    """
    for figure, sign in (('abs_rel', 1), ('pixel_accuracy', -1)):
        scores = {i: sign * r[figure] for i, r in enumerate(images) if figure in r}
        if scores:
            order = sorted(scores, key=scores.__getitem__)
            others = order[count:]
            return Ranking(figure, order[:count], others[::-1][:count])
    return None


def example_pictures(
    sample: Sample, prediction: Prediction, counted: np.ndarray, facts: ModelFacts
) -> dict[str, np.ndarray]:
    """Return pictures of one image by title, (h, w, 3) uint8 RGB each.

    Args:
        sample: the annotated image of (H, W) pixels.
        prediction: what the model says, at the image's size.
        counted: (h, w) bool, the pixels of the ground truth's depth that count.
        facts: outputs and class colours.

    """
    pictures = {'image': sample.image}
    if 'depth' in facts.outputs:
        farthest = depth_limit(sample)
        truth = np.where(sample.depth > 0, sample.depth, np.float32(np.nan))
        step = sample.image.shape[0] // sample.depth.shape[0]
        found = prediction.depth[::step, ::step]
        pictures['true depth'] = colorize_depth(truth, 0.0, farthest)
        pictures['predicted depth'] = colorize_depth(prediction.depth, 0.0, farthest)
        pictures['depth error'] = colorize_error(found, sample.depth, counted)
    if 'semantic' in facts.outputs:
        pictures['true labels'] = colorize_label(sample.label, facts.colors)
        pictures['predicted labels'] = colorize_label(prediction.label, facts.colors)
    return {title: _tile(picture) for title, picture in pictures.items()}


def depth_limit(sample: Sample) -> float:
    """Return the metres of the last depth colour: the full metre above the largest true depth."""
    return max(1.0, float(math.ceil(sample.depth.max())))


def colorize_error(depth: np.ndarray, target: np.ndarray, counted: np.ndarray) -> np.ndarray:
    """Return relative errors as colours: blue too near, white right, red too far.

    Args:
        depth: (H, W) predicted metres.
        target: (H, W) true metres.
        counted: (H, W) bool; other pixels are `NOT_COUNTED`.

    Returns:
        (H, W, 3) uint8 RGB.

    """
    found = np.nan_to_num(depth, nan=0.0)  # no prediction counts as the smallest depth
    relative = np.zeros(depth.shape)
    np.divide(found - target, target, out=relative, where=counted)
    share = (relative / LARGEST_ERROR).clip(-1.0, 1.0)[..., np.newaxis]
    white = np.array(RIGHT, np.float64)
    colors = np.where(
        share < 0,
        white + -share * (np.array(TOO_NEAR) - white),
        white + share * (np.array(TOO_FAR) - white),
    )
    colors[~counted] = NOT_COUNTED
    return colors.round().astype(np.uint8)


def _tile(picture):
    height = max(1, round(picture.shape[0] * WIDTH / picture.shape[1]))
    # Nearest: colours between those of two classes or depths would say something untrue.
    return cv2.resize(picture, (WIDTH, height), interpolation=cv2.INTER_NEAREST_EXACT)
