"""Rigid motion from one frame to another."""

from __future__ import annotations

from dataclasses import dataclass
import math
from typing import Sequence

from monodepth_ros.errors import ScaleError, shown
import numpy as np

CAMERA_AXES = ((0.0, 0.0, 1.0), (-1.0, 0.0, 0.0), (0.0, -1.0, 0.0))
"""The body's axes (x forward, y left, z up) of an optical frame (z forward, x right, y down), each
in the other's coordinates: REP 103."""


@dataclass(frozen=True)
class Pose:
    """Where a frame is in another one: p_other = rotation p + translation.

    Attributes:
        rotation: three rows of three numbers, a rotation.
        translation: three numbers, metres.

    """

    rotation: tuple[tuple[float, ...], ...] = ((1.0, 0.0, 0.0), (0.0, 1.0, 0.0), (0.0, 0.0, 1.0))
    translation: tuple[float, ...] = (0.0, 0.0, 0.0)

    @classmethod
    def from_quaternion(cls, quaternion: Sequence[float], translation: Sequence[float]) -> Pose:
        """Return the pose that a message has as quaternion and translation.

        Args:
            quaternion: x, y, z, w; of any length but 0.
            translation: x, y, z in metres.

        Raises:
            ScaleError: 'bad_pose' where the numbers are none of a pose.

        """
        numbers = (*quaternion, *translation)
        length = math.hypot(*quaternion)
        if not all(map(math.isfinite, numbers)) or not length > 1e-6:
            raise ScaleError(
                'bad_pose',
                f'a transform has quaternion {shown(tuple(quaternion))} and translation '
                f'{shown(tuple(translation))}, expected finite numbers and a quaternion that is '
                'not 0; correct its publisher',
            )
        rotation = rotation_rows(*(float(v) / length for v in quaternion))
        return cls(rotation, tuple(float(v) for v in translation))

    @classmethod
    def from_matrix(cls, matrix: np.ndarray) -> Pose:
        """Return the pose that a (4, 4) matrix, or its upper (3, 4), has; it is taken for one."""
        rows = np.asarray(matrix, np.float64)[:3]
        return cls(_rows(rows[:, :3]), tuple(rows[:, 3].tolist()))

    @classmethod
    def of_camera(cls, height: float, pitch: float = 0.0, roll: float = 0.0) -> Pose:
        """Return the pose of an optical frame over a level floor at z = 0.

        Args:
            height: metres over the floor.
            pitch: degrees that the camera looks down, positive as in REP 103.
            roll: degrees that its right side hangs down, positive as in REP 103.

        """
        p, r = math.radians(pitch), math.radians(roll)
        turn_pitch = ((math.cos(p), 0, math.sin(p)), (0, 1, 0), (-math.sin(p), 0, math.cos(p)))
        turn_roll = ((1, 0, 0), (0, math.cos(r), -math.sin(r)), (0, math.sin(r), math.cos(r)))
        rotation = np.array(turn_pitch) @ np.array(turn_roll) @ np.array(CAMERA_AXES)
        return cls(_rows(rotation), (0.0, 0.0, float(height)))

    def apply(self, points: np.ndarray) -> np.ndarray:
        """Return points, (..., 3) metres in this frame, in the other one, float64."""
        return points @ np.array(self.rotation).T + self.translation

    def inverse(self) -> Pose:
        """Return where the other frame is in this one."""
        back = np.array(self.rotation).T
        return Pose(_rows(back), tuple((-back @ np.array(self.translation)).tolist()))

    def after(self, first: Pose) -> Pose:
        """Return the pose that first takes a point through `first`, then through this one."""
        rotation = np.array(self.rotation) @ np.array(first.rotation)
        return Pose(_rows(rotation), tuple(self.apply(np.array(first.translation)).tolist()))


def rotation_rows(x: float, y: float, z: float, w: float) -> tuple[tuple[float, ...], ...]:
    """Return the rotation matrix of a quaternion of length 1, three rows of three numbers."""
    return (
        (1 - 2 * (y * y + z * z), 2 * (x * y - z * w), 2 * (x * z + y * w)),
        (2 * (x * y + z * w), 1 - 2 * (x * x + z * z), 2 * (y * z - x * w)),
        (2 * (x * z - y * w), 2 * (y * z + x * w), 1 - 2 * (x * x + y * y)),
    )


def _rows(matrix):
    return tuple(tuple(row) for row in np.asarray(matrix, np.float64).tolist())
