"""A camera's frame before and after the network: message to network input, maps to messages."""

from __future__ import annotations

from dataclasses import replace
import time
from typing import Any, Callable, Collection, Mapping

from monodepth_ros.engines.base import Engine
from monodepth_ros.facts import ModelFacts
from monodepth_ros.frames import Frame, RawOutput
from monodepth_ros.pipeline.predictor import Predictor
from monodepth_ros.ros.calibration import Calibration
from monodepth_ros.ros.camera_scale import CameraScale
from monodepth_ros.ros.compat import stamp_to_ns
from monodepth_ros.ros.conversions import image_to_rgb, make_header
from monodepth_ros.ros.diagnostics import Statistics
from monodepth_ros.ros.floor import flatten, Floor
from monodepth_ros.ros.parameters import predictor_options
from monodepth_ros.ros.publishers import needed_maps, Outputs, silent_topics
from monodepth_ros.ros.worker import Task


class FrameProcessor:
    """Prepare frames of one camera, and publish what the network gave for them."""

    def __init__(
        self,
        engine: Engine,
        outputs: Outputs,
        statistics: Statistics,
        calibration: Calibration,
        scale: CameraScale,
        floor: Floor,
        values: Callable[[], Mapping[str, Any]],
        now_ns: Callable[[], int],
    ) -> None:
        """
        Join the parts.

        Args:
            engine: the network that the frames go through in between.
            outputs: publishes the results.
            statistics: counts them.
            calibration: gives the intrinsics of each image.
            scale: gives the factor for the depth of each frame.
            floor: finds the floor for frames that need it.
            values: gives the parameter values by name that hold for the next frame.
            now_ns: gives the ROS time in nanoseconds.

        """
        self._predictor = Predictor(engine)
        self._metric_facts = with_metres(engine.facts)
        self._outputs = outputs
        self._statistics = statistics
        self._calibration = calibration
        self._scale = scale
        self._floor = floor
        self._values = values
        self._now_ns = now_ns

    def prepare(self, task: Task) -> None:
        """Set the task's values and prepared frame; whatever goes wrong is raised."""
        task.values = self._values()
        self._predictor.options = predictor_options(task.values)
        with task.stopwatch.measure('convert'):
            image = image_to_rgb(task.message)
        with task.stopwatch.measure('prepare'):
            header = task.message.header
            camera = self._calibration.camera(image.shape[1], image.shape[0])
            frame = Frame(image, camera, stamp_to_ns(header.stamp), header.frame_id)
            task.prepared = self._predictor.prepare(frame)

    def finish(self, task: Task, raw: RawOutput, index: int) -> None:
        """Publish what is subscribed to of frame `index` of a batch; what goes wrong is raised."""
        self._statistics.count('processed')
        values, outputs = task.values, self._outputs
        facts, prepared = self._metric_facts, task.prepared
        calibrated = prepared.plan.camera is not None
        topics = _said(outputs.listened(), facts)
        with task.stopwatch.measure('output'):
            wanted = needed_maps(topics, values, calibrated)
            needed = wanted.depth or (wanted.error and self._scale.is_relative)
            if needed or self._scale.listened():
                prepared = self._scale.scaled(self._predictor, prepared, raw, index, values)
            if needed and self._scale.is_relative:
                raw, index, facts = self._measured(prepared, raw, index)
                topics = _said(topics, facts)
                wanted = needed_maps(topics, values, calibrated)
            prediction = self._predictor.finish(
                prepared, raw, index, wanted, outputs.buffers.array
            )
            plane = self._floor.plane(topics, wanted, values, facts, prepared.frame)
            if plane is not None:
                plane = self._scale.floor(plane, prepared.frame.stamp_ns)
            flatten(prediction, plane, values, facts)
            prediction = replace(prediction, ground=plane)
        outputs.publish(topics, prediction, facts, values, task.stopwatch)
        self._scale.publish(make_header(prediction), prepared.options.scale, values)
        now_ns = self._now_ns()
        # Without a stamp, or with use_sim_time before the first /clock, its age is not known.
        stamp_ns = prediction.stamp_ns
        age = (now_ns - stamp_ns) * 1e-9 if stamp_ns and now_ns else None
        seconds = time.monotonic() - task.received
        self._statistics.published(age, seconds, task.stopwatch.seconds)

    def _measured(self, prepared, raw, index):
        """Return output, place in it, and facts: in metres where those are known."""
        metric = self._scale.in_metres(self._predictor, prepared, raw, index)
        if metric is None:
            return raw, index, self._predictor.engine.facts
        return metric, 0, self._metric_facts


def with_metres(facts: ModelFacts) -> ModelFacts:
    """Return the facts of a model with what it gives once its relative depth has become metres."""
    if 'relative' not in facts.outputs:
        return facts
    return replace(facts, outputs=('depth', *facts.outputs))


def _said(topics: Collection[str], facts: ModelFacts) -> list[str]:
    """Return those of some topics on which a model of these facts says something."""
    silent = silent_topics(facts, calibrated=True)
    return [topic for topic in topics if topic not in silent]
