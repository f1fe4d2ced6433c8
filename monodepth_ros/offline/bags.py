"""rosbag2 bags, mcap and sqlite3, through the library rosbags; reading and writing."""

from __future__ import annotations

from contextlib import contextmanager, suppress
from functools import partial
from pathlib import Path
import re
import shutil
import sqlite3
from typing import Iterator, Optional, Sequence

from monodepth_ros.errors import ConfigError, DatasetError, MonodepthError
from monodepth_ros.offline.messages import (
    CAMERA_INFO,
    COMPRESSED_IMAGE,
    IMAGE,
    read_frame,
    TOPICS,
    typestore,
)
from monodepth_ros.offline.sources import (
    BAG_METADATA,
    BAG_SUFFIXES,
    failing_job,
    IMAGES_FPS,
    Intrinsics,
    Job,
    Source,
)
from rosbags.rosbag2 import Reader, StoragePlugin, Writer, WriterError

METADATA_VERSION = 8
"""Format of metadata.yaml: the newest that Humble's rosbag2 reads as well."""

STORAGES = {'mcap': StoragePlugin.MCAP, 'sqlite3': StoragePlugin.SQLITE3}


@contextmanager
def _readable(path):
    """Turn whatever damaged files make the library raise into a DatasetError."""
    try:
        yield
    except MonodepthError:
        raise
    # rosbags checks little of what it reads: damage shows as errors of struct, zstd, SQLite, ...
    except Exception as error:
        text = ' '.join(str(error).split()) or type(error).__name__
        raise DatasetError(
            f'bag {path} cannot be read ({text}); if it is truncated, try: ros2 bag reindex'
        ) from None


class BagSource(Source):
    """
    The images of one topic of a bag.

    Args:
        path: folder of a bag, or a single .mcap or .db3 file.
        intrinsics: what the user says about the camera; comes before the bag's CameraInfo.
        image_topic: topic of the images, raw or compressed; '' for the only one.
        camera_info_topic: topic of the intrinsics; '' for camera_info beside the images.

    Raises:
        ConfigError: an unknown topic, or several to choose from.
        DatasetError: the bag cannot be read, or holds no image.

    """

    default_kinds = ('bag',)

    def __init__(
        self,
        path: Path,
        intrinsics: Intrinsics,
        image_topic: str = '',
        camera_info_topic: str = '',
    ) -> None:
        self.name = path.resolve().name if path.is_dir() else path.stem
        self._path = path
        self._storage = _storage(path)
        self._intrinsics = intrinsics
        with _readable(path), Reader(self._storage) as reader:
            topics = {name: info.msgtype for name, info in reader.topics.items()}
            self._topic = _choose_image_topic(path, topics, image_topic)
            self._kind = topics[self._topic]
            self._info_topic = _choose_info_topic(path, topics, self._topic, camera_info_topic)
            self._count = reader.topics[self._topic].msgcount
            self._first_info = self._find_first_info(reader)
            seconds = reader.duration * 1e-9
        if not self._count:
            raise DatasetError(f'bag {path} holds no message of {self._topic}')
        self.calibrated = intrinsics.known or self._first_info is not None
        self.fps = (self._count - 1) / seconds if self._count > 1 and seconds else IMAGES_FPS

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

    def _messages(self):
        """
        Yield time, image and the latest CameraInfo of every image.

        Images that come before the first CameraInfo have that one: their camera is the same, and
        depth without intrinsics has another scale.
        """
        info = self._first_info
        wanted = (self._topic, self._info_topic)
        with Reader(self._storage) as reader:
            connections = [c for c in reader.connections if c.topic in wanted]
            for connection, time_ns, data in reader.messages(connections):
                if connection.topic == self._topic:
                    yield time_ns, bytes(data), info
                else:
                    info = bytes(data)


def _storage(path):
    """Return what to open: a recording that was not finished has no metadata.yaml."""
    if not path.is_dir() or (path / BAG_METADATA).exists():
        return path
    files = sorted(p for p in path.iterdir() if p.suffix in BAG_SUFFIXES)
    if len(files) > 1:
        raise ConfigError(
            f'bag {path} has no {BAG_METADATA} and {len(files)} files; restore it: ros2 bag '
            f'reindex {path}'
        )
    return files[0]


