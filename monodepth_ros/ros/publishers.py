"""A camera's outputs: which topics there are, who listens, and what each one carries."""

from __future__ import annotations

from dataclasses import fields
from typing import Any, Collection, Mapping

from monodepth_ros.facts import ModelFacts
from monodepth_ros.frames import Prediction, Wanted
from monodepth_ros.image_encodings import to_millimetres
from monodepth_ros.ros import compat, conversions
from monodepth_ros.ros.buffers import MessageBuffers
from monodepth_ros.ros.extra_outputs import EXTRA_OUTPUTS
from monodepth_ros.ros.pictures import label_picture, overlay_picture
from monodepth_ros.ros.result import cloud_maps, Output, Result
from monodepth_ros.ros.stopwatch import Stopwatch
import numpy as np
from rclpy.lifecycle import LifecycleNode
from rclpy.qos import QoSDurabilityPolicy, QoSProfile, QoSReliabilityPolicy
from rclpy.qos_overriding_options import QoSOverridingOptions
from sensor_msgs.msg import CameraInfo, Image, PointCloud2
from std_msgs.msg import Header


def _depth(result):
    depth, encoding = result.prediction.depth, result.values['depth.encoding']
    if encoding == '16UC1':
        depth = to_millimetres(depth, result.buffers.array('millimetres', depth.shape, np.uint16))
    return result.image(depth, encoding)


def _relative(result):
    return result.image(result.prediction.relative, '32FC1')


def _camera_info(result):
    return conversions.pinhole_to_camera_info(result.header, result.prediction.camera)


def _points(result):
    return result.cloud('points', result.values['point_cloud.stride'])


def _mask(result):
    return result.image(result.prediction.label, 'mono8')


def _confidence(result):
    return result.image(result.prediction.confidence, 'mono8')


def _color_mask(result):
    return result.image(label_picture(result), 'rgb8')


def _overlay(result):
    return result.image(overlay_picture(result), 'rgb8')


RELATIVE_TOPIC = 'depth/relative'
"""Depth of a network that gives no metres; silent of all others."""

_MAIN_OUTPUTS = {
    'depth/camera_info': Output(CameraInfo, _camera_info, is_calibrated=True),
    'depth/image_rect': Output(Image, _depth, ('depth',)),
    RELATIVE_TOPIC: Output(Image, _relative, ('relative',)),
    'depth/points': Output(PointCloud2, _points, is_cloud=True, is_calibrated=True),
    'segmentation/mask': Output(Image, _mask, ('label',)),
    'segmentation/confidence': Output(Image, _confidence, ('confidence',)),
    'segmentation/color_mask': Output(Image, _color_mask, ('label',)),
    'segmentation/overlay': Output(Image, _overlay, ('label', 'image')),
}

_OUTPUTS = {**_MAIN_OUTPUTS, **EXTRA_OUTPUTS}

TOPICS = {t: output.kind for t, output in _MAIN_OUTPUTS.items() if t != RELATIVE_TOPIC}
"""Topics of depth, cloud and labels of a network that gives metres, and their types."""

EXTRA_TOPICS = {topic: output.kind for topic, output in EXTRA_OUTPUTS.items()}
"""Topics for particular consumers, and their types."""

LABEL_INFO_TOPIC = 'segmentation/label_info'
"""Class names, latched, as vision_msgs/LabelInfo; only where vision_msgs is installed."""

CALIBRATED_TOPICS = tuple(topic for topic, output in _OUTPUTS.items() if output.is_calibrated)
"""Topics that say nothing while the camera's intrinsics are unknown."""


METRIC_TOPICS = tuple(
    topic
    for topic, output in _OUTPUTS.items()
    if output.is_cloud or {'depth', 'error'}.intersection(output.maps)
)
"""Topics that say nothing of a network whose depth is no metres."""


def silent_topics(facts: ModelFacts, calibrated: bool) -> set[str]:
    """
    Return the topics that say nothing.

    Args:
        facts: what the network gives.
        calibrated: whether the camera's intrinsics are known.

    """
    silent = set() if 'relative' in facts.outputs else {RELATIVE_TOPIC}
    if 'depth' not in facts.outputs and not silent:
        silent = set(METRIC_TOPICS)
    return silent if calibrated else silent.union(CALIBRATED_TOPICS)


