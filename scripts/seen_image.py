"""An image of a data set, and what a network and a known floor say of it."""

from __future__ import annotations

from dataclasses import replace
from functools import partial

from monodepth_ros.engines.base import Engine
from monodepth_ros.engines.cache import file_digest
from monodepth_ros.engines.factory import resolve_model
from monodepth_ros.frames import Frame, Prediction, Wanted
from monodepth_ros.pipeline.pose_check import lean_of
from monodepth_ros.pipeline.predictor import EVERYTHING, infer, Predictor
from monodepth_ros.scale.estimator import Witness
from monodepth_ros.scale.filter import Estimate
from monodepth_ros.scale.ground import ground_vote, GroundSettings, label_indices
from monodepth_ros.scale.plane import GroundPlane
from monodepth_ros.training.datasets import Sample
import numpy as np

DEPTH_ALONE = Wanted(label=False, confidence=False, image=False)


class SeenImage:
    """An image that the network has seen.

    Attributes:
        prepared: the image as the network was shown it.
        view: what the network says, for votes.

    """

    def __init__(self, predictor: Predictor, sample: Sample, stamp_ns: int = 0) -> None:
        self._predictor = predictor
        self.prepared = predictor.prepare(Frame(sample.image, sample.camera, stamp_ns))
        self._raw = infer(predictor.engine, [self.prepared])
        self.view = predictor.view(self.prepared, self._raw)

    def floor_witness(self, plane: GroundPlane, max_tilt: float = 15.0) -> Witness:
        """Return who votes as scale.source: ground does, given the known floor."""
        labels = label_indices(['floor'], self._predictor.engine.facts.classes)
        lean = lean_of(self.prepared, self.view.camera, plane.up)
        settings = GroundSettings(labels, max_tilt)
        return partial(ground_vote, plane=plane, settings=settings, lean=lean)

    def prediction(self, estimate: Estimate, wanted: Wanted = EVERYTHING) -> Prediction:
        """Return the result with the scale of an estimate."""
        options = replace(self.prepared.options, scale=estimate.factor, bend=estimate.bend)
        scaled = replace(self.prepared, options=options)
        return self._predictor.finish(scaled, self._raw, wanted=wanted)

    def depth(self, estimate: Estimate) -> np.ndarray:
        """Return the depth alone, (H, W) float32 metres, with the scale of an estimate."""
        return self.prediction(estimate, DEPTH_ALONE).depth


UNCHANGED = Estimate(1.0, 0.0)
"""Leaves the network's metres as they are."""


def checkpoint_facts(model: str, engine: Engine) -> dict[str, str]:
    """Return which weights ran on which engine, for a file of figures."""
    path = resolve_model(model)
    return {
        'checkpoint': path.name,
        'checkpoint_sha256': file_digest(path),
        'engine': engine.name,
    }
