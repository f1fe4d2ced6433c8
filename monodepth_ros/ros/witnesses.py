"""What the robot knows of distances, for all cameras of a node, and who is asked."""

from __future__ import annotations

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
        return GroundPlane.from_pose(self.transforms.pose(frame_id, ground, stamp_ns))

    def is_linked(self, frame_id: str, stamp_ns: int, values: Mapping[str, Any]) -> bool:
        """Return whether TF has a camera in the frame of the floor, be it at a place or none."""
        try:
            self.transforms.pose(frame_id, values['scale.ground_frame'], stamp_ns)
        except ScaleError as error:
            return error.reason != 'no_transform'
        return True

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


def how_to_know(values: Mapping[str, Any]) -> str:
    """Return what is to be set where `sources` has none."""
    if values['scale.source'] != BY_WHAT_IS_KNOWN:
        return 'set scale.source to ground, points or motion'
    return (
        f'set camera.height, let TF know the camera in {values["scale.ground_frame"]} '
        '(scale.ground_frame), or set scale.source to points or motion'
    )
