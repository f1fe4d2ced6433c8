"""Bags of ROS 1, read as if ROS 2 had recorded them."""

from __future__ import annotations

from dataclasses import fields
from functools import lru_cache
from typing import Iterator

from monodepth_ros.offline.messages import CAMERA_INFO, COMPRESSED_IMAGE, IMAGE, typestore
from rosbags.rosbag1 import Reader
from rosbags.typesys import get_typestore, Stores

READ = (IMAGE, COMPRESSED_IMAGE, CAMERA_INFO)
"""Types of the messages that can be read."""


class Ros1Reader(Reader):
    """The reader of the library, whose messages come as ROS 2 has them: CDR bytes."""

    def messages(self, connections=(), start=None, stop=None) -> Iterator[tuple]:
        """Yield connection, time in nanoseconds and CDR bytes of messages of types in `READ`."""
        wanted = [c for c in connections or self.connections if c.msgtype in READ]
        if wanted:
            for connection, time_ns, data in super().messages(wanted, start, stop):
                yield connection, time_ns, to_cdr(data, connection.msgtype)


@lru_cache(maxsize=1)
def _noetic():
    return get_typestore(Stores.ROS1_NOETIC)


def to_cdr(data: bytes, kind: str) -> bytes:
    """Return a message of ROS 1, of a type in `READ`, as the same message of ROS 2.

    The header has lost its number, and the matrices of CameraInfo have small letters.
    """
    old = _noetic().deserialize_ros1(data, kind)
    header = typestore().types['std_msgs/msg/Header'](old.header.stamp, old.header.frame_id)
    make = typestore().types[kind]
    names = [part.name for part in fields(make) if part.name != 'header']
    values = [getattr(old, name if hasattr(old, name) else name.upper()) for name in names]
    return bytes(typestore().serialize_cdr(make(header, *values), kind))
