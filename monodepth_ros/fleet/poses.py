"""Where a camera stands: over the floor, and in the frame that the robot moves in."""

from __future__ import annotations

from contextlib import suppress
import math
from typing import NamedTuple, Optional, Sequence

from monodepth_ros.errors import ConfigError, DatasetError
from monodepth_ros.offline.transforms import Transforms
import numpy as np


class Stand(NamedTuple):
    """A camera over the floor.

    Attributes:
        height: metres of its centre.
        pitch: degrees that it looks up.
        roll: degrees that its right side hangs down.

    """

    height: float
    pitch: float
    roll: float


def choose_frame(
    option: str, asked: str, usual: Sequence[str], transforms: Transforms, camera: str
) -> str:
    """
    Return the frame that a camera's pose is given in; '' where there is none.

    Args:
        option: name of the option, for the message.
        asked: by the user, or ''.
        usual: those that are tried in its place, the best first.
        transforms: of the recording.
        camera: its optical frame.

    Raises:
        ConfigError: there is no way from what was asked for to the camera.

    """
    for name in [asked] if asked else usual:
        if transforms.connects(name, camera):
            return name
    if asked:
        raise ConfigError(
            f'--{option} {asked} is not connected with {camera}; frames in /tf and /tf_static: '
            f'{", ".join(transforms.frames[:20]) or "none"}'
        )
    return ''


def pose_in(frame: str, camera: str, time_ns: int, transforms: Transforms) -> Optional[np.ndarray]:
    """Return the (4, 4) pose of a camera in a frame; None without a frame or in a gap of /tf."""
    with suppress(DatasetError):
        return transforms.lookup(frame, camera, time_ns) if frame else None
    return None


def stand(pose: Optional[np.ndarray]) -> Optional[Stand]:
    """Return how a camera stands in a frame whose z is up and 0 on the floor; None if below it.

    Args:
        pose: (4, 4) of its optical frame (REP 103: x right, y down, z forward), or None.

    """
    if pose is None or not pose[2, 3] > 0:
        return None
    pitch = math.asin(max(-1.0, min(1.0, pose[2, 2])))
    level = math.cos(pitch)
    roll = math.asin(max(-1.0, min(1.0, -pose[2, 0] / level))) if level > 1e-6 else 0.0
    return Stand(float(pose[2, 3]), math.degrees(pitch), math.degrees(roll))


def distance(first: np.ndarray, second: np.ndarray) -> tuple[float, float]:
    """Return how far two (4, 4) poses are apart: metres and degrees."""
    turn = first[:3, :3].T @ second[:3, :3]
    cosine = (np.trace(turn) - 1) / 2
    metres = float(np.linalg.norm(first[:3, 3] - second[:3, 3]))
    return metres, math.degrees(math.acos(max(-1.0, min(1.0, float(cosine)))))
