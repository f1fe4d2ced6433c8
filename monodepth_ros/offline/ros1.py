"""Bags of ROS 1, read as if ROS 2 had recorded them."""

from __future__ import annotations

from dataclasses import fields, is_dataclass
from functools import lru_cache
from typing import Iterator

from monodepth_ros.offline.messages import (
    CAMERA_INFO,
    COMPRESSED_IMAGE,
    IMAGE,
    LASER_SCAN,
    POINT_CLOUD,
    TRANSFORMS,
    typestore,
)
from rosbags.rosbag1 import Reader
from rosbags.typesys import get_types_from_msg, get_typestore, Stores

OLD_TRANSFORMS = 'tf/msg/tfMessage'
"""What was in /tf before tf2."""

READ = (IMAGE, COMPRESSED_IMAGE, CAMERA_INFO, LASER_SCAN, POINT_CLOUD, TRANSFORMS, OLD_TRANSFORMS)
"""Types of the messages that can be read."""


class Ros1Reader(Reader):
    """The reader of the library, whose messages come as ROS 2 has them: CDR bytes."""

    def messages(self, connections=(), start=None, stop=None) -> Iterator[tuple]:
        """Yield connection, time in nanoseconds and CDR bytes of messages of types in `READ`."""
        wanted = [c for c in connections or self.connections if c.msgtype in READ]
        if wanted:
            for connection, time_ns, data in super().messages(wanted, start, stop):
                yield connection, time_ns, to_cdr(data, connection.msgtype)


def present_kind(kind: str) -> str:
    """Return the type that a message of ROS 1 has in ROS 2."""
    return TRANSFORMS if kind == OLD_TRANSFORMS else kind


@lru_cache(maxsize=1)
def _noetic():
    store = get_typestore(Stores.ROS1_NOETIC)
    for kind in (TRANSFORMS, OLD_TRANSFORMS):
        store.register(get_types_from_msg('geometry_msgs/TransformStamped[] transforms', kind))
    return store


def to_cdr(data: bytes, kind: str) -> bytes:
    """Return a message of ROS 1, of a type in `READ`, as the same message of ROS 2.

    Headers have lost their number, and the matrices of CameraInfo have small letters.
    """
    old = _noetic().deserialize_ros1(data, kind)
    kind = present_kind(kind)
    return bytes(typestore().serialize_cdr(_as_present(old, kind), kind))


def _as_present(old, kind):
    make = typestore().types[kind]
    names = [part.name for part in fields(make) if not part.name.startswith('_')]
    values = [getattr(old, name if hasattr(old, name) else name.upper()) for name in names]
    return make(*map(_converted, values))


def _converted(value):
    if isinstance(value, list):
        return [_converted(part) for part in value]
    return _as_present(value, value.__msgtype__) if is_dataclass(value) else value
