"""Bags as a source: the images of one topic."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, Collection, Iterable, Iterator, Optional

from monodepth_ros.errors import DatasetError
from monodepth_ros.offline.jobs import (
    check_here,
    DEFAULT_FPS,
    failing_job,
    Held,
    Intrinsics,
    Job,
    Listed,
    Source,
    Stretch,
)
from monodepth_ros.offline.messages import deserialize, read_frame, TRANSFORMS
from monodepth_ros.offline.order import Cut
from monodepth_ros.offline.recording import Message, Recording
from monodepth_ros.offline.topics import choose_image_topic, choose_info_topic
from monodepth_ros.offline.transforms import (
    CameraPoses,
    FIXED_FRAMES,
    STATIC_TOPIC,
    Transforms,
)


@dataclass(frozen=True)
class Images:
    """
    The images of a bag, as other processes are told of them.

    Attributes:
        path: of the bag.
        name: what the names of the jobs begin with.
        topic: of the images.
        kind: type of the images.
        info_topic: of their intrinsics.
        first_info: CDR bytes of the first CameraInfo, or None.
        intrinsics: what the user says about the camera.

    """

    path: Path
    name: str
    topic: str
    kind: str
    info_topic: str
    first_info: Optional[bytes]
    intrinsics: Intrinsics

    def jobs(
        self, messages: Iterable[Message], info: Optional[bytes], index: int = 0
    ) -> Iterator[Job]:
        """
        Yield the jobs of messages; damage is a last job that fails.

        Args:
            messages: of both topics.
            info: CDR bytes of the CameraInfo before them, or None.
            index: of the first image.

        """
        try:
            for message, latest in with_info(messages, self.info_topic, info):
                where = f'message {index} at {message.time_ns * 1e-9:.3f} s'
                load = partial(read_frame, message.data, self.kind, latest, self.intrinsics)
                label = f'{self.path} {self.topic} {where}'
                yield Job(f'{self.name}_{index:06}', label, load, message.time_ns)
                index += 1
        except DatasetError as error:
            yield self.failure(index, error)

    def failure(self, index: int, error: Exception) -> Job:
        """Return the job that stands for images that cannot be read."""
        return failing_job(f'{self.path} {self.topic} message {index}', str(error))


def with_info(
    messages: Iterable[Message], info_topic: str, info: Optional[bytes]
) -> Iterator[tuple[Message, Optional[bytes]]]:
    """
    Yield messages of other topics with the latest CameraInfo.

    Images that come before the first CameraInfo have that one: their camera is the same, and
    depth without intrinsics has another scale.
    """
    for message in messages:
        if message.topic == info_topic:
            info = message.data
        else:
            yield message, info


@dataclass(frozen=True)
class BagStretch(Stretch):
    """Images of a bag that follow each other.

    Attributes:
        images: of the whole bag.
        cut: which of them.

    """

    images: Images
    cut: Cut

    def jobs(self, held: Held) -> Iterator[Job]:
        images, cut = self.images, self.cut
        count = 0
        check_here(images.path)
        try:
            recording = held.get(images.path, lambda: Recording(images.path).hold())
            info = self._info_before(recording)
            messages = recording.messages((images.topic, images.info_topic), cut.start, cut.stop)
            for job in images.jobs(messages, info, cut.first):
                count += 1
                yield job
        except DatasetError as error:
            yield images.failure(cut.first + count, error)
            return
        if count < cut.count:
            yield images.failure(cut.first + count, ValueError('is gone since the run began'))

    def _info_before(self, recording):
        info, time_ns = self.images.first_info, self.cut.before
        if time_ns is not None:
            for message in recording.messages((self.images.info_topic,), time_ns, time_ns + 1):
                info = message.data
        return info


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
        return self._images().jobs(self._messages(), self._first_info)

    def stretches(self, length: int) -> Iterator[Stretch]:
        images = self._images()
        try:
            order = self._recording.order(self._topic, (self._info_topic,))
        except DatasetError as error:
            yield Listed((images.failure(0, error),))
            return
        for cut in order.cuts(length):
            yield BagStretch(images, cut)

    def _images(self):
        """Return what there is to know of the images; only now the source has its last name."""
        topics = (self._topic, self._kind, self._info_topic)
        return Images(self._path, self.name, *topics, self._first_info, self._intrinsics)

    def _messages(self, topics=()):
        return self._recording.messages((self._topic, self._info_topic, *topics))

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
        messages = self._messages(topics)
        for message, info in with_info(messages, self._info_topic, self._first_info):
            if message.topic == self._topic:
                yield '', partial(read_frame, message.data, self._kind, info, self._intrinsics)
            else:
                yield message.topic, message.data

    def poses(self) -> Optional[CameraPoses]:
        """Return the poses of frames by the bag's /tf and /tf_static; None where it has none."""
        transforms = self.transforms()
        known = set(FIXED_FRAMES).intersection(transforms.frames)
        return CameraPoses(transforms) if known else None

    def transforms(self) -> Transforms:
        """Return what the bag's /tf and /tf_static say."""
        topics = [name for name, kind in self.topics.items() if kind == TRANSFORMS]
        transforms = Transforms()
        with suppress(DatasetError):  # of a truncated bag, what comes before the damage
            for message in self._recording.messages(topics):
                static = message.topic.endswith(STATIC_TOPIC)
                transforms.add(deserialize(message.data, TRANSFORMS), static)
        return transforms
