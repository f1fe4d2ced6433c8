"""What the messages of one frame are made of, and how an output is described."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Callable, Mapping, NamedTuple, Optional

from monodepth_ros.facts import ModelFacts
from monodepth_ros.frames import Prediction
from monodepth_ros.pipeline.cloud import cloud_dtype, cloud_shape, make_cloud, without_classes
from monodepth_ros.ros import compat
from monodepth_ros.ros.buffers import MessageBuffers
import numpy as np
from sensor_msgs.msg import Image, PointCloud2
from std_msgs.msg import Header

NO_CLASS = ('',)
"""An empty list of class names: ROS 2 cannot tell the type of a list without an element."""


@dataclass(frozen=True)
class Result:
    """What the messages of a frame are made of."""

    header: Header
    prediction: Prediction
    facts: ModelFacts
    values: Mapping[str, Any]
    buffers: MessageBuffers

    def image(self, pixels: np.ndarray, encoding: str) -> Image:
        """Return pixels as a message, which shares the memory of those in the buffers."""
        return compat.make_image(self.header, pixels, encoding, self.buffers.message_of(pixels))

    def classes(self, parameter: str) -> list[int]:
        """Return the indices of the classes that a parameter names."""
        names = self.values[parameter]
        return [index for index, name in enumerate(self.facts.classes) if name in names]

    def cloud(self, name: str, stride: int) -> PointCloud2:
        """Return the organised cloud with the fields and ranges that the parameters want.

        Args:
            name: of the cloud's memory.
            stride: every n-th row and column becomes a point.

        """
        prediction, values = self.prediction, self.values
        labelled, with_error = values['point_cloud.label'], values['point_cloud.error']
        depth, excluded = prediction.depth, self.classes('point_cloud.exclude')
        if excluded:
            depth = without_classes(depth, prediction.label, excluded)
        shape, dtype = cloud_shape(depth.shape, stride), cloud_dtype(labelled, with_error)
        points = make_cloud(
            depth,
            prediction.image,
            prediction.camera.rays(),
            stride,
            (prediction.label, prediction.confidence) if labelled else None,
            values['point_cloud.min_range'],
            values['point_cloud.max_range'],
            self.buffers.array(name, shape, dtype, PointCloud2),
            prediction.error if with_error else None,
        )
        return compat.make_point_cloud(self.header, points, self.buffers.message_of(points))


def cloud_maps(values: Mapping[str, Any]) -> set[str]:
    """Return the maps of a prediction that a cloud needs with these parameter values."""
    maps = {'depth', 'image'}
    if values['point_cloud.label']:
        maps.update(('label', 'confidence'))
    if values['point_cloud.error']:
        maps.add('error')
    if tuple(values['point_cloud.exclude']) != NO_CLASS:
        maps.add('label')
    return maps


class Output(NamedTuple):
    """
    A topic's message type and how it is made.

    `maps` are those of a prediction that go into it, whatever the parameters say, `is_cloud`
    stands for those of `cloud_maps`, and one that `is_calibrated` says nothing while the camera's
    intrinsics are unknown.
    """

    kind: type
    make: Callable[[Result], Optional[Any]]
    maps: tuple[str, ...] = ()
    is_cloud: bool = False
    is_calibrated: bool = False
