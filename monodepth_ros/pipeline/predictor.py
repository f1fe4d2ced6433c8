"""The whole way from a frame to a prediction, as the node, evaluation and commands all use it."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
import math
from typing import Optional

from monodepth_ros.camera import CameraModel, PinholeCamera
from monodepth_ros.engines.base import Engine
from monodepth_ros.errors import ConfigError
from monodepth_ros.frames import Frame, Prediction
from monodepth_ros.pipeline.edges import flying_pixels
from monodepth_ros.pipeline.postprocess import to_output_grid
from monodepth_ros.pipeline.preprocess import (
    InputPlan,
    MAX_INPUT_PIXELS,
    METRIC_SCALING,
    MULTIPLE,
    plan_input,
    prepare,
    rectify,
)
import numpy as np

OUTPUT_RESOLUTIONS = ('input', 'network')
"""Outputs as large as the raw image, or as large as the image inside the network's input."""

WIDEST_EDGE = 45.0
"""Largest `edge_filter` in degrees; from about 10 on, it removes whole floors with the veils."""


@dataclass(frozen=True)
class PredictorOptions:
    """How a predictor treats images and results; checked when made, with ConfigError.

    Attributes:
        metric_scaling: one of `METRIC_SCALING`.
        max_input_pixels: upper limit of the network's input in pixels, at least 32 x 32.
        min_range: nearest valid depth in metres.
        max_range: farthest valid depth in metres, above `min_range`.
        confidence_threshold: smallest probability, 0..1, of a label that is given.
        output_resolution: one of `OUTPUT_RESOLUTIONS`.
        edge_filter: `min_angle` of `edges.flying_pixels` in degrees, at most `WIDEST_EDGE`; 0
            leaves flying pixels in.

    """

    metric_scaling: str = 'scale'
    max_input_pixels: int = MAX_INPUT_PIXELS
    min_range: float = 0.0
    max_range: float = math.inf
    confidence_threshold: float = 0.0
    output_resolution: str = 'input'
    edge_filter: float = 0.0

    def __post_init__(self):
        if self.metric_scaling not in METRIC_SCALING:
            raise ConfigError(
                f'metric_scaling is {self.metric_scaling!r}, expected of {METRIC_SCALING}'
            )
        if self.output_resolution not in OUTPUT_RESOLUTIONS:
            raise ConfigError(
                f'output_resolution is {self.output_resolution!r}, expected of '
                f'{OUTPUT_RESOLUTIONS}'
            )
        if not self.max_input_pixels >= MULTIPLE**2:
            raise ConfigError(
                f'max_input_pixels is {self.max_input_pixels}, expected {MULTIPLE**2} or more'
            )
        if not 0 <= self.min_range < self.max_range:
            raise ConfigError(
                f'min_range is {self.min_range} m and max_range {self.max_range} m, expected '
                '0 <= min_range < max_range'
            )
        if not 0 <= self.confidence_threshold <= 1:
            raise ConfigError(
                f'confidence_threshold is {self.confidence_threshold}, expected 0..1'
            )
        if not 0 <= self.edge_filter <= WIDEST_EDGE:
            raise ConfigError(
                f'edge_filter is {self.edge_filter} degrees, expected 0..{WIDEST_EDGE:g}'
            )


class Predictor:
    """Predict frame by frame with one engine; for one thread at a time.

    `options` may be replaced between frames.
    """

    def __init__(self, engine: Engine, options: Optional[PredictorOptions] = None):
        self.engine = engine
        self.options = options or PredictorOptions()
        self._make_plan = lru_cache(maxsize=4)(
            lambda width, height, camera, *scaling: plan_input(
                width, height, camera, engine.facts, *scaling
            )
        )

    def plan(self, width: int, height: int, camera: Optional[CameraModel] = None) -> InputPlan:
        """Return how raw images of this size and camera are treated; cached.

        With it the engine can be warmed up at the right size before the first frame.

        Raises:
            ImageError, CalibrationError, ConfigError: as `plan_input`.

        """
        options = self.options
        return self._make_plan(
            width, height, camera, options.metric_scaling, options.max_input_pixels
        )

    def predict(self, frame: Frame) -> Prediction:
        """Return depth, labels and the rectified image of a frame, with its stamp and frame.

        Where nothing needs rectifying, the prediction's image is the frame's own array.

        Raises:
            ImageError, CalibrationError, ConfigError: as `plan_input` and `prepare`.
            EngineError: the engine failed.

        """
        options = self.options
        height, width = frame.image.shape[:2]
        plan = self.plan(width, height, frame.camera)
        network_input = prepare(frame.image, plan)
        if options.output_resolution == 'input':
            image, camera = rectify(frame.image, plan), plan.camera
        else:
            image = network_input[plan.content]
            camera = plan.camera and plan.camera.resized(plan.content_width, plan.content_height)
        depth, label, confidence = to_output_grid(
            self.engine.infer(network_input[np.newaxis]),
            0,
            plan,
            (image.shape[1], image.shape[0]),
            options.min_range,
            options.max_range,
            options.confidence_threshold,
        )
        if options.edge_filter > 0:
            focal_lengths = self._focal_lengths(camera, image.shape[1])
            depth[flying_pixels(depth, *focal_lengths, options.edge_filter)] = np.nan
        return Prediction(depth, label, confidence, image, camera, frame.stamp_ns, frame.frame_id)

    def _focal_lengths(self, camera: Optional[PinholeCamera], width: int) -> tuple[float, float]:
        """Return fx and fy in pixels; of the training camera's view where there is no camera."""
        if camera is not None:
            return camera.fx, camera.fy
        facts = self.engine.facts
        return (facts.focal_length * width / facts.input_width,) * 2
