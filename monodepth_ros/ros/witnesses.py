"""What the robot knows of distances, for all cameras of a node, and who is asked."""

from __future__ import annotations

import math
from typing import Any, Mapping

from monodepth_ros.errors import ScaleError
from monodepth_ros.ros.scanner import Scanner
from monodepth_ros.ros.transforms import Transforms
from monodepth_ros.scale.plane import GroundPlane
from rclpy.lifecycle import LifecycleNode

NO_SOURCE = 'none'
"""Value of the parameter `scale.source` with which nothing is estimated."""

BY_WHAT_IS_KNOWN = 'auto'
"""Its value with which the floor is used as soon as its place is known: by a height that is set,
or by static TF. All of TF, in Python, costs too much to be heard unasked."""


UPWARDS = 0.8
"""Sine of the angle by which a camera looks up from which on it sees no floor, and its frame is
most likely another than the optical one."""


class Witnesses:
    """
    What the robot knows of distances, for all cameras of a node.

    Attributes:
        transforms: TF, heard where a source needs it.
        scanner: points of another sensor, heard where a source needs them.

    """

    def __init__(self) -> None:
        """Hear nothing yet."""
        self.transforms = Transforms()
        self.scanner = Scanner()

    def start(self, node: LifecycleNode, values: Mapping[str, Any]) -> None:
        """Listen to what `scale.source` needs, and to nothing else."""
        names = sources(values)
        if {'points', 'motion'} & {*names}:
            self.transforms.start(node)
        if 'ground' in names:
            self.hear_floor(node, values)
        if values['scale.source'] == BY_WHAT_IS_KNOWN and not values['camera.height']:
            self.transforms.start(node, only_static=True)
        if 'points' in names:
            self.scanner.start(node, values['scale.points_topic'])

    def hear_floor(self, node: LifecycleNode, values: Mapping[str, Any]) -> None:
        """Listen to TF where the floor is wanted, whatever the source of the scale."""
        if not values['camera.height']:
            self.transforms.start(node)

    def stop(self) -> None:
        """Listen no more; twice is safe."""
        self.transforms.stop()
        self.scanner.stop()

    def plane(self, frame_id: str, stamp_ns: int, values: Mapping[str, Any]) -> GroundPlane:
        """
        Return the floor in an optical frame, by parameters where they say, else by TF.

        Raises:
            ScaleError: 'no_transform', 'bad_pose', 'under_ground'.

        """
        if height := values['camera.height']:
            return GroundPlane.from_camera(height, values['camera.pitch'], values['camera.roll'])
        ground = values['scale.ground_frame']
        plane = GroundPlane.from_pose(self.transforms.pose(frame_id, ground, stamp_ns))
        if plane.up[2] > UPWARDS:
            raise ScaleError(
                'bad_pose',
                f'TF has {frame_id} looking up by {math.degrees(math.asin(plane.up[2])):.0f} '
                'degrees, expected an optical frame (z forward, REP 103): correct the frame_id of '
                'the images, which is perhaps that of the body (x forward), or TF; where the '
                'camera does look up, set scale.source to none',
            )
        return plane

    def is_linked(self, frame_id: str, ground_frame: str) -> bool:
        """Return whether static TF has a camera in the floor's frame, be it at a place or none."""
        return self.transforms.is_fixed(frame_id, ground_frame)

    def how_to_know(self, values: Mapping[str, Any]) -> str:
        """Return what is to be set where `sources` has none."""
        if values['scale.source'] != BY_WHAT_IS_KNOWN:
            return 'set scale.source to ground, points or motion'
        frame = values['scale.ground_frame']
        deaf = '' if self.transforms.is_listening else f' ({self.transforms.why_deaf})'
        return (
            f'set camera.height, let TF know the camera in {frame} (scale.ground_frame), or set '
            f'scale.source to points or motion{deaf}'
        )

    def points(self, frame_id: str, stamp_ns: int):
        """
        Return the latest points, (n, 3) metres in an optical frame.

        Raises:
            ScaleError: 'no_points', 'no_transform', 'bad_pose'.

        """
        points, sensor = self.scanner.points(stamp_ns)
        return self.transforms.pose(sensor, frame_id, stamp_ns).apply(points)


def sources(values: Mapping[str, Any], is_linked: bool = False) -> tuple[str, ...]:
    """
    Return the names of the witnesses, the most trusted one first.

    Args:
        values: parameter values by name.
        is_linked: whether TF knows the floor.

    """
    text = values['scale.source']
    if text == BY_WHAT_IS_KNOWN:
        return ('ground',) if values['camera.height'] or is_linked else ()
    return () if text == NO_SOURCE else tuple(text.split(','))
