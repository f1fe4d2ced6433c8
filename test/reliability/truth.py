"""Cameras that sign their images, and a listener that checks each output for the signature."""

from __future__ import annotations

from collections import Counter, deque
from dataclasses import dataclass
from functools import partial
import time
from typing import Callable, Collection

import cv2
from monodepth_ros.camera import PinholeCamera
from monodepth_ros.ros import compat
from monodepth_ros.ros.conversions import pinhole_to_camera_info
from monodepth_ros.ros.publishers import EXTRA_TOPICS, TOPICS
import numpy as np
from rclpy.node import Node
from rclpy.qos import QoSProfile
from sensor_msgs.msg import CameraInfo, Image
from std_msgs.msg import Header
import watermark

QUEUE = 10
REMEMBERED = 5_000
"""Images that a camera remembers; outputs of older ones count as wrong."""
FOCAL_SHARE = 0.866
"""Focal length over width, of a view of 60 degrees."""
MOST_TEXTS = 20
CAMERAS = 10
"""Cameras at most: the last digit of a stamp says whose it is."""


@dataclass(frozen=True)
class Sent:
    """One image: its place in the order of sending, and when that was."""

    number: int
    at: float


class WatermarkCamera:
    """
    Publish images that show their stamp, and their intrinsics.

    Attributes:
        name: namespace of its topics, '' for none.
        size: width and height of the next image.
        encoding: of the next image.
        info_every: images for each message of intrinsics, beside one at each change of size.
        shift_ns: what is added to the time of the day to make a stamp; a jump in time.
        is_on: whether it sends.
        count: images sent.

    """

    def __init__(self, node: Node, name: str = '', place: int = 0, size=(64, 48)):
        """Make a camera on `node`, without topics; `place` is its number among all."""
        self.name, self.size, self.encoding = name, size, 'rgb8'
        self.shift_ns, self.is_on, self.count, self.info_every = 0, True, 0, 1
        self.frame_id = f'{name}_optical'
        self._node, self._place = node, place
        self._told: tuple[int, int] | None = None
        self._sent: dict[int, Sent] = {}
        self._publishers: list = []

    def plug_in(self) -> None:
        """Make the topics."""
        prefix = f'{self.name}/' if self.name else ''
        self._publishers = [
            self._node.create_publisher(kind, prefix + topic, QoSProfile(depth=QUEUE))
            for kind, topic in ((CameraInfo, 'camera_info'), (Image, 'image_raw'))
        ]

    def unplug(self) -> None:
        """Take the topics down."""
        for publisher in self._publishers:
            self._node.destroy_publisher(publisher)
        self._publishers = []

    @property
    def is_heard(self) -> bool:
        """Whether a node has subscribed to both topics."""
        return all(publisher.get_subscription_count() for publisher in self._publishers)

    def send(self) -> int:
        """Publish an image and its intrinsics; return the stamp."""
        width, height = self.size
        stamp_ns = self._next_stamp()
        msg = watermark.make_message(stamp_ns, self.frame_id, width, height, self.encoding)
        if self.count % self.info_every == 0 or self.size != self._told:
            self._publishers[0].publish(_intrinsics(msg.header, width, height))
            self._told = self.size
        self._sent[stamp_ns] = Sent(self.count, time.monotonic())
        self.count += 1
        if len(self._sent) > REMEMBERED:
            del self._sent[next(iter(self._sent))]
        self._publishers[1].publish(msg)
        return stamp_ns

    def _next_stamp(self) -> int:
        """Return a stamp that this camera has not used and no other one will."""
        stamp_ns = (time.time_ns() + self.shift_ns) // CAMERAS * CAMERAS + self._place
        while stamp_ns in self._sent:
            stamp_ns += CAMERAS
        return stamp_ns

    def sent(self, stamp_ns: int) -> Sent | None:
        """Return what is known of the image with this stamp."""
        return self._sent.get(stamp_ns)


def _intrinsics(header: Header, width: int, height: int) -> CameraInfo:
    f = FOCAL_SHARE * width
    pinhole = PinholeCamera(width, height, f, f, (width - 1) / 2, (height - 1) / 2)
    return pinhole_to_camera_info(header, pinhole)


