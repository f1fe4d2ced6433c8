"""Write rosbag2 bags, mcap and sqlite3, through the library rosbags."""

from __future__ import annotations

from contextlib import contextmanager, suppress
from pathlib import Path
import shutil
import sqlite3
from typing import Optional, Sequence

from monodepth_ros.errors import ConfigError
from monodepth_ros.offline.messages import TOPICS, typestore
from rosbags.rosbag2 import StoragePlugin, Writer, WriterError

METADATA_VERSION = 8
"""Format of metadata.yaml: the newest that Humble's rosbag2 reads as well."""

STORAGES = {'mcap': StoragePlugin.MCAP, 'sqlite3': StoragePlugin.SQLITE3}


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
