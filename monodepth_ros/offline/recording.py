"""Messages of a bag: rosbag2's mcap and sqlite3 files and ROS 1's, through the library rosbags."""

from __future__ import annotations

from contextlib import contextmanager
from pathlib import Path
import shutil
import sys
from tempfile import TemporaryDirectory
from typing import Any, Collection, Iterator, NamedTuple, Optional

from monodepth_ros.errors import ConfigError, DatasetError, MonodepthError
from monodepth_ros.offline.kinds import bag_stem, is_ros1_bag, METADATA, PACKED, storage_files
from monodepth_ros.offline.order import Order, read_order
from monodepth_ros.offline.ros1 import present_kind, Ros1Reader
from rosbags.rosbag2 import Reader

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd


class Message(NamedTuple):
    """One message as it was recorded.

    Attributes:
        topic: as the bag has it.
        kind: its type.
        time_ns: when it was recorded, in nanoseconds.
        data: CDR bytes.

    """

    topic: str
    kind: str
    time_ns: int
    data: bytes


@contextmanager
def readable(path: Path) -> Iterator[None]:
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


class Recording:
    """
    The messages of a bag.

    Args:
        path: folder of a bag, or a single file: .mcap or .db3, also with .zstd, or .bag of ROS 1.

    Attributes:
        path: as given.
        name: of the bag, without folder and ending.
        topics: message type by topic.
        counts: messages by topic.
        duration_ns: from the first message to the last.

    Raises:
        DatasetError: the bag cannot be read.
        ConfigError: several files without a metadata.yaml.

    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._held: Any = None
        self.name = path.resolve().name if path.is_dir() else bag_stem(path)
        with readable(path):
            self._storage = self._unpacked(_storage(path))
        with readable(path), self._reader() as reader:
            self.topics = {
                name: present_kind(info.msgtype) for name, info in reader.topics.items()
            }
            self.counts = {name: info.msgcount for name, info in reader.topics.items()}
            self.duration_ns = reader.duration

    def _unpacked(self, path):
        """Return a file that can be read at any place; rosbag2 can compress files as a whole."""
        if path.suffix != PACKED:
            return path
        self._folder = TemporaryDirectory()  # gone with the recording
        unpacked = Path(self._folder.name, path.stem)
        with zstd.open(path, 'rb') as source, open(unpacked, 'wb') as target:
            shutil.copyfileobj(source, target)
        return unpacked

    def _reader(self):
        return Ros1Reader(self._storage) if is_ros1_bag(self._storage) else Reader(self._storage)

    def hold(self) -> Recording:
        """Open it once for all calls from now on, until `close`; return itself.

        To open it takes long where it is large, or compressed by the file.
        """
        with readable(self.path):
            self._held = self._reader()
            self._held.open()
        return self

    def close(self) -> None:
        """End what `hold` began."""
        held, self._held = self._held, None
        held.close()

    @contextmanager
    def _opened(self):
        with readable(self.path):
            if self._held:
                yield self._held
            else:
                with self._reader() as reader:
                    yield reader

    def order(self, topic: str, others: Collection[str]) -> Order:
        """Return when the messages of topics were recorded, in the order of `messages`.

        Args:
            topic: whose messages are told apart.
            others: topics that are counted with them.

        """
        with self._opened() as reader:
            return read_order(reader, topic, {topic, *others})

    def messages(
        self, topics: Collection[str], start: Optional[int] = None, stop: Optional[int] = None
    ) -> Iterator[Message]:
        """
        Yield the messages of topics in the order of their recording.

        Args:
            topics: as the bag has them.
            start: nanoseconds; those recorded before are left out.
            stop: nanoseconds; those recorded then and later are left out.

        Raises:
            DatasetError: the bag is damaged from here on.

        """
        with self._opened() as reader:
            connections = [c for c in reader.connections if c.topic in topics]
            found = reader.messages(connections, start, stop) if connections else ()
            for connection, time_ns, data in found:
                kind = present_kind(connection.msgtype)
                yield Message(connection.topic, kind, time_ns, bytes(data))


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
