"""A node process that is sent anything, and asked in between for the depth of a good image."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
import itertools
import os
from pathlib import Path
import re
import time
from typing import Any, Optional, Sequence, Union

from builtin_interfaces.msg import Time
import cv2
from diagnostic_msgs.msg import DiagnosticArray
from fuzz_messages import Message
from monodepth_ros.ros import compat, fastdds
from monodepth_ros.ros.diagnostics import DROP_REASONS, IGNORE_REASONS
from monodepth_ros.ros.publishers import TOPICS
from node_process import FORMULA, NodeProcess, REAL
import numpy as np
import rclpy
from rclpy.executors import SingleThreadedExecutor
from rclpy.qos import QoSProfile, QoSReliabilityPolicy
from rclpy.serialization import serialize_message
from sensor_msgs.msg import CameraInfo, CompressedImage, Image
from std_msgs.msg import Header

PATIENCE_S = 240.0
"""Seconds after which something that must happen has not, on a machine with much else to do."""
PERIOD_S = 0.1
"""Seconds between two diagnostics."""
ROOM = 1000
"""Messages that wait in the middleware for the node, so that each one reaches it."""
INPUT_PIXELS = 128 * 96
"""Of the network: a small one has time for more images."""
PAUSE_S = 0.001
"""Seconds between two messages."""
PROBE_SECONDS = 1_800_000_000
"""Stamps of good images count from here, in seconds."""
UNUSUAL = ('inference_failed', 'halted', 'disabled', 'no_subscriber', 'max_rate')
"""What no message may bring about: the network ran well, and everything was asked for."""

KINDS = ('image', 'info', 'damaged')

PICTURES = ((64, 48), (80, 60), (32, 24))
"""(width, height) of the good images."""


_NUMBERS = itertools.count()


class FuzzFailure(Exception):
    """The node has died, miscounted, or given another output than before."""


@dataclass
class Parcel:
    """
    Something to send.

    Attributes:
        kind: one of `KINDS`: an image of the transport, a CameraInfo, or bytes for the topic of
            the images that are perhaps no message.
        content: the message, or what the middleware carries.

    """

    kind: str
    content: Union[Message, bytes]

    @classmethod
    def of(cls, msg: Message) -> Parcel:
        """Return a message in its parcel."""
        return cls('info' if isinstance(msg, CameraInfo) else 'image', msg)

    def encode(self) -> bytes:
        """Return the content as the middleware carries it."""
        is_raw = isinstance(self.content, bytes)
        return self.content if is_raw else serialize_message(self.content)


class FuzzedNode:
    """
    The node with `image_transport` raw or compressed, a sender and a listener on all outputs.

    Attributes:
        sent: how much was sent, by `KINDS`.
        counts: what the node's last diagnostics count.
        probes: good images sent.

    """

    def __init__(self, log: Path, transport: str, model: Optional[Path] = None) -> None:
        """
        Start the node, and wait until it serves.

        Args:
            log: file for what the node writes.
            transport: value of `image_transport`.
            model: weights for the real network; None for a formula.

        """
        fastdds.use_default_profile()
        self._transport = transport
        # Apart from other nodes of this machine, even where they share the domain.
        self._space = f'/fuzz_{os.getpid()}_{next(_NUMBERS)}'
        topic = f'{self._space}/image_raw' + '/compressed' * (transport == 'compressed')
        self._process = NodeProcess(
            log,
            *_arguments(self._space, transport, topic, model),
            program=FORMULA if model is None else REAL,
        )
        self._context = rclpy.Context()
        self._context.init()
        self._node = rclpy.create_node('fuzz', context=self._context)
        self._executor = SingleThreadedExecutor(context=self._context)
        self._executor.add_node(self._node)
        kind = CompressedImage if transport == 'compressed' else Image
        self._images = self._node.create_publisher(kind, topic, _reliable(ROOM))
        self._infos = self._node.create_publisher(
            CameraInfo, f'{self._space}/camera_info', _reliable(ROOM)
        )
        self._listeners = [self._listen(name) for name in TOPICS]
        self._node.create_subscription(DiagnosticArray, '/diagnostics', self._on_status, 10)
        self.sent: Counter = Counter()
        self.counts: dict[str, int] = {}
        self._values: dict[str, str] = {}
        self._status_stamp = 0
        self._statuses = 0
        self.probes = 0
        self._read_after_all = self._damaged_before = 0
        self._outputs: dict[int, dict[str, Any]] = {}
        self._wait(self._is_matched, 'the node')
        self._expected = {index: self._serve(index) for index in range(len(PICTURES))}

    def __enter__(self) -> FuzzedNode:
        return self

    def __exit__(self, *_) -> None:
        """End the node and this side's middleware."""
        self._process.kill()
        self._executor.shutdown()
        self._node.destroy_node()
        self._context.try_shutdown()

    def _listen(self, name):
        def on_message(msg):
            # Of the other images that came through, none has a stamp of these.
            stamp = compat.stamp_to_ns(msg.header.stamp)
            if stamp in self._outputs:
                self._outputs[stamp][name] = msg

        topic = f'{self._space}/{name}'
        return self._node.create_subscription(TOPICS[name], topic, on_message, _reliable(10))

    def _on_status(self, msg):
        if not msg.status[0].name.startswith(f'{self._space[1:]}/'):
            return
        self._values = {pair.key: pair.value for pair in msg.status[0].values}
        self._status_stamp = compat.stamp_to_ns(msg.header.stamp)
        self._statuses += 1
        names = ['received', 'published', 'lost_upstream']
        self.counts = {name: int(self._values[name]) for name in names}
        self.counts.update({r: int(self._values[f'dropped.{r}']) for r in DROP_REASONS})
        self.counts.update({r: int(self._values[f'ignored.{r}']) for r in IGNORE_REASONS})

    def _is_matched(self):
        topics = [f'{self._space}/{name}' for name in TOPICS]
        return (
            self._images.get_subscription_count()
            and self._infos.get_subscription_count()
            and all(listener.get_publisher_count() for listener in self._listeners)
            and all(self._node.count_subscribers(topic) for topic in topics)
            and self._statuses > 2
            and self._values['state'] == 'active'
        )

    def resident_kb(self) -> int:
        """Return the memory that the node has in use."""
        status = Path(f'/proc/{self._process.process.pid}/status')
        if not status.exists():
            return 0
        return int(re.search(r'^VmRSS:\s*(\d+)', status.read_text(), re.MULTILINE)[1])

    def told(self) -> dict[str, int]:
        """Return what the node counts, without the zeros."""
        return {name: count for name, count in self.counts.items() if count}

    def _spin(self, seconds: float = 0.0) -> None:
        """Take in what has come, for some time."""
        until = time.monotonic() + seconds
        while True:
            self._executor.spin_once(timeout_sec=max(0.0, until - time.monotonic()))
            if time.monotonic() >= until:
                return

    def _wait(self, condition, what: str) -> None:
        deadline = time.monotonic() + PATIENCE_S
        while not condition():
            code = self._process.process.poll()
            if code is not None:
                raise FuzzFailure(f'the node has died with {code}: {self._last_words()}')
            if time.monotonic() > deadline:
                raise FuzzFailure(
                    f'waited {PATIENCE_S:g} s in vain for {what}; sent {dict(self.sent)}, the '
                    f'node counts {self.counts}: {self._last_words()}'
                )
            self._executor.spin_once(timeout_sec=0.02)

    def _last_words(self):
        return self._process.log.read_text(errors='replace')[-2000:]

    def send(self, batch: Sequence[Parcel]) -> None:
        """Send what is in parcels, at rate."""
        for parcel in batch:
            self.sent[parcel.kind] += 1
            (self._infos if parcel.kind == 'info' else self._images).publish(parcel.content)
            self._spin(PAUSE_S)

    def check(self) -> None:
        """
        Serve a good image, compare its outputs with those of the first time, and the counts.

        Raises:
            FuzzFailure: something is not as it must be.

        """
        index = self.probes % len(PICTURES)
        outputs = self._serve(index)
        changed = [name for name in TOPICS if outputs[name] != self._expected[index][name]]
        if changed:
            raise FuzzFailure(f'a good image after them has another {", ".join(changed)}')
        told = self._statuses
        self._wait(lambda: self._statuses > told + 1, 'diagnostics')
        self._wait(self._is_accounted, 'every image to be accounted for')
        self._read_after_all = self.counts['received'] - self.sent['image']
        self._damaged_before = self.sent['damaged']
        unusual = {name: self.counts[name] for name in UNUSUAL if self.counts[name]}
        if unusual:
            raise FuzzFailure(f'the node counts {unusual}: {self._last_words()}')

    def _is_accounted(self):
        """Whether each image has come, and was published or dropped for a reason."""
        # Some of what is damaged can be read all the same.
        more = self.counts['received'] - self.sent['image'] - self._read_after_all
        ended = sum(self.counts[name] for name in (*DROP_REASONS, *IGNORE_REASONS, 'published'))
        arrived = 0 <= more <= self.sent['damaged'] - self._damaged_before
        return arrived and self.counts['received'] == ended

    def _serve(self, index: int) -> dict[str, bytes]:
        """Send intrinsics and image `index`; return the outputs but for their stamps, as bytes."""
        self.probes += 1
        stamp = Time(sec=PROBE_SECONDS + self.probes, nanosec=self.probes)
        header = Header(stamp=stamp, frame_id='good_optical_frame')
        self._infos.publish(_good_info(header, *PICTURES[index]))
        self._wait_until_known()
        key = compat.stamp_to_ns(stamp)
        self._outputs[key] = {}
        self.sent['image'] += 1
        self._images.publish(_good_image(header, *PICTURES[index], self._transport))
        self._wait(lambda: len(self._outputs[key]) == len(TOPICS), 'the outputs of a good image')
        messages = self._outputs.pop(key)
        wrong = [name for name, msg in messages.items() if msg.header != header]
        if wrong:
            raise FuzzFailure(f'stamp or frame is not that of the image: {", ".join(wrong)}')
        return {name: _content(msg) for name, msg in messages.items()}

    def _wait_until_known(self):
        """
        Wait until the node has taken in all that was sent to it on camera_info.

        The node tells its status in the thread that takes in messages: after the second status
        since the middleware has handed over a message, the message has been taken.
        """
        deadline = time.monotonic() + PATIENCE_S
        while not self._infos.wait_for_all_acked(rclpy.duration.Duration(seconds=0.01)):
            self._spin()
            if time.monotonic() > deadline:
                raise FuzzFailure(f'the node takes no camera_info: {self._last_words()}')
        now, seen = time.time_ns(), []

        def is_known():
            if self._status_stamp > now and self._status_stamp not in seen:
                seen.append(self._status_stamp)
            return len(seen) >= 2

        self._wait(is_known, 'diagnostics')


