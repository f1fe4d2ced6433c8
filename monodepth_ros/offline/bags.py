"""Bags as a source: rosbag2's mcap and sqlite3 files and ROS 1's, through the library rosbags."""

from __future__ import annotations

from contextlib import contextmanager
from functools import partial
from pathlib import Path
import shutil
import sys
from tempfile import TemporaryDirectory
from typing import Any, Collection, Iterator, Optional

from monodepth_ros.errors import ConfigError, DatasetError, MonodepthError
from monodepth_ros.offline.jobs import DEFAULT_FPS, failing_job, Intrinsics, Job, Source
from monodepth_ros.offline.kinds import bag_stem, is_ros1_bag, METADATA, PACKED, storage_files
from monodepth_ros.offline.messages import read_frame
from monodepth_ros.offline.ros1 import Ros1Reader
from monodepth_ros.offline.topics import choose_image_topic, choose_info_topic
from rosbags.rosbag2 import Reader

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd


@contextmanager
def _readable(path):
    """Turn whatever damaged files make the library raise into a DatasetError."""
    try:
        yield
    except MonodepthError:
        raise
    except UnicodeEncodeError:
        raise DatasetError(
            f'bag {path} cannot be read: SQLite takes names in UTF-8 only; rename it'
        ) from None
    # rosbags checks little of what it reads: damage shows as errors of struct, zstd, SQLite, ...
    except Exception as error:
        text = ' '.join(str(error).split()) or type(error).__name__
        remedy = 'rosbag reindex' if is_ros1_bag(path) else 'ros2 bag reindex'
        raise DatasetError(
            f'bag {path} cannot be read ({text}); if it is truncated, try: {remedy}'
        ) from None


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
        self.name = path.resolve().name if path.is_dir() else bag_stem(path)
        self._path = path
        self._intrinsics = intrinsics
        with _readable(path):
            self._storage = self._unpacked(_storage(path))
        with _readable(path), self._reader() as reader:
            topics = {name: info.msgtype for name, info in reader.topics.items()}
            self.topics = topics
            self._topic = choose_image_topic(path, topics, image_topic)
            self._kind = topics[self._topic]
            self._info_topic, remark = choose_info_topic(
                path, topics, self._topic, camera_info_topic
            )
            self._count = reader.topics[self._topic].msgcount
            self._first_info = self._find_first_info(reader)
            seconds = reader.duration * 1e-9
        if not self._count:
            raise DatasetError(f'bag {path} holds no message of {self._topic}')
        # What the user says comes first, so where the bag's come from is of no interest.
        self.remark = '' if intrinsics.known else remark
        self.calibrated = intrinsics.known or self._first_info is not None
        self.fps = (self._count - 1) / seconds if self._count > 1 and seconds else DEFAULT_FPS

    def _unpacked(self, path):
        """Return a file that can be read at any place; rosbag2 can compress files as a whole."""
        if path.suffix != PACKED:
            return path
        self._folder = TemporaryDirectory()  # gone with the source
        unpacked = Path(self._folder.name, path.stem)
        with zstd.open(path, 'rb') as source, open(unpacked, 'wb') as target:
            shutil.copyfileobj(source, target)
        return unpacked

    def _reader(self):
        return Ros1Reader(self._storage) if is_ros1_bag(self._storage) else Reader(self._storage)

    def _find_first_info(self, reader) -> Optional[bytes]:
        connections = [c for c in reader.connections if c.topic == self._info_topic]
        messages = reader.messages(connections) if connections else iter(())
        return next((bytes(data) for _, _, data in messages), None)

    def __len__(self) -> int:
        return self._count

    def jobs(self) -> Iterator[Job]:
        index = 0
        try:
            with _readable(self._path):
                for time_ns, data, info in self._messages():
                    label = f'{self._path} {self._topic} message {index} at {time_ns * 1e-9:.3f} s'
                    load = partial(read_frame, data, self._kind, info, self._intrinsics)
                    yield Job(f'{self.name}_{index:06}', label, load, time_ns)
                    index += 1
        except DatasetError as error:
            yield failing_job(f'{self._path} {self._topic} message {index}', str(error))

    def messages_of(self, topic: str) -> Iterator[bytes]:
        """Yield the CDR bytes of all messages on a topic of `topics`."""
        with _readable(self._path), self._reader() as reader:
            connections = [c for c in reader.connections if c.topic == topic]
            for _, _, data in reader.messages(connections) if connections else ():
                yield bytes(data)

    def recorded(self, topics: Collection[str]) -> Iterator[tuple[str, Any]]:
        """
        Yield what is on the images' and other topics, in order of time.

        Yields:
            A topic and a message's CDR bytes; for an image '' and what gives its frame, and
            raises as `messages.read_frame` does.

        """
        with _readable(self._path):
            for connection, _, data, info in self._among(topics):
                if connection.topic == self._topic:
                    load = partial(read_frame, bytes(data), self._kind, info, self._intrinsics)
                    yield '', load
                else:
                    yield connection.topic, bytes(data)

    def _messages(self):
        """Yield time, image and the latest CameraInfo of every image."""
        for _, time_ns, data, info in self._among(()):
            yield time_ns, bytes(data), info

    def _among(self, topics):
        """
        Yield connection, time, data and the latest CameraInfo of images and other topics.

        Images that come before the first CameraInfo have that one: their camera is the same, and
        depth without intrinsics has another scale.
        """
        info = self._first_info
        wanted = {self._topic, self._info_topic, *topics}
        with self._reader() as reader:
            connections = [c for c in reader.connections if c.topic in wanted]
            for connection, time_ns, data in reader.messages(connections):
                if connection.topic == self._info_topic:
                    info = bytes(data)
                else:
                    yield connection, time_ns, data, info


def _storage(path):
    """Return what to open: a recording that was not finished has no metadata.yaml."""
    if not path.is_dir() or (path / METADATA).exists():
        return path
    files = storage_files(path)
    if len(files) > 1:
        raise ConfigError(
            f'bag {path} has no {METADATA} and {len(files)} files; restore it: ros2 bag '
            f'reindex {path}'
        )
    return files[0]
