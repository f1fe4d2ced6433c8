"""The whole way from a frame to a prediction, as the node, evaluation and commands all use it."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
import math
from typing import Callable, Optional, Sequence

import cv2
from monodepth_ros.camera import CameraModel, PinholeCamera
from monodepth_ros.engines.base import Engine
from monodepth_ros.errors import ConfigError, EngineError
from monodepth_ros.facts import ModelFacts
from monodepth_ros.frames import Frame, Prediction, RawOutput, UNLABELLED, Wanted
from monodepth_ros.pipeline.depth_error import likely_error
from monodepth_ros.pipeline.edges import flying_pixels
from monodepth_ros.pipeline.postprocess import (
    confidence_on_grid,
    depth_on_grid,
    error_on_grid,
    is_valid,
    label_on_grid,
    relative_on_grid,
)
from monodepth_ros.pipeline.preprocess import (
    InputPlan,
    MAX_INPUT_PIXELS,
    METRIC_SCALING,
    MULTIPLE,
    plan_input,
    prepare,
    rectify,
    SCALES,
)
from monodepth_ros.pipeline.steady import SteadyDepth
from monodepth_ros.scale.affine import RelativeDepth
from monodepth_ros.scale.bend import Bend
from monodepth_ros.scale.votes import View
import numpy as np

OUTPUT_RESOLUTIONS = ('input', 'network')
"""Outputs as large as the raw image, or as large as the image inside the network's input."""

WIDEST_EDGE = 45.0
"""Largest `edge_filter` in degrees; from about 10 on, it removes whole floors with the veils."""

LARGEST_MAX_ERROR = 10.0
"""Largest `max_error`; networks say no larger errors."""

LONGEST_TIME_CONSTANT = 10.0
"""Seconds, largest `temporal_filter`."""

EVERYTHING = Wanted(error=True, relative=True)