def _arguments(space, transport, topic, model):
    parameters = {
        'image_transport': transport,
        'input_reliability': 'reliable',
        'diagnostics.period': PERIOD_S,
        f'qos_overrides.{topic}.subscription.depth': ROOM,
        f'qos_overrides.{space}/camera_info.subscription.depth': ROOM,
        'max_input_pixels': INPUT_PIXELS,
    }
    if model is not None:
        parameters |= {'model': str(model), 'engine': 'torch', 'threads': 1}
    words = ['-r', f'__ns:={space}']
    return words + [w for name, value in parameters.items() for w in ('-p', f'{name}:={value}')]


def _content(msg):
    """Return all of a message but its header; as CDR, what lies between fields is anything."""
    values = (getattr(msg, name) for name in msg.get_fields_and_field_types() if name != 'header')
    return b'\0'.join(
        value.tobytes() if hasattr(value, 'tobytes') else repr(value).encode() for value in values
    )


def _reliable(depth):
    return QoSProfile(depth=depth, reliability=QoSReliabilityPolicy.RELIABLE)


def _good_info(header, width, height):
    focal, cx, cy = 0.866 * width, (width - 1) / 2, (height - 1) / 2
    return CameraInfo(
        header=header,
        width=width,
        height=height,
        distortion_model='plumb_bob',
        d=[-0.05, 0.01, 0.0, 0.0, 0.0],
        k=[focal, 0.0, cx, 0.0, focal, cy, 0.0, 0.0, 1.0],
        r=[1.0, 0.0, 0.0, 0.0, 1.0, 0.0, 0.0, 0.0, 1.0],
        p=[focal, 0.0, cx, 0.0, 0.0, focal, cy, 0.0, 0.0, 0.0, 1.0, 0.0],
    )


def _good_image(header, width, height, transport):
    coarse = np.random.default_rng(width).integers(0, 256, (4, 4, 3), np.uint8)
    pixels = coarse[np.arange(height) * 4 // height][:, np.arange(width) * 4 // width]
    if transport == 'raw':
        return compat.make_image(header, pixels, 'rgb8')
    msg = CompressedImage(header=header, format='rgb8; png compressed bgr8')
    msg.data.frombytes(cv2.imencode('.png', pixels[..., ::-1])[1].tobytes())
    return msg
