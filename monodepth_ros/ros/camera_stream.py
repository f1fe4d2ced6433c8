"""One camera of the node: its topics, its intrinsics, its frames and what is said about them."""

from __future__ import annotations

import time
from typing import Any, Callable, Mapping, Optional, Union

from diagnostic_msgs.msg import DiagnosticStatus
from monodepth_ros.camera import CameraModel
from monodepth_ros.engines.base import Engine
from monodepth_ros.errors import ConfigError, ImageError
from monodepth_ros.facts import ModelFacts
from monodepth_ros.frames import RawOutput
from monodepth_ros.ros import compat
from monodepth_ros.ros.calibration import Calibration
from monodepth_ros.ros.camera_scale import CameraScale
from monodepth_ros.ros.conversions import check_stamp, view_image
from monodepth_ros.ros.diagnostics import CameraState, make_status, NodeState, Statistics
from monodepth_ros.ros.floor import Floor
from monodepth_ros.ros.inputs import publishers_of, subscribe, unheard_camera_info
from monodepth_ros.ros.processor import FrameProcessor
from monodepth_ros.ros.publishers import Outputs
from monodepth_ros.ros.rate_limit import RateLimit
from monodepth_ros.ros.throttle import Throttle
from monodepth_ros.ros.witnesses import Witnesses
from monodepth_ros.ros.worker import Task
from rclpy.lifecycle import LifecycleNode
from sensor_msgs.msg import CompressedImage, Image

FAILURES_TO_HALT = 3
"""Failures in a row after which a camera has no more output, instead of going on to fail."""


