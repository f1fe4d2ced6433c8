"""When the messages of a bag were recorded, by its index if it has one, and where to cut it."""

from __future__ import annotations

from dataclasses import dataclass
import struct
from typing import Any, Callable, Collection, Iterator, NamedTuple, Optional

import numpy as np

_INDEX_HEAD = struct.Struct('<BQHI')
"""Of a message index: opcode, length, channel, bytes of the entries (mcap specification, 0x07)."""


class Cut(NamedTuple):
    """A stretch of a bag.

    Attributes:
        first: messages of the topic before it.
        count: of those in it.
        start: nanoseconds, when it begins; None where the bag does.
        stop: nanoseconds, when the next one begins; None where the bag ends.
        before: nanoseconds, when the last message of the other topics before it came, or None.

    """

    first: int
    count: int
    start: Optional[int]
    stop: Optional[int]
    before: Optional[int]


@dataclass(frozen=True)
class Order:
    """The messages of a topic and of others beside it, in the order in which they are read.

    Attributes:
        times: (N,) int64 nanoseconds.
        wanted: (N,) bool, whether a message is of the topic itself.

    """

    times: np.ndarray
    wanted: np.ndarray

    def cuts(self, length: int) -> Iterator[Cut]:
        """
        Yield stretches of `length` messages of the topic, the last one of fewer.

        They are longer where times do not tell what comes before a message and what after it:
        several of one time, or files of a bag that overlap.
        """
        starts, begin = self._starts(), 0
        counts = np.concatenate([[0], np.cumsum(self.wanted)])
        while begin < len(self.times):
            later = starts[counts[starts] >= counts[begin] + length]
            end = int(later[0]) if len(later) else len(self.times)
            yield self._cut(begin, end, counts)
            begin = end

    def _starts(self):
        """Return the places where all that came before is earlier, and nothing after is."""
        latest = np.maximum.accumulate(self.times)[:-1]
        earliest = np.minimum.accumulate(self.times[::-1])[::-1][1:]
        return 1 + np.flatnonzero((latest < self.times[1:]) & (earliest >= self.times[1:]))

    def _cut(self, begin, end, counts):
        others = np.flatnonzero(~self.wanted[:begin])
        return Cut(
            int(counts[begin]),
            int(counts[end] - counts[begin]),
            int(self.times[begin]) if begin else None,
            int(self.times[end]) if end < len(self.times) else None,
            int(self.times[others[-1]]) if len(others) else None,
        )


def read_order(reader: Any, topic: str, topics: Collection[str]) -> Order:
    """
    Return the order of the messages of topics.

    Args:
        reader: of the library rosbags, open.
        topic: whose messages are wanted.
        topics: that one, and others.

    """
    parts = []
    for storage in _storages(reader):
        found = [
            np.stack([times, np.full(len(times), connection.topic == topic)])
            for connection in storage.connections
            if connection.topic in topics
            for times in [_times(storage, connection)]
        ]
        joined = np.concatenate([np.zeros((2, 0), np.int64), *found], axis=1)
        parts.append(joined[:, np.argsort(joined[0], kind='stable')])
    times, wanted = np.concatenate(parts, axis=1)
    return Order(times, wanted.astype(bool))


def _storages(reader):
    """Return what reads the files of a bag, in their order."""
    storage = getattr(reader, 'storage', reader)
    return getattr(storage, 'storages', [storage])


def _times(storage, connection) -> np.ndarray:
    """Return (N,) int64 nanoseconds: from the index of the file, or else by reading all of it."""
    for attribute, read in _INDICES.items():
        if getattr(storage, attribute, None):
            return np.asarray(read(storage, connection.id), np.int64)
    return np.array([time for _, time, _ in storage.messages([connection])], np.int64)


def _of_mcap(storage, channel):
    found = []
    for chunk in storage.chunks:
        if channel in chunk.message_index_offsets:
            storage.bio.seek(chunk.message_index_offsets[channel])
            size = _INDEX_HEAD.unpack(storage.bio.read(_INDEX_HEAD.size))[-1]
            found.append(np.frombuffer(storage.bio.read(size), '<u8')[::2])
    return np.concatenate(found) if found else ()


def _of_sqlite(storage, topic):
    query = 'SELECT timestamp FROM messages WHERE topic_id = ?'
    return [time for (time,) in storage.dbconn.execute(query, (topic,))]


def _of_ros1(storage, connection):
    return [entry.time for entry in storage.indexes[connection]]


_INDICES: dict[str, Callable] = {
    'indexes': _of_ros1,
    'dbconn': _of_sqlite,
    'chunks': _of_mcap,
}
"""What reads the index of a file, by what the library's reader has; the first of these counts."""
