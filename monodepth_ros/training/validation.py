"""Validation of a run's weights on its held-out images, with the predictor that the node runs."""

from __future__ import annotations

import copy
from typing import Optional

from monodepth_ros.engines.torch_engine import TorchEngine
from monodepth_ros.facts import ModelFacts
from monodepth_ros.pipeline.predictor import Predictor
from monodepth_ros.training.evaluate import measure
from monodepth_ros.training.pictures import validation_sheet
from monodepth_ros.training.training_data import TrainingData
import numpy as np
import torch
from torch import nn

SHOWN = 5
"""Images in the picture of a validation; always the same."""


def validate(
    network: nn.Module, facts: ModelFacts, data: TrainingData, device: torch.device
) -> tuple[dict[str, float], Optional[np.ndarray]]:
    """Measure a network on the held-out images; it is left as it is.

    Args:
        network: the network.
        facts: what its checkpoint will say.
        data: has the held-out images.
        device: where to compute.

    Returns:
        the figures of `measure`, and the `validation_sheet` of some images; ({}, None) where no
        images are held out.

    """
    if not len(data.held_out):
        return {}, None
    places = np.linspace(0, len(data.held_out) - 1, min(SHOWN, len(data.held_out)))
    shown = {data.held_out.ids[int(place)] for place in places}
    pairs = []

    def keep(sample, prediction):
        if sample.name in shown:
            pairs.append((sample, prediction))

    engine = TorchEngine(copy.deepcopy(network), facts, device=str(device))
    try:
        found = measure(Predictor(engine), data.held_out, data.max_depth, data.crop, keep)
    finally:
        engine.close()
    return found.figures(), validation_sheet(pairs, facts)


def score(record: dict) -> float:
    """Return what a validation is chosen by: delta1 plus miou, the two that users see."""
    return record.get('delta1', 0.0) + record.get('miou', 0.0)
