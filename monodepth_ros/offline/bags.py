"""Bags as a source: the images of one topic."""

from __future__ import annotations

from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import Any, Collection, Iterator, Optional

from monodepth_ros.errors import DatasetError
from monodepth_ros.offline.jobs import DEFAULT_FPS, failing_job, Intrinsics, Job, Source
from monodepth_ros.offline.messages import deserialize, read_frame, TRANSFORMS
from monodepth_ros.offline.recording import Recording
from monodepth_ros.offline.topics import choose_image_topic, choose_info_topic
from monodepth_ros.offline.transforms import (
    CameraPoses,
    FIXED_FRAMES,
    STATIC_TOPIC,
    Transforms,
)


class BagSource(Source):
    """
    The images of one topic of a bag.

    Args:
        path: folder of a bag, or a single file: .mcap or .db3, also with .zstd, or .bag of ROS 1.
        intrinsics: what the user says about the camera; comes before the bag's CameraInfo.
        image_topic: topic of the images, raw or compressed; '' for the only one.
        camera_info_topic: topic of the intrinsics; '' for camera_info beside the images, or the
            only one.

    Raises:
        ConfigError: an unknown topic, or several to choose from.
        DatasetError: the bag cannot be read, or holds no image.

    """

    default_kinds = ('bag',)
    topics: dict[str, str]
    """Types of the bag's topics, by name."""

    def __init__(
        self,
        path: Path,
        intrinsics: Intrinsics,
        image_topic: str = '',
        camera_info_topic: str = '',
    ) -> None:
        self._recording = Recording(path)
        self.name = self._recording.name
        self._path = path
        self._intrinsics = intrinsics
        topics = self.topics = self._recording.topics
        self._topic = choose_image_topic(path, topics, image_topic)
        self._kind = topics[self._topic]
        self._info_topic, remark = choose_info_topic(path, topics, self._topic, camera_info_topic)
        self._count = self._recording.counts[self._topic]
        self._first_info = self._find_first_info()
        seconds = self._recording.duration_ns * 1e-9
        if not self._count:
            raise DatasetError(f'bag {path} holds no message of {self._topic}')
        # What the user says comes first, so where the bag's come from is of no interest.
        self.remark = '' if intrinsics.known else remark
        self.calibrated = intrinsics.known or self._first_info is not None
        self.fps = (self._count - 1) / seconds if self._count > 1 and seconds else DEFAULT_FPS

    def _find_first_info(self) -> Optional[bytes]:
        messages = self._recording.messages((self._info_topic,))
        return next((message.data for message in messages), None)

    def __len__(self) -> int:
        return self._count

    def jobs(self) -> Iterator[Job]:
        index = 0
        try:
            for time_ns, data, info in self._messages():
                label = f'{self._path} {self._topic} message {index} at {time_ns * 1e-9:.3f} s'
                load = partial(read_frame, data, self._kind, info, self._intrinsics)
                yield Job(f'{self.name}_{index:06}', label, load, time_ns)
                index += 1
        except DatasetError as error:
            yield failing_job(f'{self._path} {self._topic} message {index}', str(error))

    def messages_of(self, topic: str) -> Iterator[bytes]:
        """Yield the CDR bytes of all messages on a topic of `topics`."""
        for message in self._recording.messages((topic,)):
            yield message.data

    def recorded(self, topics: Collection[str]) -> Iterator[tuple[str, Any]]:
        """
        Yield what is on the images' and other topics, in order of time.

        Yields:
            A topic and a message's CDR bytes; for an image '' and what gives its frame, and
            raises as `messages.read_frame` does.

        """
        for message, info in self._among(topics):
            if message.topic == self._topic:
                yield '', partial(read_frame, message.data, self._kind, info, self._intrinsics)
            else:
                yield message.topic, message.data

    def poses(self) -> Optional[CameraPoses]:
        """Return the poses of frames by the bag's /tf and /tf_static; None where it has none."""
        topics = [name for name, kind in self.topics.items() if kind == TRANSFORMS]
        transforms = Transforms()
        with suppress(DatasetError):  # of a truncated bag, what comes before the damage
            for message in self._recording.messages(topics):
                static = message.topic.endswith(STATIC_TOPIC)
                transforms.add(deserialize(message.data, TRANSFORMS), static)
        known = set(FIXED_FRAMES).intersection(transforms.frames)
        return CameraPoses(transforms) if known else None

    def _messages(self):
        """Yield time, image and the latest CameraInfo of every image."""
        for message, info in self._among(()):
            yield message.time_ns, message.data, info

    def _among(self, topics):
        """
        Yield messages of images and other topics, and the latest CameraInfo.

        Images that come before the first CameraInfo have that one: their camera is the same, and
        depth without intrinsics has another scale.
        """
        info = self._first_info
        for message in self._recording.messages((self._topic, self._info_topic, *topics)):
            if message.topic == self._info_topic:
                info = message.data
            else:
                yield message, info
