"""The floor under a camera, for what is made of it: flat floors, and what stands on them."""

from __future__ import annotations

from typing import Any, Collection, Mapping, Optional

from monodepth_ros.errors import ScaleError
from monodepth_ros.facts import ModelFacts
from monodepth_ros.frames import Prediction, Wanted
from monodepth_ros.ros.obstacle_outputs import OBSTACLES_TOPIC
from monodepth_ros.ros.witnesses import Witnesses
from monodepth_ros.scale.floor import snap_floor
from monodepth_ros.scale.ground import label_indices
from monodepth_ros.scale.plane import GroundPlane
from rclpy.node import Node

GROUND_MODES = ('none', 'snap')
"""Values of the parameter `depth.ground`; off would be a truth value in YAML."""


class Floor:
    """
    Find the floor for each frame that needs it.

    Attributes:
        problem: why it was not known for the last frame, in words; '' where it was.
        is_needed: whether the last frame needed it.

    """

    def __init__(self, node: Node, witnesses: Witnesses) -> None:
        """
        Join the parts.

        Args:
            node: hears TF.
            witnesses: what the robot knows.

        """
        self.problem = ''
        self.is_needed = False
        self._node = node
        self._witnesses = witnesses

    @property
    def state(self) -> str:
        """Return 'unused', 'known' or 'unknown'."""
        if not self.is_needed:
            return 'unused'
        return 'unknown' if self.problem else 'known'

    def hear(self, topics: Collection[str], values: Mapping[str, Any]) -> None:
        """Listen to TF if somebody wants what needs the floor; in the executor's thread."""
        if values['depth.ground'] == 'snap' or OBSTACLES_TOPIC in topics:
            self._witnesses.hear_floor(self._node, values)

    def plane(
        self,
        topics: Collection[str],
        wanted: Wanted,
        values: Mapping[str, Any],
        facts: ModelFacts,
        frame: Any,
    ) -> Optional[GroundPlane]:
        """
        Return the floor for a frame; None where it is not needed, or not known.

        Args:
            topics: that are subscribed to.
            wanted: maps of the frame.
            values: parameter values by name.
            facts: classes of the model.
            frame: `frame_id` and `stamp_ns` of the image.

        """
        snaps = values['depth.ground'] == 'snap' and wanted.depth
        self.is_needed = snaps or OBSTACLES_TOPIC in topics
        self.problem = ''
        if not self.is_needed:
            return None
        if snaps and not label_indices(values['scale.ground_classes'], facts.classes):
            self.problem = 'the model has none of scale.ground_classes'
        try:
            return self._witnesses.plane(frame.frame_id, frame.stamp_ns, values)
        except ScaleError as error:
            self.problem = str(error)
            return None


def flatten(
    prediction: Prediction,
    plane: Optional[GroundPlane],
    values: Mapping[str, Any],
    facts: ModelFacts,
) -> None:
    """Give the floor's pixels the depth of the plane, in place, where parameters want that."""
    if plane is None or values['depth.ground'] != 'snap' or prediction.depth is None:
        return
    classes = label_indices(values['scale.ground_classes'], facts.classes)
    if classes and prediction.camera is not None:
        maps = prediction.depth, prediction.label, prediction.error
        snap_floor(*maps, classes, plane, prediction.camera)
