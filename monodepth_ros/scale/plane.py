"""The floor as a camera sees it: how far it is at each pixel, and how high points are over it."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
import math

from monodepth_ros.camera import PinholeCamera
from monodepth_ros.errors import ScaleError
from monodepth_ros.scale.pose import Pose
import numpy as np

FLATTEST = 1e-6
"""Least part of a ray that must lead down for it to be said to meet the floor."""


@dataclass(frozen=True)
class GroundPlane:
    """A plane in the optical frame (REP 103: z forward, x right, y down).

    A point p of it has up . p + height = 0, and any other one lies that much over it.

    Attributes:
        up: unit normal, from the floor to the side that the camera is on.
        height: metres of the camera over it, above 0.

    """

    up: tuple[float, float, float]
    height: float

    @classmethod
    def from_camera(cls, height: float, pitch: float = 0.0, roll: float = 0.0) -> GroundPlane:
        """Return the floor below a camera.

        Args:
            height: metres over the floor.
            pitch: degrees that the camera looks down, positive as in REP 103.
            roll: degrees that its right side hangs down, positive as in REP 103.

        Raises:
            ScaleError: 'under_ground'.

        """
        return cls.from_pose(Pose.of_camera(height, pitch, roll))

    @classmethod
    def from_pose(cls, camera: Pose) -> GroundPlane:
        """Return the floor, z = 0 of the frame in which `camera` is the optical frame's pose.

        Raises:
            ScaleError: 'under_ground' where the camera is not above it.

        """
        height = camera.translation[2]
        if not (math.isfinite(height) and height > 0):
            raise ScaleError(
                'under_ground',
                f'the camera is {height:.6g} m over the ground frame, expected above 0; name in '
                'scale.ground_frame a frame whose z = 0 is the floor, or correct camera.height',
            )
        # The last row of a rotation is the other frame's z axis in this one.
        return cls(camera.rotation[2], height)

    def depth(self, camera: PinholeCamera) -> np.ndarray:
        """Return the plane's depth at every pixel, cached, hence read-only.

        Returns:
            (H, W) float32 metres along the optical axis; NaN where the pixel's ray never meets
            the plane: at the horizon and above.

        """
        return _depth(self, camera)

    def heights(self, depth: np.ndarray, camera: PinholeCamera) -> np.ndarray:
        """Return how high over the plane each pixel's point is.

        Args:
            depth: (H, W) float32 metres along the optical axis.
            camera: the grid of the depth.

        Returns:
            (H, W) float32 metres, negative below the plane; not finite where the depth is not.

        """
        heights = depth * self.climb(camera)
        heights += np.float32(self.height)
        return heights

    def climb(self, camera: PinholeCamera) -> np.ndarray:
        """Return how much every pixel's ray rises for a metre of depth.

        Returns:
            (H, W) float32, cached, hence read-only.

        """
        return _climb(self, camera)

    def is_below(self, camera: PinholeCamera) -> np.ndarray:
        """Return where every pixel's ray meets the plane, (H, W) bool, cached, hence read-only."""
        return _is_below(self, camera)

    def angle_to(self, other: GroundPlane) -> float:
        """Return the angle between two planes in degrees, 0..180."""
        cosine = float(np.dot(self.up, other.up))
        sine = float(np.linalg.norm(np.cross(self.up, other.up)))
        return math.degrees(math.atan2(sine, cosine))


# A pose of a turning camera is another one in each frame: few are worth to be kept.
@lru_cache(maxsize=16)
def _climb(plane, camera):
    x, y, z = plane.up
    columns = (np.arange(camera.width) - camera.cx) * (x / camera.fx) + z
    rows = (np.arange(camera.height) - camera.cy) * (y / camera.fy)
    climb = np.add.outer(rows.astype(np.float32), columns.astype(np.float32))
    climb.flags.writeable = False
    return climb


@lru_cache(maxsize=8)
def _is_below(plane, camera):
    below = plane.climb(camera) < -FLATTEST
    below.flags.writeable = False
    return below


@lru_cache(maxsize=8)
def _depth(plane, camera):
    climb = plane.climb(camera)
    depth = np.full(climb.shape, np.nan, np.float32)
    np.divide(np.float32(-plane.height), climb, out=depth, where=plane.is_below(camera))
    depth.flags.writeable = False
    return depth