def needed_maps(topics: Collection[str], values: Mapping[str, Any], calibrated: bool) -> Wanted:
    """
    Return the maps of a prediction that the messages of these topics are made of.

    Args:
        topics: of `TOPICS` and `EXTRA_TOPICS`.
        values: parameter values by name.
        calibrated: whether the camera's intrinsics are known.

    """
    said = set(topics) if calibrated else set(topics).difference(CALIBRATED_TOPICS)
    maps = {name for topic in said for name in _OUTPUTS[topic].maps}
    if any(_OUTPUTS[topic].is_cloud for topic in said):
        maps |= cloud_maps(values)
    if calibrated and 'depth' in maps and values['depth.ground'] == 'snap':
        maps |= {'label', 'error'}
    return Wanted(*(field.name in maps for field in fields(Wanted)))


def make_message(
    topic: str, prediction: Prediction, facts: ModelFacts, values: Mapping[str, Any]
) -> Any:
    """Return the message that a topic carries of a prediction, in memory of its own."""
    header = conversions.make_header(prediction)
    return _OUTPUTS[topic].make(Result(header, prediction, facts, values, MessageBuffers()))


class Outputs:
    """
    Publish what is subscribed to of a camera's predictions.

    Attributes:
        buffers: memory of the messages, in use until `publish` returns.

    """

    def __init__(self, node: LifecycleNode, prefix: str = '') -> None:
        """
        Make the topics.

        Args:
            node: makes the publishers.
            prefix: what stands before the topics' names, such as 'front/'.

        """
        self.buffers = MessageBuffers()
        self._node = node
        self._publishers = {}
        for topic, output in _OUTPUTS.items():
            self._publishers[topic] = node.create_lifecycle_publisher(
                output.kind,
                prefix + topic,
                QoSProfile(depth=1, reliability=QoSReliabilityPolicy.RELIABLE),
                qos_overriding_options=QoSOverridingOptions.with_default_policies(),
            )
        self._label_info = (
            None
            if compat.LabelInfo is None
            else _label_info_publisher(node, prefix + LABEL_INFO_TOPIC)
        )
        self._announced = ()

    def listened(self) -> list[str]:
        """Return the topics that have a subscriber now."""
        return [
            topic
            for topic, publisher in self._publishers.items()
            if publisher.get_subscription_count() > 0
        ]

    def announce(self, facts: ModelFacts, values: Mapping[str, Any]) -> None:
        """
        Publish class names and confidence threshold, latched, if they are news.

        Args:
            facts: class names are taken from it.
            values: parameter values by name.

        """
        news = (facts.classes, values['segmentation.confidence_threshold'])
        if self._label_info is None or news == self._announced:
            return
        self._announced = news
        header = Header(stamp=self._node.get_clock().now().to_msg())
        self._label_info.publish(conversions.make_label_info(header, *news))

    def publish(
        self,
        topics: Collection[str],
        prediction: Prediction,
        facts: ModelFacts,
        values: Mapping[str, Any],
        stopwatch: Stopwatch,
    ) -> None:
        """
        Publish one frame's messages, all with the frame's own stamp and frame_id.

        Args:
            topics: those to publish on.
            prediction: the frame's result, with all `needed_maps` of the topics; best in arrays of
                `buffers`.
            facts: class names and colours are taken from it.
            values: parameter values by name.
            stopwatch: takes the times of making and of publishing.

        """
        self.announce(facts, values)
        header = conversions.make_header(prediction)
        result = Result(header, prediction, facts, values, self.buffers)
        silent = silent_topics(facts, prediction.camera is not None)
        for topic in topics:
            if topic in silent:
                continue
            with stopwatch.measure('output'):
                msg = _OUTPUTS[topic].make(result)
            if msg is None:
                continue
            with stopwatch.measure('publish'):
                self._publishers[topic].publish(msg)

    def destroy(self) -> None:
        """Take the topics down."""
        for publisher in self._publishers.values():
            self._node.destroy_lifecycle_publisher(publisher)
        self._publishers = {}
        if self._label_info is not None:
            self._node.destroy_lifecycle_publisher(self._label_info)
        self._label_info = None


def _label_info_publisher(node, topic):
    latched = QoSProfile(
        depth=1,
        reliability=QoSReliabilityPolicy.RELIABLE,
        durability=QoSDurabilityPolicy.TRANSIENT_LOCAL,
    )
    return node.create_lifecycle_publisher(
        compat.LabelInfo,
        topic,
        latched,
        qos_overriding_options=QoSOverridingOptions.with_default_policies(),
    )