class CameraStream:
    """
    Take a camera's messages in, and its frames through the stages around the network.

    Attributes:
        name: namespace of its topics, '' for the node's own.
        statistics: what has become of its frames.
        calibration: its intrinsics.
        scale: what its depth is multiplied by.
        outputs: its output topics; None while the node is not configured.
        enabled: whether images are taken at all.
        halted: why there is no more output, after too many failures in a row; else ''.

    """

    def __init__(
        self,
        node: LifecycleNode,
        name: str,
        values: Callable[[], Mapping[str, Any]],
        witnesses: Witnesses,
    ) -> None:
        """
        Make a camera without topics.

        Args:
            node: makes the topics.
            name: namespace of the topics.
            values: gives the node's parameter values by name that hold now.
            witnesses: what the robot knows of distances.

        """
        self.name = name
        self.statistics = Statistics()
        self.calibration = Calibration()
        self.outputs: Optional[Outputs] = None
        self.enabled = True
        self.halted = ''
        self._node = node
        self._values = values
        self._prefix = f'{name}/' if name else ''
        self.scale = CameraScale(node, self._prefix, witnesses)
        self._floor = Floor(node, witnesses)
        self._inputs: list = []
        self._submit: Callable[[Task], None] = _nowhere
        self._processor: Optional[FrameProcessor] = None
        self._failures = 0
        self._frame_id = 'unknown'
        self._rate_limit = RateLimit()
        self._throttle = Throttle()
        self._calibration_throttle = Throttle(period=60.0)

    # Lifecycle, in the executor's thread

    def load_calibration(self) -> Optional[CameraModel]:
        """
        Forget the intrinsics, and take them from a file where the parameters name one.

        Raises:
            CalibrationError: the file cannot be found or used; the message names it.

        """
        self.calibration = Calibration()
        if url := self._values()['camera.info_url']:
            self.calibration.load(url, self.name.strip('/') or _last(self._node.get_namespace()))
        return self.calibration.expected

    def create_outputs(self) -> None:
        """Make the output topics."""
        self.outputs = Outputs(self._node, self._prefix)
        self.scale.create_output()

    def start(self, engine: Engine, submit: Callable[[Task], None]) -> None:
        """Subscribe; from now on frames are submitted as tasks."""
        self.statistics.restart()
        self.halted, self._failures = '', 0
        self._frame_id = 'unknown'
        self.calibration.assume(self._values()['camera.hfov'])
        self.scale.start(engine.facts)
        self._processor = FrameProcessor(
            engine,
            self.outputs,
            self.statistics,
            self.calibration,
            self.scale,
            self._floor,
            self._values,
            lambda: self._node.get_clock().now().nanoseconds,
        )
        self._submit = submit
        self._inputs = subscribe(
            self._node, self._prefix, self._values(), self._on_image, self.calibration.update
        )

    def announce(self, facts: ModelFacts) -> None:
        """Say what the labels mean, where that is news."""
        self.outputs.announce(facts, self._values())

    def stop(self) -> None:
        """Unsubscribe; twice is safe."""
        for subscription in self._inputs:
            self._node.destroy_subscription(subscription)
        self._inputs = []
        self._submit = _nowhere

    def release(self) -> None:
        """Give back the topics; twice is safe."""
        self.stop()
        if self.outputs is not None:
            self.outputs.destroy()
        self.outputs = None
        self.scale.destroy()

    def _on_image(self, msg: Union[Image, CompressedImage]) -> None:
        received = time.monotonic()
        stamp_ns = compat.stamp_to_ns(msg.header.stamp)
        self.statistics.received(stamp_ns)
        self._frame_id = msg.header.frame_id
        if not self.enabled:
            self.statistics.count('disabled')
        elif not self._is_usable(msg):
            return
        elif not self.outputs.listened() and not self.scale.listened():
            self.statistics.count('no_subscriber')
        # A camera without stamps has the time of arrival.
        elif not self._rate_limit.accepts(
            stamp_ns or int(received * 1e9), self._values()['max_rate']
        ):
            self.statistics.count('max_rate')
        elif not self.halted:
            self.statistics.submitted()
            self._floor.hear(self.outputs.listened(), self._values())
            self._submit(Task(self, msg, received))
        else:
            self.statistics.count('halted')

    def _is_usable(self, msg: Union[Image, CompressedImage]) -> bool:
        """Check what can be seen at once; decoding, which takes time, is for the worker."""
        try:
            check_stamp(msg.header)
            if isinstance(msg, Image):
                view_image(msg)
        except ImageError as error:
            self.statistics.count(error.reason)
            self._warn(error)
            return False
        return True

    # Stages of a frame, in the worker's threads

    def refuses(self, task: Task) -> bool:
        """Return whether there is no more output, and count the frame."""
        if self.halted:
            self.statistics.count('halted')
        return bool(self.halted)

    def prepare(self, task: Task) -> None:
        """Bring a frame to the network's input; whatever goes wrong is raised."""
        self._processor.prepare(task)

    def finish(self, task: Task, raw: RawOutput, index: int) -> None:
        """Publish what the network gave for a frame; whatever goes wrong is raised."""
        self._processor.finish(task, raw, index)
        self.statistics.answered()
        self._failures = 0

    def superseded(self, task: Task) -> None:
        """Count a frame that came too soon after the one before."""
        self.statistics.count('superseded')

    def failed(self, task: Task, error: BaseException) -> None:
        """Count and report why a frame was dropped, and halt where that does not end."""
        self.statistics.answered()
        # The input's or a parameter's fault, which the next frame may not have.
        if isinstance(error, (ImageError, ConfigError)):
            self.statistics.count(_reason(error))
            self._warn(error)
            return
        self._failures += 1
        if self._failures >= FAILURES_TO_HALT:
            self.halted = (
                f'stopped after {self._failures} failures in a row, the last one '
                f'{type(error).__name__}: {error}; deactivate and activate the node to try again'
            )
            self._log('error', self.halted)
        elif self._throttle.ready('inference_failed'):
            self._log('error', f'frame dropped: {type(error).__name__}: {error}')
        self.statistics.count('inference_failed')

    # What is said about them

    def _warn(self, error: Union[ImageError, ConfigError]) -> None:
        if self._throttle.ready(_reason(error)):
            self._log('warning', f'frame dropped: {error}')

    def _log(self, level: str, text: str) -> None:
        who = f'{self.name}: ' if self.name else ''
        getattr(self._node.get_logger(), level)(who + text)

    def status(self, node: NodeState) -> DiagnosticStatus:
        """Return the camera's status for /diagnostics; log now and then why there is no cloud."""
        error, topics = self.calibration.error, [s.topic_name for s in self._inputs]
        remedy = str(error or '')
        if error and error.reason == 'uncalibrated' and not self.calibration.heard and topics[1:]:
            remedy = f'{unheard_camera_info(self._node, *topics[:2])}; {remedy}'
        if error and self._inputs and self._calibration_throttle.ready(error.reason):
            self._log('warning', f'no cloud: {remedy}')
        notes = self.calibration.notes
        for note in notes if self._inputs else ():
            if self._calibration_throttle.ready(note):
                self._log('warning', note)
        scale = self.scale.said(self._values()['depth.scale'], self._values())
        if scale.warnings and self._inputs and self._calibration_throttle.ready('scale'):
            self._log('warning', '; '.join(scale.warnings))
        state = CameraState(
            name=self.name,
            enabled=self.enabled,
            halted=self.halted if self._inputs else '',
            calibration=self.calibration.state,
            calibration_remedy=remedy,
            frame_id=self._frame_id,
            unheard=publishers_of(self._node, topics[0]) if topics else '',
            calibration_notes=notes,
            scale=scale,
            floor=self._floor.state,
            floor_problem=self._floor.problem,
        )
        return make_status(node, state, self.statistics.report())


def _last(namespace: str) -> str:
    return namespace.rpartition('/')[2]


def _nowhere(task: Task) -> None:
    """Take no frame, as the node is not active."""


def _reason(error: Union[ImageError, ConfigError]) -> str:
    return error.reason if isinstance(error, ImageError) else 'bad_config'
