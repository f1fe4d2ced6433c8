"""The thread that runs the network, so that the executor's thread never does."""

from __future__ import annotations

from dataclasses import dataclass
import threading
import time
from typing import Any, Callable, Mapping, Union

from monodepth_ros.engines.base import Engine
from monodepth_ros.errors import ConfigError, ImageError
from monodepth_ros.frames import Frame
from monodepth_ros.pipeline.predictor import Predictor
from monodepth_ros.ros.calibration import Calibration
from monodepth_ros.ros.compat import stamp_to_ns
from monodepth_ros.ros.conversions import image_to_rgb
from monodepth_ros.ros.diagnostics import Statistics
from monodepth_ros.ros.frame_mailbox import Mailbox
from monodepth_ros.ros.parameters import predictor_options
from monodepth_ros.ros.publishers import Outputs
from sensor_msgs.msg import CompressedImage, Image

FAILURES_TO_HALT = 3
"""Failures in a row after which the node stops its output instead of going on to fail."""

STOP_TIMEOUT_S = 4.0
"""How long a transition waits for the frame in hand: less than the 5 s after which `ros2 launch`
and Nav2's lifecycle manager lose patience."""


@dataclass(frozen=True)
class Job:
    """An image message, and when it came by the clock `time.monotonic`."""

    image: Union[Image, CompressedImage]
    received: float


class FrameProcessor:
    """Take one image message all the way to published outputs."""

    def __init__(
        self,
        engine: Engine,
        outputs: Outputs,
        statistics: Statistics,
        calibration: Calibration,
        values: Callable[[], Mapping[str, Any]],
        now_ns: Callable[[], int],
    ) -> None:
        """
        Join the parts.

        Args:
            engine: runs the network; this object is its only user from now on.
            outputs: publishes the results.
            statistics: counts them.
            calibration: gives the intrinsics of each image.
            values: gives the parameter values by name that hold for the next frame.
            now_ns: gives the ROS time in nanoseconds.

        """
        self._predictor = Predictor(engine)
        self._outputs = outputs
        self._statistics = statistics
        self._calibration = calibration
        self._values = values
        self._now_ns = now_ns

    def __call__(self, job: Job) -> None:
        """Predict and publish; whatever goes wrong is raised."""
        values = self._values()
        self._predictor.options = predictor_options(values)
        stamp_ns = stamp_to_ns(job.image.header.stamp)
        image = image_to_rgb(job.image)
        frame = Frame(
            image=image,
            camera=self._calibration.camera(image.shape[1], image.shape[0]),
            stamp_ns=stamp_ns,
            frame_id=job.image.header.frame_id,
        )
        prediction = self._predictor.predict(frame)
        self._statistics.count('processed')
        self._outputs.publish(prediction, self._predictor.engine.facts, values)
        now_ns = self._now_ns()
        # Without a stamp, or with use_sim_time before the first /clock, its age is not known.
        age = (now_ns - stamp_ns) * 1e-9 if stamp_ns and now_ns else None
        self._statistics.published(age, time.monotonic() - job.received)


class Worker:
    """
    Run `process` on the newest job in a thread of its own.

    Attributes:
        halted: why there is no more output, after too many failures in a row; else ''.

    """

    def __init__(
        self,
        process: Callable[[Job], None],
        statistics: Statistics,
        report_failure: Callable[[Exception], None],
    ) -> None:
        self._process = process
        self._statistics = statistics
        self._report_failure = report_failure
        self._mailbox: Mailbox[Job] = Mailbox()
        self._failures = 0
        self._stopping = False
        self.halted = ''
        self._thread = threading.Thread(target=self._run, name='monodepth_worker', daemon=True)
        self._thread.start()

    def submit(self, job: Job) -> None:
        """Hand over a job and return at once; it replaces one that has not been begun."""
        if self.halted:
            self._statistics.count('halted')
        elif self._mailbox.put(job) is not None:
            self._statistics.count('superseded')

    def stop(self, timeout: float) -> bool:
        """Finish the job in hand, drop the next, end the thread; return whether it has ended."""
        self._stopping = True
        self._mailbox.close()
        self._thread.join(timeout)
        return not self.is_alive

    @property
    def is_alive(self) -> bool:
        """Whether the thread, and with it perhaps the network, still runs."""
        return self._thread.is_alive()

    def _run(self) -> None:
        while (job := self._mailbox.take()) is not None:
            if self.halted:
                self._statistics.count('halted')
                continue
            try:
                self._process(job)
                self._failures = 0
            # The input's or a parameter's fault, which the next frame may not have.
            except ImageError as error:
                self._drop(error, error.reason)
            except ConfigError as error:
                self._drop(error, 'bad_config')
            # The thread must outlive whatever an engine or a driver raises; it is counted and
            # reported, and ends the output when it does not stop.
            except Exception as error:
                self._fail(error)

    def _fail(self, error: Exception) -> None:
        self._failures += 1
        if self._failures >= FAILURES_TO_HALT:
            self.halted = (
                f'stopped after {self._failures} failures in a row, the last one '
                f'{type(error).__name__}: {error}; deactivate and activate the node to try again'
            )
        self._drop(error, 'inference_failed')

    def _drop(self, error: Exception, reason: str) -> None:
        # What a frame does that was left behind, with its topics gone, is nobody's concern.
        if not self._stopping:
            self._statistics.count(reason)
            self._report_failure(error)
