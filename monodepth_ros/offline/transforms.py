"""Transforms between frames over time, from the /tf and /tf_static of a recording."""

from __future__ import annotations

from bisect import bisect_left
from collections import deque
from contextlib import suppress
from typing import Optional

from monodepth_ros.errors import DatasetError
from monodepth_ros.scale.pose import rotation_rows
import numpy as np

LARGEST_GAP = 0.5
"""Seconds between two transforms of a frame over which is interpolated; drivers and odometry
publish ten times a second and more, so a longer one is a gap of the recording."""
STATIC_TOPIC = '/tf_static'
FIXED_FRAMES = ('map', 'odom', 'world')
"""REP 105: positions in map do not drift, in odom they do not jump."""


class Transforms:
    """
    Where frames are in each other, at any time.

    A frame has one parent, as in tf2. What is between two recorded transforms is interpolated,
    turned at a constant rate and moved in a straight line; nothing is extrapolated.
    """

    def __init__(self) -> None:
        self._parents: dict[str, str] = {}
        self._fixed: dict[str, np.ndarray] = {}
        self._times: dict[str, list[int]] = {}
        self._moving: dict[str, list[tuple]] = {}

    def add(self, msg, static: bool) -> None:
        """Add the transforms of a tf2_msgs/TFMessage, of /tf_static or of /tf."""
        for part in msg.transforms:
            child, parent = _name(part.child_frame_id), _name(part.header.frame_id)
            rotation, translation = part.transform.rotation, part.transform.translation
            turn = np.array([rotation.x, rotation.y, rotation.z, rotation.w], np.float64)
            move = np.array([translation.x, translation.y, translation.z], np.float64)
            length = float(np.sqrt(turn @ turn))
            if not (np.isfinite(move).all() and np.isfinite(length) and length > 1e-6):
                continue
            self._parents[child] = parent
            if static:
                self._fixed[child] = matrix(turn / length, move)
            else:
                stamp = part.header.stamp
                self._insert(child, stamp.sec * 1_000_000_000 + stamp.nanosec, turn / length, move)

    def _insert(self, child, time_ns, turn, move):
        times = self._times.setdefault(child, [])
        values = self._moving.setdefault(child, [])
        place = bisect_left(times, time_ns) if times and time_ns <= times[-1] else len(times)
        if place < len(times) and times[place] == time_ns:
            return
        times.insert(place, time_ns)
        values.insert(place, (turn, move))

    @property
    def frames(self) -> list[str]:
        """All names of frames, sorted."""
        return sorted({*self._parents, *self._parents.values()})

    def connects(self, target: str, source: str) -> bool:
        """Return whether there is a way between two frames, at whatever time."""
        return self._way(_name(target), _name(source)) is not None

    def lookup(self, target: str, source: str, time_ns: int) -> np.ndarray:
        """
        Return the (4, 4) matrix that takes points of `source` to `target`.

        Raises:
            DatasetError: the frames are not connected, or not at this time.

        """
        target, source = _name(target), _name(source)
        way = self._way(target, source)
        if way is None:
            raise DatasetError(
                f'no transform from {source} to {target} was recorded; frames in /tf and '
                f'/tf_static: {", ".join(self.frames[:20]) or "none"}'
            )
        up, down = way
        result = np.eye(4)
        for child in up:
            result = self._at(child, time_ns) @ result
        for child in reversed(down):
            result = np.linalg.inv(self._at(child, time_ns)) @ result
        return result

    def _way(self, target, source) -> Optional[tuple[list[str], list[str]]]:
        """Return the frames to climb from `source`, and from `target`, to where both meet."""
        if target == source:
            return [], []
        above_source, above_target = self._above(source), self._above(target)
        meeting = next((name for name in above_source if name in above_target), None)
        if meeting is None:
            return None
        up = above_source[: above_source.index(meeting)]
        return up, above_target[: above_target.index(meeting)]

    def _above(self, name):
        chain, seen = deque([name]), {name}
        while chain[-1] in self._parents and self._parents[chain[-1]] not in seen:
            chain.append(self._parents[chain[-1]])
            seen.add(chain[-1])
        return list(chain)

    def _at(self, child, time_ns):
        if child in self._fixed:
            return self._fixed[child]
        times, values = self._times[child], self._moving[child]
        place = bisect_left(times, time_ns)
        if place < len(times) and times[place] == time_ns:
            return matrix(*values[place])
        if not 0 < place < len(times) or times[place] - times[place - 1] > LARGEST_GAP * 1e9:
            raise DatasetError(
                f'no transform of {child} at {time_ns * 1e-9:.3f} s; those recorded before and '
                f'after are more than {LARGEST_GAP:g} s apart, or there are none'
            )
        share = (time_ns - times[place - 1]) / (times[place] - times[place - 1])
        (turn, move), (next_turn, next_move) = values[place - 1], values[place]
        return matrix(_between(turn, next_turn, share), (1 - share) * move + share * next_move)


class CameraPoses:
    """
    Poses of a frame in the first of `FIXED_FRAMES` that it is connected with.

    Args:
        transforms: of a recording.

    """

    def __init__(self, transforms: Transforms) -> None:
        self._transforms = transforms

    def __call__(self, frame: str, time_ns: int) -> Optional[np.ndarray]:
        """Return the (4, 4) pose; None in a gap, or of a frame that is not connected."""
        connected = (f for f in FIXED_FRAMES if self._transforms.connects(f, frame))
        with suppress(DatasetError, StopIteration):
            return self._transforms.lookup(next(connected), frame, time_ns)
        return None


def matrix(quaternion: np.ndarray, translation: np.ndarray) -> np.ndarray:
    """Return the (4, 4) transform of a quaternion (x, y, z, w) of length 1 and metres."""
    result = np.eye(4)
    result[:3, :3] = rotation_rows(*quaternion)
    result[:3, 3] = translation
    return result


def _between(first, second, share):
    """Return the quaternion a share of the way along the shorter arc (Shoemake, 1985)."""
    cosine = float(first @ second)
    if cosine < 0:
        second, cosine = -second, -cosine
    if cosine > 0.9995:  # the arc is a line
        mixed = (1 - share) * first + share * second
    else:
        angle = np.arccos(cosine)
        mixed = np.sin((1 - share) * angle) * first + np.sin(share * angle) * second
    return mixed / np.sqrt(mixed @ mixed)


def _name(frame):
    """Return a frame as tf2 names it; ROS 1 wrote a slash before it."""
    return frame.lstrip('/')