def _listed(topics):
    return ', '.join(f'{name} ({kind})' for name, kind in sorted(topics.items())) or 'none'


def _absolute(topic):
    return topic if topic.startswith('/') else f'/{topic}'


def _choose_image_topic(path, topics, wanted):
    # Transports other than compressed have the same type, but data of their own kind.
    images = {
        name: kind
        for name, kind in topics.items()
        if kind in (IMAGE, COMPRESSED_IMAGE) and not name.endswith('/compressedDepth')
    }
    if wanted:
        if _absolute(wanted) not in images:
            raise ConfigError(
                f'bag {path} has no image topic {_absolute(wanted)}; its topics: {_listed(topics)}'
            )
        return _absolute(wanted)
    if not images:
        raise ConfigError(f'bag {path} has no image topic; its topics: {_listed(topics)}')
    if len(images) > 1:
        raise ConfigError(
            f'bag {path} has several image topics, choose one with --image-topic: '
            f'{_listed(images)}'
        )
    return next(iter(images))


def _choose_info_topic(path, topics, image_topic, wanted):
    """Return the topic of the intrinsics, or '' where the bag has none beside the images."""
    if wanted:
        if topics.get(_absolute(wanted)) != CAMERA_INFO:
            raise ConfigError(
                f'bag {path} has no camera_info topic {_absolute(wanted)}; its topics: '
                f'{_listed(topics)}'
            )
        return _absolute(wanted)
    # image_transport's convention: camera_info is the sibling of the raw image's topic.
    raw = re.sub('/compressed$', '', image_topic)
    sibling = f'{raw.rpartition("/")[0]}/camera_info'
    return sibling if topics.get(sibling) == CAMERA_INFO else ''


class BagWriter:
    """
    Write a bag that has its name only once it is complete.

    Args:
        path: folder of the bag, which must not exist yet.
        storage: one of `STORAGES`.
        namespace: put before the topics.

    """

    def __init__(self, path: Path, storage: str = 'mcap', namespace: str = '') -> None:
        self._path = path
        self._storage = STORAGES[storage]
        self._prefix = f'/{namespace.strip("/")}/'.replace('//', '/')
        # The files in a bag have its name, so the bag is begun under it, in a folder of its own.
        self._partial = path.with_name(f'{path.name}.partial')
        self._writer: Optional[Writer] = None
        self._connections: dict = {}

    def add(self, time_ns: int, messages: Sequence[tuple[str, bytes]]) -> None:
        """
        Write the messages of one frame.

        Args:
            time_ns: time of recording in nanoseconds.
            messages: pairs of topic, one of `messages.TOPICS`, and CDR bytes.

        Raises:
            ConfigError: the place cannot be written to.

        """
        with _writable(self._path):
            if self._writer is None:
                self._open()
            for topic, data in messages:
                self._writer.write(self._connection(topic), time_ns, data)

    def _open(self):
        shutil.rmtree(self._partial, ignore_errors=True)
        writer = Writer(
            self._partial / self._path.name,
            version=METADATA_VERSION,
            storage_plugin=self._storage,
        )
        writer.open()
        self._writer = writer

    def _connection(self, topic):
        if topic not in self._connections:
            self._connections[topic] = self._writer.add_connection(
                self._prefix + topic, TOPICS[topic], typestore=typestore()
            )
        return self._connections[topic]

    def finish(self) -> None:
        """Complete the bag and give it its name; one with no message is none at all."""
        if self._writer is None:
            return
        with _writable(self._path):
            self._writer.close()
            self._writer = None
            (self._partial / self._path.name).rename(self._path)
            self._partial.rmdir()

    def abort(self) -> None:
        """Remove what has been written of a bag that is not finished."""
        writer, self._writer = self._writer, None
        if writer is not None:
            with suppress(OSError, sqlite3.Error):
                writer.abort()
            shutil.rmtree(self._partial, ignore_errors=True)


@contextmanager
def _writable(path):
    try:
        yield
    except OSError as error:
        raise ConfigError(f'cannot write bag {path}: {error.strerror}') from None
    except (sqlite3.Error, WriterError) as error:
        raise ConfigError(f'cannot write bag {path}: {error}') from None