class Checker:
    """
    Listen to the outputs of cameras, and check each one against the board that it shows.

    Attributes:
        checked: messages checked, by topic.
        wrong: messages that were not true, by what was wrong.
        texts: the first of them in words.
        latencies: seconds from sending an image to the arrival of its depth, until taken away.
        newest: number of the last image of each camera of which depth has come.
        depths: number of each camera's image of which depth came, in order, where `keeps_order`.

    """

    def __init__(
        self,
        node: Node,
        cameras: Collection[WatermarkCamera],
        topics: Collection[str] = tuple(TOPICS),
        keeps_order: bool = False,
    ):
        """Subscribe to the cameras' output topics, of `publishers.TOPICS` and `EXTRA_TOPICS`."""
        self.checked: Counter = Counter()
        self.wrong: Counter = Counter()
        self.texts: list[str] = []
        self.latencies: list[float] = []
        self.newest = {camera.name: -1 for camera in cameras}
        self.depths: dict[str, list[int]] = {camera.name: [] for camera in cameras}
        self._keeps_order = keeps_order
        self._last: dict[tuple[str, str], int] = {}
        self._sizes: dict[str, deque] = {
            camera.name: deque(maxlen=2 * QUEUE) for camera in cameras
        }
        for camera in cameras:
            prefix = f'{camera.name}/' if camera.name else ''
            for topic in topics:
                node.create_subscription(
                    {**TOPICS, **EXTRA_TOPICS}[topic],
                    prefix + topic,
                    partial(self._on_message, camera, topic),
                    QoSProfile(depth=QUEUE),
                )

    @property
    def frames(self) -> int:
        """Depth images whose board was compared with their stamp."""
        return self.checked['depth/image_rect']

    def _on_message(self, camera: WatermarkCamera, topic: str, msg) -> None:
        self.checked[topic] += 1
        stamp_ns = compat.stamp_to_ns(msg.header.stamp)
        try:
            reason = self._judge(camera, topic, msg, stamp_ns)
        except watermark.UnreadableBoardError as error:
            reason = f'unreadable: {error}'
        if reason:
            self.wrong[f'{topic}: {reason.split(":")[0]}'] += 1
            if len(self.texts) < MOST_TEXTS:
                self.texts.append(f'{camera.name}/{topic} at {stamp_ns}: {reason}')

    def _judge(self, camera, topic, msg, stamp_ns) -> str:
        """Return what is wrong with a message, or ''."""
        sent = camera.sent(stamp_ns)
        if sent is None:
            return 'no image of this camera has this stamp'
        if msg.header.frame_id != camera.frame_id:
            return f'foreign frame: {msg.header.frame_id!r} in place of {camera.frame_id!r}'
        last = self._last.get((camera.name, topic), -1)
        self._last[camera.name, topic] = sent.number
        if sent.number <= last:
            return f'order: image {sent.number} came after image {last}'
        if topic in _BOARDS:
            shown = _BOARDS[topic](msg)
            if shown != stamp_ns:
                return f'foreign image: it shows {shown}, {(shown - stamp_ns) / 1e9:+.3f} s away'
        if topic == 'depth/image_rect':
            self._note_depth(camera, sent)
        of_other_size = topic.startswith('small/') or not isinstance(msg, (CameraInfo, Image))
        return '' if of_other_size else self._judge_size(camera, msg, stamp_ns)

    def _note_depth(self, camera, sent):
        self.latencies.append(time.monotonic() - sent.at)
        self.newest[camera.name] = sent.number
        if self._keeps_order:
            self.depths[camera.name].append(sent.number)

    def _judge_size(self, camera, msg, stamp_ns) -> str:
        """Check that what is said of one frame is of one size."""
        size = msg.width, msg.height
        other = next((s for stamp, s in self._sizes[camera.name] if stamp == stamp_ns), None)
        if other is None:
            self._sizes[camera.name].append((stamp_ns, size))
        elif other != size:
            return f'size: {size} beside {other} of the same frame'
        return ''


def _grey(msg: Image) -> int:
    return watermark.read(np.frombuffer(msg.data, np.uint8).reshape(msg.height, msg.width))


def _color(msg: Image) -> int:
    pixels = np.frombuffer(msg.data, np.uint8).reshape(msg.height, msg.width, 3)
    return watermark.read(pixels[..., 1])


def _depth(msg: Image) -> int:
    kind = {'32FC1': np.float32, '16UC1': np.uint16}[msg.encoding]
    depth = np.frombuffer(msg.data, kind).reshape(msg.height, msg.width)
    return watermark.read(depth, is_depth=True)


def _points(msg) -> int:
    """Read both the distance and the colour of the points; they must agree."""
    words = np.frombuffer(msg.data, np.uint8).reshape(msg.height, msg.width, msg.point_step)
    offset = {field.name: field.offset for field in msg.fields}
    z = np.ascontiguousarray(words[..., slice(offset['z'], offset['z'] + 4)]).view(np.float32)[
        ..., 0
    ]
    far, bright = watermark.read(z, is_depth=True), watermark.read(words[..., offset['rgb']])
    if far != bright:
        raise watermark.UnreadableBoardError(f'depth shows {far} and colour {bright}')
    return far


def _file(msg) -> int:
    pixels = cv2.imdecode(np.frombuffer(msg.data, np.uint8), cv2.IMREAD_UNCHANGED)
    return watermark.read(pixels if pixels.ndim == 2 else pixels[..., 1])


def _depth_file(msg) -> int:
    values = cv2.imdecode(np.frombuffer(msg.data, np.uint8)[12:], cv2.IMREAD_UNCHANGED)
    is_inverse = msg.format.startswith('32FC1')
    return watermark.read(10100 / (values + 100.0) if is_inverse else values, is_depth=True)


_BOARDS: dict[str, Callable[[object], int]] = {
    'depth/image_rect': _depth,
    'depth/points': _points,
    'segmentation/mask': _grey,
    'segmentation/color_mask': _color,
    'segmentation/overlay': _color,
    'depth/image_rect_color': _color,
    'small/mask': _grey,
    'small/points': _points,
    'depth/image_rect/compressedDepth': _depth_file,
    'depth/image_rect_color/compressed': _file,
    'segmentation/mask/compressed': _file,
    'segmentation/color_mask/compressed': _file,
    'segmentation/overlay/compressed': _file,
}
"""How the board of each topic is read; the others, as camera_info, show none."""
