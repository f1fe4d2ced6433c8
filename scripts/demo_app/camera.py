"""Process that publishes the demo's frames like a camera driver: Image rgb8 and CameraInfo."""

from __future__ import annotations

import math
import signal
import sys
import threading
import time
from typing import Iterator

from demo_app.plan import Plan
from demo_app.sources import open_source, SourceFrame
from monodepth_ros.camera import CameraModel, load_calibration
from monodepth_ros.errors import ConfigError, MonodepthError
from monodepth_ros.processes import say
from monodepth_ros.ros import compat
import rclpy
from rclpy.qos import QoSProfile, QoSReliabilityPolicy
from rclpy.signals import SignalHandlerOptions
from sensor_msgs.msg import CameraInfo, Image
from std_msgs.msg import Header

FRAME_ID = 'camera_optical_frame'
# Time for the other side to know of this one, and for a first CameraInfo to be taken in.
SETTLE_S = 0.5


def make_camera_info(camera: CameraModel, header: Header) -> CameraInfo:
    """Return the message of a camera driver with these intrinsics."""
    pinhole = camera.rectified
    row = [pinhole.fx, 0.0, pinhole.cx, 0.0, 0.0, pinhole.fy, pinhole.cy, 0.0, 0.0, 0.0, 1.0, 0.0]
    is_pinhole = camera.model == 'none'
    return CameraInfo(
        header=header,
        width=camera.width,
        height=camera.height,
        distortion_model='plumb_bob' if is_pinhole else camera.model,
        d=[0.0] * 5 if is_pinhole else list(camera.distortion),
        k=list(camera.matrix),
        r=list(camera.rotation),
        p=list(camera.projection or row),
    )


def assumed_camera(width: int, height: int, focal_share: float) -> CameraModel:
    """Return a pinhole camera with square pixels and its axis through the image's centre."""
    f = focal_share * width
    k = (f, 0.0, (width - 1) / 2, 0.0, f, (height - 1) / 2, 0.0, 0.0, 1.0)
    return CameraModel(width, height, k)


class Pacer:
    """Say when frames are due; a late frame does not make the ones after it hurry."""

    def __init__(self, rate: float):
        self._period = 1.0 / rate if rate else 0.0
        self._due = time.monotonic()

    def remaining(self) -> float:
        """Return the seconds until the next frame is due, 0 if it is."""
        return max(0.0, self._due - time.monotonic())

    def begin(self) -> None:
        """Count the next frame as begun now."""
        self._due = max(self._due, time.monotonic()) + self._period


class Camera:
    """Publish a source's frames until it ends, time is up or `stopping` is set."""

    def __init__(self, plan: Plan, stopping: threading.Event):
        self._plan = plan
        self._stopping = stopping
        self._source = open_source(plan)
        self._calibration = load_calibration(plan.calibration) if plan.calibration else None
        self._node = rclpy.create_node('demo_camera')
        # Reliable, as most camera drivers: it fits best-effort and reliable readers.
        qos = QoSProfile(depth=5, reliability=QoSReliabilityPolicy.RELIABLE)
        self._images = self._node.create_publisher(Image, 'image_raw', qos)
        self._infos = self._node.create_publisher(CameraInfo, 'camera_info', qos)
        self._published = 0

    @property
    def rate(self) -> float:
        """Frames a second; 0 for as they come."""
        return self._plan.rate or self._source.rate

    def expected(self) -> int:
        """Return how many frames a whole run has; 0 where that is not known."""
        if self._plan.duration:
            return int(self._plan.duration * self.rate)
        return self._source.length

    def run(self) -> None:
        """Wait for the node, then publish."""
        publishers = (self._images, self._infos)
        while not all(p.get_subscription_count() for p in publishers):
            if self._stopping.wait(0.05):
                return
        self._stopping.wait(SETTLE_S)
        say(expected=self.expected())
        with open(self._plan.stamps, 'a', buffering=1) as stamps:
            for frame in self._paced():
                self._publish(frame, stamps)

    def _paced(self) -> Iterator[SourceFrame]:
        """Yield each frame when it is due, until the source ends, time is up or we are stopped."""
        pacer = None
        for frame in self._frames():
            if pacer is None:
                self._introduce(frame)
                pacer = Pacer(self.rate)
                end = time.monotonic() + (self._plan.duration or math.inf)
            # A camera does not wait: frames that come too early are passed over.
            if self._plan.kind == 'camera' and pacer.remaining():
                continue
            if self._stopping.wait(pacer.remaining()) or time.monotonic() >= end:
                return
            pacer.begin()
            yield frame

    def _frames(self) -> Iterator[SourceFrame]:
        while True:
            frame = None
            for frame in self._source.frames():
                yield frame
            if frame is None:
                raise ConfigError(f'{self._plan.kind} {self._plan.source} gives no image')
            if not self._plan.duration or self._plan.kind == 'camera':
                return

    def _header(self):
        stamp = compat.ns_to_stamp(time.time_ns())
        return Header(stamp=stamp, frame_id=FRAME_ID)

    def _info(self, header, frame):
        height, width = frame.image.shape[:2]
        camera = self._calibration or assumed_camera(width, height, self._plan.focal_share)
        return make_camera_info(camera, header)

    def _introduce(self, frame):
        """Let the node know the intrinsics before the first image."""
        self._infos.publish(self._info(self._header(), frame))
        self._stopping.wait(SETTLE_S)

    def _publish(self, frame, stamps):
        header = self._header()
        info = self._info(header, frame)
        image = compat.make_image(header, frame.image, 'rgb8')
        stamps.write(f'{compat.stamp_to_ns(header.stamp)}\t{frame.truth}\n')
        self._infos.publish(info)
        self._images.publish(image)
        self._published += 1
        say(published=self._published)


def main(plan_path: str) -> int:
    """Publish; SIGINT ends that, and SIGTERM ends the process. Return the exit status."""
    stopping, leaving = threading.Event(), threading.Event()
    signal.signal(signal.SIGINT, lambda *_: stopping.set())
    signal.signal(signal.SIGTERM, lambda *_: (stopping.set(), leaving.set()))
    rclpy.init(signal_handler_options=SignalHandlerOptions.NO)
    try:
        Camera(Plan.load(plan_path), stopping).run()
    except MonodepthError as error:
        say(failed=f'camera: {error}')
        return 1
    say(ended=True)
    # The last images are read out of this process's memory, so it stays until told to go.
    leaving.wait()
    return 0


if __name__ == '__main__':
    sys.exit(main(sys.argv[1]))
