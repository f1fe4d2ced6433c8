"""What a robot that drives knows of its way, given where its camera was in truth."""

from __future__ import annotations

import argparse
from functools import partial
import math

import cv2
from monodepth_ros.errors import ScaleError
from monodepth_ros.pipeline.motion_watch import points_of_way
from monodepth_ros.pipeline.tracker import Tracker
from monodepth_ros.scale.estimator import Witness
from monodepth_ros.scale.motion_check import motion_vote
from monodepth_ros.scale.plane import GroundPlane
from monodepth_ros.scale.pose import Pose
import numpy as np
from seen_image import SeenImage


def add_odometry_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options that say how wrong odometry is."""
    parser.add_argument(
        '--way-error', type=float, default=0.02, help='error of the way, relative (%(default)s)'
    )
    parser.add_argument(
        '--place-error',
        type=float,
        default=0.003,
        help='deviation of each place from the way, metres (%(default)s)',
    )
    parser.add_argument(
        '--nod',
        type=float,
        default=0.3,
        help='deviation of each turn about each axis, degrees, which odometry does not see '
        '(%(default)s); the camera is mounted askew by a deviation of 0.5 degrees',
    )


MOUNT_ERROR = 0.5
"""Degrees about each axis; deviation of how the camera is mounted from what the robot knows."""


class Odometry:
    """Odometry along a drive, and what is measured by it; frames come in order."""

    def __init__(self, options: argparse.Namespace, labels: tuple[int, ...]) -> None:
        """Begin a drive with the errors of some options; `labels` are those of floors."""
        self._options, self._labels = options, labels
        self._rng = np.random.default_rng(0)
        self._mount = _turn(self._rng.normal(0.0, MOUNT_ERROR, 3))
        self._tracker = Tracker()
        self._poses: dict[int, Pose] = {}

    def witness(self, seen: SeenImage, pose: Pose, stamp_ns: int, plane: GroundPlane) -> Witness:
        """Return who votes as scale.source: motion does, at the next frame.

        Args:
            seen: the frame.
            pose: of its camera in the world, the true one.
            stamp_ns: its stamp, above 0, as the frame has it.
            plane: the floor as it is known.

        """
        self._poses[stamp_ns] = self._known(pose)
        try:
            found = points_of_way(self._tracker, seen.prepared, seen.view, self._pose_at)
        except ScaleError as error:
            return _fails(error)
        return partial(motion_vote, points=found, plane=plane, labels=self._labels)

    def _pose_at(self, stamp_ns, waits):  # all is known already
        return self._poses[stamp_ns]

    def _known(self, pose):
        """Return what odometry makes of a pose."""
        options, rng = self._options, self._rng
        turn = np.array(pose.rotation) @ _turn(rng.normal(0.0, options.nod, 3)) @ self._mount
        place = np.array(pose.translation) * (1 + options.way_error)
        place += rng.normal(0.0, options.place_error, 3)
        return Pose.from_matrix(np.column_stack([turn, place]))


def _turn(degrees: np.ndarray) -> np.ndarray:
    return cv2.Rodrigues(degrees * (math.pi / 180))[0]


def _fails(error: ScaleError) -> Witness:
    def witness(view):
        raise error

    return witness
