"""Evaluation with the same predictor and engine as the node's."""

from __future__ import annotations

from typing import Iterable, Optional, TYPE_CHECKING

from monodepth_ros.engines.base import Engine
from monodepth_ros.facts import ModelFacts
from monodepth_ros.frames import Frame
from monodepth_ros.pipeline.predictor import Predictor, PredictorOptions
from monodepth_ros.training.datasets import Sample
from monodepth_ros.training.metrics import DepthMetrics, SegmentationMetrics
import numpy as np

if TYPE_CHECKING:
    from torch import nn


def evaluate_network(
    network: nn.Module,
    facts: ModelFacts,
    device: str,
    samples: Iterable[Sample],
    max_depth: float,
    crop: Optional[tuple[slice, slice]] = None,
) -> dict[str, float]:
    """Run `evaluate` on a network in memory, in eager torch; the network is used up."""
    from monodepth_ros.engines.torch_engine import TorchEngine

    engine = TorchEngine(network, facts, device=device)
    try:
        return evaluate(engine, samples, max_depth=max_depth, crop=crop)
    finally:
        engine.close()


def evaluate(
    engine: Engine,
    samples: Iterable[Sample],
    options: PredictorOptions | None = None,
    max_depth: float = 10.0,
    crop: Optional[tuple[slice, slice]] = None,
) -> dict[str, float]:
    """Measure a model on annotated images, single scale, nothing averaged at test time.

    Args:
        engine: the model.
        samples: annotated images.
        options: the predictor's, the node's defaults by default.
        max_depth: metres; farther ground truth does not count.
        crop: rows and columns of the image that count; None for all.

    Returns:
        `DepthMetrics.compute` and `SegmentationMetrics.compute` of what the model predicts,
        and n_images.

    """
    predictor = Predictor(engine, options)
    depth_metrics = DepthMetrics(max_depth=max_depth)
    segmentation_metrics = SegmentationMetrics(len(engine.facts.classes))
    count = 0
    for sample in samples:
        prediction = predictor.predict(Frame(sample.image, sample.camera))
        mask = np.zeros(sample.image.shape[:2], bool)
        mask[crop or ...] = True
        step = sample.image.shape[0] // sample.depth.shape[0]
        depth_metrics.update(prediction.depth[::step, ::step], sample.depth, mask[::step, ::step])
        segmentation_metrics.update(prediction.label, sample.label, mask)
        count += 1
    result: dict[str, float] = {'n_images': count}
    if 'depth' in engine.facts.outputs:
        result.update(depth_metrics.compute())
    if 'semantic' in engine.facts.outputs:
        result.update(segmentation_metrics.compute())
    return result
