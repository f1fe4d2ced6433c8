"""The topic of what stands on the floor."""

from __future__ import annotations

from typing import Any, Mapping, Optional

from monodepth_ros.ros import compat
from monodepth_ros.ros.result import Output, Result
from monodepth_ros.scale.ground import label_indices
from monodepth_ros.scale.obstacles import find_obstacles, ObstacleOptions
from sensor_msgs.msg import PointCloud2

OBSTACLES_TOPIC = 'depth/obstacles'
"""Silent while the floor is not known."""


def obstacle_options(values: Mapping[str, Any]) -> ObstacleOptions:
    """Return what is an obstacle by the parameters."""
    return ObstacleOptions(
        min_height=values['obstacles.min_height'],
        max_height=values['obstacles.max_height'],
        max_range=values['obstacles.max_range'],
        margin=values['obstacles.margin'],
        voxel=values['obstacles.voxel'],
        min_points=values['obstacles.min_points'],
    )


def _obstacles(result: Result) -> Optional[PointCloud2]:
    prediction, values = result.prediction, result.values
    if prediction.ground is None:
        return None
    points = find_obstacles(
        prediction.depth,
        prediction.label,
        prediction.error,
        prediction.ground,
        prediction.camera,
        label_indices(values['scale.ground_classes'], result.facts.classes),
        obstacle_options(values),
    )
    msg = compat.make_point_cloud(result.header, points.reshape(1, -1))
    msg.is_dense = True
    return msg


OBSTACLE_OUTPUTS = {
    OBSTACLES_TOPIC: Output(
        PointCloud2, _obstacles, ('depth', 'label', 'error'), is_calibrated=True
    )
}
"""Topics and what they carry."""
