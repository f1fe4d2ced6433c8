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
"""Images of each data set in the picture of a validation; always the same."""


def validate(
    network: nn.Module, facts: ModelFacts, data: TrainingData, device: torch.device
) -> tuple[dict[str, float], Optional[np.ndarray]]:
    """Measure a network on the held-out images of each data set; it is left as it is.

    Args:
        network: the network.
        facts: what its checkpoint will say.
        data: has the held-out images.
        device: where to compute.

    Returns:
        the figures of `measure`, and the `validation_sheet` of some images; ({}, None) where no
        images are held out. Of several data sets the figures are means over them, n_images their
        sum, and those of each are there as well, as NUMBER_FOLDER/NAME.

    """
    if not data.held_out:
        return {}, None
    figures, pairs = [], []
    engine = TorchEngine(copy.deepcopy(network), facts, device=str(device))
    try:
        for dataset in data.held_out:
            figures.append(_measure(Predictor(engine), dataset, pairs))
    finally:
        engine.close()
    return _joined(figures, data.held_out), validation_sheet(pairs, facts)


def _measure(predictor, dataset, pairs):
    """Return the figures of a data set; add some images and their predictions to `pairs`."""
    places = np.linspace(0, len(dataset) - 1, min(SHOWN, len(dataset)))
    shown = {dataset.ids[int(place)] for place in places}

    def keep(sample, prediction):
        if sample.name in shown:
            pairs.append((sample, prediction))

    return measure(predictor, dataset, dataset.max_depth, dataset.crop, keep).figures()


def _joined(figures, datasets):
    """Return the means over data sets, and the figures of each where there are several."""
    if len(figures) == 1:
        return figures[0]
    names = dict.fromkeys(name for found in figures for name in found)
    result = {n: float(np.mean([found[n] for found in figures if n in found])) for n in names}
    result['n_images'] = sum(found['n_images'] for found in figures)
    for number, (found, dataset) in enumerate(zip(figures, datasets, strict=True), 1):
        result.update({f'{number}_{dataset.root.name}/{n}': v for n, v in found.items()})
    return result


def score(record: dict) -> float:
    """Return what a validation is chosen by: delta1 plus miou, the two that users see."""
    return record.get('delta1', 0.0) + record.get('miou', 0.0)
