"""Pictures of a validation: what is there and what the network sees, side by side."""

from __future__ import annotations

from collections.abc import Sequence
import math

import cv2
from monodepth_ros.facts import ModelFacts
from monodepth_ros.frames import Prediction
from monodepth_ros.pipeline.visualize import colorize_depth, colorize_label
from monodepth_ros.training.datasets import Sample
import numpy as np

WIDTH = 240
"""Pixels of one picture; a row of five fits a screen."""
GAP = 4
PAPER = 255


def validation_sheet(pairs: Sequence[tuple[Sample, Prediction]], facts: ModelFacts) -> np.ndarray:
    """Return one row a pair: image, true depth, predicted depth, true labels, labels.

    What the network does not predict is left out. The colours of both depths of a row go from 0
    to the next full metre above the row's largest true depth.

    Args:
        pairs: annotated images of one size, and what the network makes of each, on its grid.
        facts: outputs and class colours.

    Returns:
        (H, W, 3) uint8 RGB.

    """
    rows = [
        np.hstack([_tile(picture) for picture in _pictures(sample, prediction, facts)])
        for sample, prediction in pairs
    ]
    return np.vstack(rows)


def _pictures(sample, prediction, facts):
    pictures = [sample.image]
    if 'depth' in facts.outputs:
        farthest = max(1.0, math.ceil(sample.depth.max()))
        truth = np.where(sample.depth > 0, sample.depth, np.float32(np.nan))
        pictures += [colorize_depth(depth, 0.0, farthest) for depth in (truth, prediction.depth)]
    if 'semantic' in facts.outputs:
        labels = (sample.label, prediction.label)
        pictures += [colorize_label(label, facts.colors) for label in labels]
    return pictures


def _tile(picture):
    """Return a picture at the sheet's scale, with a margin to the right and below."""
    height = round(picture.shape[0] * WIDTH / picture.shape[1])
    # Nearest: colours between those of two classes or depths would say something untrue.
    picture = cv2.resize(picture, (WIDTH, height), interpolation=cv2.INTER_NEAREST)
    return np.pad(picture, ((0, GAP), (0, GAP), (0, 0)), constant_values=PAPER)
