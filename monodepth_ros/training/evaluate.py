"""Evaluation with the same predictor and engine as the node's."""

from __future__ import annotations

from typing import Iterable, Optional

from monodepth_ros.engines.base import Engine
from monodepth_ros.facts import ModelFacts
from monodepth_ros.frames import Frame, Prediction
from monodepth_ros.pipeline.predictor import Predictor, PredictorOptions
from monodepth_ros.training.camera_groups import by_camera, camera_facts, floor_counts
from monodepth_ros.training.datasets import Sample
from monodepth_ros.training.datasets.base import Crop
from monodepth_ros.training.depth_evaluation import DepthEvaluation
from monodepth_ros.training.error_evaluation import ErrorEvaluation
from monodepth_ros.training.metrics import into_range, MIN_DEPTH, SegmentationMetrics, valid_depth
import numpy as np


def evaluate(
    engine: Engine,
    samples: Iterable[Sample],
    options: Optional[PredictorOptions] = None,
    max_depth: float = 10.0,
    crop: Optional[Crop] = None,
) -> dict[str, float]:
    """Return the figures of `measure`, `Evaluation.figures`.

    Args:
        engine: the model.
        samples: annotated images.
        options: the predictor's, the node's defaults by default.
        max_depth: metres; farther ground truth does not count.
        crop: rows and columns of the image that count; None for all.

    """
    return measure(Predictor(engine, options), samples, max_depth, crop).figures()


def measure(
    predictor: Predictor,
    samples: Iterable[Sample],
    max_depth: float = 10.0,
    crop: Optional[Crop] = None,
) -> Evaluation:
    """Measure a model on annotated images, single scale, nothing averaged at test time.

    Args:
        predictor: the model, and how it treats images.
        samples: annotated images.
        max_depth: metres; farther ground truth does not count.
        crop: rows and columns of the image that count; None for all.

    """
    evaluation = Evaluation(predictor.engine.facts, max_depth, crop)
    for sample in samples:
        evaluation.update(sample, predict_sample(predictor, sample))
    return evaluation


def predict_sample(predictor: Predictor, sample: Sample) -> Prediction:
    """Return what the model says about an annotated image, as the node would."""
    return predictor.predict(Frame(sample.image, sample.camera))


class Evaluation:
    """All that is measured on a model's predictions.

    Args:
        facts: what the model predicts, and its classes.
        max_depth: metres; farther ground truth does not count.
        crop: rows and columns of the image that count; None for all.

    Attributes:
        max_depth: as given.
        crop: as given.
        depth: of the depth; None for a model without it.
        segmentation: of the labels; None for a model without them.
        error: of the learned error of the depth; None for a model without it.
        images: for each image its name, its `camera_facts`, its `DepthEvaluation.update` and
            `ErrorEvaluation.update` where it has ground truth, and its pixel_accuracy and
            `floor_counts` where it is labelled.

    """

    def __init__(self, facts: ModelFacts, max_depth: float, crop: Optional[Crop] = None):
        self._classes = facts.classes
        self.max_depth = max_depth
        self.crop = crop
        self.depth = DepthEvaluation(max_depth) if 'depth' in facts.outputs else None
        self.error = ErrorEvaluation() if 'error' in facts.outputs else None
        semantic = 'semantic' in facts.outputs
        self.segmentation = SegmentationMetrics(len(facts.classes)) if semantic else None
        self.images: list[dict] = []

    def update(self, sample: Sample, prediction: Prediction) -> None:
        """Add one image and what was predicted for it."""
        mask = crop_mask(sample.image.shape[:2], self.crop)
        record: dict = {'name': sample.name, **camera_facts(sample)}
        if self.depth is not None:
            record.update(self.depth.update(*depth_on_truth(sample, prediction.depth, mask)))
        if self.error is not None and prediction.error is not None:
            record.update(self._update_error(sample, prediction, mask))
        if self.segmentation is not None:
            accuracy = self.segmentation.update(prediction.label, sample.label, mask)
            if accuracy is not None:
                record['pixel_accuracy'] = accuracy
                counts = floor_counts(prediction.label, sample.label, mask, self._classes)
                record.update(counts)
        self.images.append(record)

    def _update_error(self, sample, prediction, mask):
        depth, target, counts = depth_on_truth(sample, prediction.depth, mask)
        error = depth_on_truth(sample, prediction.error, mask)[0]
        valid = valid_depth(target, MIN_DEPTH, self.max_depth, counts)
        found = into_range(depth[valid], MIN_DEPTH, self.max_depth)
        return self.error.update(error[valid], found, target[valid])

    def figures(self) -> dict[str, float]:
        """Return n_images, `DepthMetrics.compute` and `SegmentationMetrics.compute`."""
        result: dict[str, float] = {'n_images': len(self.images)}
        if self.depth is not None:
            result.update(self.depth.metric.compute())
        if self.segmentation is not None:
            result.update(self.segmentation.compute())
        return result

    def details(self) -> dict:
        """Return what is beside `figures`, as plain JSON types; None for what has no pixels.

        Returns:
            `DepthEvaluation.details`, `by_camera`, error of the learned error
            (`ErrorEvaluation.compute`), and of the labels iou (by class name) and confusion (truth
            by row, prediction by column, the last one for unlabelled).

        """
        result = {} if self.depth is None else self.depth.details()
        result.update(by_camera(self.images))
        if self.error is not None and self.error.images:
            result['error'] = self.error.compute()
        if self.segmentation is not None and self.segmentation.confusion.any():
            iou = self.segmentation.per_class_iou()
            result['iou'] = {
                name: None if np.isnan(value) else float(value)
                for name, value in zip(self._classes, iou)
            }
            result['confusion'] = self.segmentation.confusion.tolist()
        return result


def crop_mask(size: tuple[int, int], crop: Optional[Crop]) -> np.ndarray:
    """Return which pixels of an image of (rows, columns) count, (H, W) bool."""
    mask = np.zeros(size, bool)
    mask[crop or ...] = True
    return mask


def depth_on_truth(
    sample: Sample, depth: np.ndarray, mask: np.ndarray
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return predicted and true depth and mask, (h, w) each, at the pixels that have the truth.

    Args:
        sample: the annotated image of (H, W) pixels.
        depth: (H, W) float32 predicted metres.
        mask: (H, W) bool, the pixels that count.

    """
    step = sample.image.shape[0] // sample.depth.shape[0]
    return depth[::step, ::step], sample.depth, mask[::step, ::step]