NewArray = Callable[[str, tuple[int, ...], type], np.ndarray]
"""Gives an array of a shape and type for the map of this name; its contents do not matter."""


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
        max_error: depth whose expected relative error is larger becomes NaN; 0 keeps all.
        temporal_filter: `time_constant` of `steady.SteadyDepth` in seconds, over the frames of one
            camera in their order; 0 for none.
        scale: what the depth is multiplied by, of `SCALES`, on top of what metric_scaling does.
        bend: what this factor gains from place to place in the image; None for nothing.

    """

    metric_scaling: str = 'scale'
    max_input_pixels: int = MAX_INPUT_PIXELS
    min_range: float = 0.0
    max_range: float = math.inf
    confidence_threshold: float = 0.0
    output_resolution: str = 'input'
    edge_filter: float = 0.0
    max_error: float = 0.0
    temporal_filter: float = 0.0
    scale: float = 1.0
    bend: Optional[Bend] = None

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
        if not 0 <= self.max_error <= LARGEST_MAX_ERROR:
            raise ConfigError(f'max_error is {self.max_error}, expected 0..{LARGEST_MAX_ERROR:g}')
        if not 0 <= self.temporal_filter <= LONGEST_TIME_CONSTANT:
            raise ConfigError(
                f'temporal_filter is {self.temporal_filter} s, expected '
                f'0..{LONGEST_TIME_CONSTANT:g}'
            )
        if not SCALES[0] <= self.scale <= SCALES[1]:
            raise ConfigError(f'scale is {self.scale}, expected {SCALES[0]:g}..{SCALES[1]:g}')


@dataclass(frozen=True)
class Prepared:
    """A frame that waits for the network.

    Attributes:
        frame: the frame itself.
        plan: how its image became the network's input.
        options: what holds for this frame to its end.
        image: (h, w, 3) uint8 RGB, the network's input.
        labels: the same frame for the network of the labels, where that is another one.

    """

    frame: Frame
    plan: InputPlan
    options: PredictorOptions
    image: np.ndarray
    labels: Optional[Prepared] = None

    @property
    def shapes(self) -> tuple:
        """What two frames have in common that can go through the network together."""
        return self.image.shape, self.labels and self.labels.image.shape


def infer(engine: Engine, batch: Sequence[Prepared]) -> RawOutput:
    """Run the network once on frames whose inputs have one size.

    Raises:
        EngineError: the engine failed.

    """
    if batch[0].labels is None:
        return engine.infer(_stacked(batch))
    return engine.infer_both(_stacked(batch), _stacked([one.labels for one in batch]))


def _stacked(batch):
    images = [prepared.image for prepared in batch]
    return np.stack(images) if len(images) > 1 else images[0][np.newaxis]


def _new_array(name: str, shape: tuple[int, ...], dtype: type) -> np.ndarray:
    return np.empty(shape, dtype)


def relative_depth(facts: ModelFacts) -> Optional[RelativeDepth]:
    """Return what the numbers of a network that gives no metres are; None of one that does."""
    if 'relative' not in facts.outputs:
        return None
    return RelativeDepth(facts.depth_kind, facts.min_depth, facts.max_depth)


class Predictor:
    """Predict frame by frame with one engine.

    `predict` goes all the way. `prepare` and `finish` are the ways to the network and from it, for
    a caller who runs them in threads of their own or `infer` on several cameras' frames; each of
    the two is for one thread at a time.

    `options` may be replaced between frames.
    """

    def __init__(self, engine: Engine, options: Optional[PredictorOptions] = None):
        self.engine = engine
        self.options = options or PredictorOptions()
        self._steady: Optional[SteadyDepth] = None
        self._labels = Predictor(engine.labels, options) if engine.labels is not None else None
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

    def predict(self, frame: Frame, wanted: Wanted = EVERYTHING) -> Prediction:
        """Return what is wanted of a frame, with its stamp and frame.

        Where nothing needs rectifying, the prediction's image is the frame's own array.

        Raises:
            ImageError, CalibrationError, ConfigError: as `plan_input` and `preprocess.prepare`.
            EngineError: the engine failed, or gave no depth at all.

        """
        prepared = self.prepare(frame)
        return self.finish(prepared, infer(self.engine, [prepared]), 0, wanted)

    def prepare(self, frame: Frame) -> Prepared:
        """Bring a frame's image to the network's input.

        Raises:
            ImageError, CalibrationError, ConfigError: as `plan_input` and `preprocess.prepare`.

        """
        height, width = frame.image.shape[:2]
        plan = self.plan(width, height, frame.camera)
        labels = None
        if self._labels is not None:
            self._labels.options = self.options
            labels = self._labels.prepare(frame)
        return Prepared(frame, plan, self.options, prepare(frame.image, plan), labels)

    def warm_up(
        self, width: int, height: int, camera: Optional[CameraModel] = None, batch: int = 1
    ) -> None:
        """Run the networks once on black images of the size that such frames are shown at."""
        plan = self.plan(width, height, camera)
        self.engine.warm_up(plan.height, plan.width, batch)
        if self._labels is not None:
            self._labels.options = self.options
            self._labels.warm_up(width, height, camera, batch)

    def finish(
        self,
        prepared: Prepared,
        raw: RawOutput,
        index: int = 0,
        wanted: Wanted = EVERYTHING,
        new_array: NewArray = _new_array,
    ) -> Prediction:
        """Return what is wanted of a frame that the network has seen.

        Args:
            prepared: the frame.
            raw: the network's output for a batch; left as it is.
            index: place of the frame in the batch.
            wanted: the maps to compute.
            new_array: gives the memory of each map, by its name in `Prediction`.

        Raises:
            EngineError: the network should give depth and gave none that could be one.

        """
        frame, plan, options = prepared.frame, prepared.plan, prepared.options
        if 'depth' in self.engine.facts.outputs and not _has_distance(raw.depth[index], plan):
            raise EngineError(
                'no pixel of the depth is finite and above 0; try precision float32 or another '
                'engine'
            )
        if options.output_resolution == 'input':
            shape, camera = (plan.image_height, plan.image_width), plan.camera
        else:
            shape = (plan.content_height, plan.content_width)
            camera = plan.camera and plan.camera.resized(*shape[::-1])
        depth = label = confidence = image = error = relative = None
        of_labels = (prepared.labels or prepared).plan
        if wanted.error or (wanted.depth and options.max_error > 0):
            error = new_array('error', shape, np.float32)
            error_on_grid(self._error(prepared, raw, index), raw.depth[index], plan, error)
        if wanted.depth:
            depth = new_array('depth', shape, np.float32)
            ranges = options.min_range, options.max_range
            steady = self._steadied(prepared, raw, index)
            depth_on_grid(steady, plan, depth, *ranges, options.scale, options.bend)
            self._filter_edges(depth, camera, options)
            # To look for the largest is faster, and in many frames none is too large.
            if options.max_error > 0 and not error.max() <= options.max_error:
                np.copyto(depth, np.nan, where=~(error <= options.max_error))
        if wanted.label:
            label = new_array('label', shape, np.uint8)
            maps = raw.label[index], raw.confidence[index]
            label_on_grid(*maps, of_labels, label, options.confidence_threshold, plan)
        if wanted.confidence:
            confidence = new_array('confidence', shape, np.uint8)
            confidence_on_grid(raw.confidence[index], of_labels, confidence, plan)
        if wanted.relative and raw.relative is not None:
            relative = new_array('relative', shape, np.float32)
            is_inverse = self.engine.facts.depth_kind.startswith('inverse')
            relative_on_grid(raw.relative[index], plan, relative, is_inverse)
        if wanted.image:
            image = _picture(prepared, new_array)
        of_frame = camera, frame.stamp_ns, frame.frame_id
        said = error if wanted.error else None
        return Prediction(depth, label, confidence, image, *of_frame, said, relative=relative)

    def _steadied(self, prepared, raw, index):
        """Return the network's depth, averaged over time where the options want it, (h, w)."""
        depth, seconds = raw.depth[index], prepared.options.temporal_filter
        if not seconds > 0:
            self._steady = None
            return depth
        self._steady = self._steady or SteadyDepth()
        label, _ = _labels_on_depth(prepared, raw, index)
        stamp_ns = prepared.frame.stamp_ns
        return self._steady.update(depth, prepared.image, label, stamp_ns, seconds)

    def _error(self, prepared, raw, index):
        """Return the relative error of a frame's depth, learned or guessed, (h, w) float32."""
        if raw.error is not None:
            return raw.error[index]
        labelled = 'semantic' in self.engine.facts.outputs
        _, confidence = _labels_on_depth(prepared, raw, index)
        return likely_error(raw.depth[index], confidence if labelled else None)

    def view(self, prepared: Prepared, raw: RawOutput, index: int = 0) -> Optional[View]:
        """Return what the network says, on its own grid, for an estimate of the scale.

        Args:
            prepared: the frame.
            raw: the network's output for a batch; left as it is.
            index: place of the frame in the batch.

        Returns:
            Depth before `PredictorOptions.scale`, or the numbers of a network that gives no
            metres, with labels where the network has any; None where the camera is not calibrated
            or the network gives neither.

        """
        plan, relative = prepared.plan, relative_depth(self.engine.facts)
        if plan.camera is None or not {'depth', 'relative'} & {*self.engine.facts.outputs}:
            return None
        if relative is None:
            depth = raw.depth[index][plan.content] * np.float32(plan.depth_scale)
        else:
            depth = raw.relative[index][plan.content].copy()
        if plan.unseen_content is not None:
            depth[plan.unseen_content] = np.nan
        camera = plan.camera.resized(plan.content_width, plan.content_height)
        if 'semantic' not in self.engine.facts.outputs:
            return View(depth, camera, relative=relative)
        label, confidence = _labels_on_depth(prepared, raw, index)
        return View(depth, camera, label[plan.content], confidence[plan.content], relative)

    def in_metres(
        self, prepared: Prepared, raw: RawOutput, index: int, scale: float, shift: float
    ) -> RawOutput:
        """Return the output for one frame, as of a network that gives metres.

        Args:
            prepared: the frame.
            raw: the output for a batch of a network that gives none; left as it is.
            index: place of the frame in the batch.
            scale: as `RelativeDepth.metres`.
            shift: likewise.

        Returns:
            A batch of one.

        """
        relative = relative_depth(self.engine.facts)
        depth = relative.metres(raw.relative[index], scale, shift)
        # What finish multiplies by again, for networks that know the training camera's metres.
        depth /= np.float32(prepared.plan.depth_scale)
        one = slice(index, index + 1)
        return RawOutput(
            depth[None], raw.label[one], raw.confidence[one], relative=raw.relative[one]
        )

    def _filter_edges(self, depth, camera, options):
        if options.edge_filter > 0:
            focal_lengths = self._focal_lengths(camera, depth.shape[1])
            depth[flying_pixels(depth, *focal_lengths, options.edge_filter)] = np.nan

    def _focal_lengths(self, camera: Optional[PinholeCamera], width: int) -> tuple[float, float]:
        """Return fx and fy in pixels; of the training camera's view where there is no camera."""
        if camera is not None:
            return camera.fx, camera.fy
        facts = self.engine.facts
        return (facts.focal_length * width / facts.input_width,) * 2


def _has_distance(depth, plan):
    """Return whether any pixel of a network's depth is valid."""
    content = depth[plan.content]
    # Nearly always some of a few are.
    return is_valid(content[::16, ::16]).any() or is_valid(content).any()


def _picture(prepared, new_array):
    """Return the rectified image on the output grid."""
    plan, image = prepared.plan, prepared.frame.image
    if prepared.options.output_resolution == 'network':
        return prepared.image[plan.content]
    if plan.rectify_maps is None:
        return image
    return rectify(image, plan, new_array('image', image.shape, np.uint8))


def _labels_on_depth(prepared, raw, index):
    """Return label and confidence of a frame on the depth's (h, w), if from another network."""
    label, confidence = raw.label[index], raw.confidence[index]
    if prepared.labels is None:
        return label, confidence
    plan, other = prepared.plan, prepared.labels.plan
    size = plan.content_width, plan.content_height
    maps = []
    for values, unknown in ((label, UNLABELLED), (confidence, 0)):
        grid = np.full((plan.height, plan.width), unknown, np.uint8)
        content = np.ascontiguousarray(values[other.content])
        grid[plan.content] = cv2.resize(content, size, interpolation=cv2.INTER_NEAREST)
        maps.append(grid)
    return tuple(maps)
