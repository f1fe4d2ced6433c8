"""The node's outputs: which topics there are, who listens, and what each one carries."""

from __future__ import annotations

from typing import Any, Mapping

from monodepth_ros.facts import ModelFacts
from monodepth_ros.frames import Prediction
from monodepth_ros.pipeline.cloud import make_cloud
from monodepth_ros.pipeline.visualize import colorize_label, overlay
from monodepth_ros.ros import compat, conversions
from rclpy.lifecycle import LifecycleNode
from rclpy.qos import QoSDurabilityPolicy, QoSProfile, QoSReliabilityPolicy
from rclpy.qos_overriding_options import QoSOverridingOptions
from sensor_msgs.msg import CameraInfo, Image, PointCloud2
from std_msgs.msg import Header


def _depth(header, prediction, facts, values):
    return conversions.depth_to_image(header, prediction.depth, values['depth.encoding'])


def _camera_info(header, prediction, facts, values):
    return conversions.pinhole_to_camera_info(header, prediction.camera)


def _points(header, prediction, facts, values):
    points = make_cloud(
        prediction.depth,
        prediction.image,
        prediction.camera.rays(),
        values['point_cloud.stride'],
        (prediction.label, prediction.confidence) if values['point_cloud.label'] else None,
        values['point_cloud.min_range'],
        values['point_cloud.max_range'],
    )
    return compat.make_point_cloud(header, points)


def _mask(header, prediction, facts, values):
    return compat.make_image(header, prediction.label, 'mono8')


def _confidence(header, prediction, facts, values):
    return compat.make_image(header, prediction.confidence, 'mono8')


def _color_mask(header, prediction, facts, values):
    return compat.make_image(header, colorize_label(prediction.label, facts.colors), 'rgb8')


def _overlay(header, prediction, facts, values):
    alpha = values['segmentation.overlay_alpha']
    picture = overlay(prediction.image, prediction.label, facts.colors, alpha)
    return compat.make_image(header, picture, 'rgb8')


_OUTPUTS = {
    'depth/camera_info': (CameraInfo, _camera_info),
    'depth/image_rect': (Image, _depth),
    'depth/points': (PointCloud2, _points),
    'segmentation/mask': (Image, _mask),
    'segmentation/confidence': (Image, _confidence),
    'segmentation/color_mask': (Image, _color_mask),
    'segmentation/overlay': (Image, _overlay),
}

TOPICS = {topic: kind for topic, (kind, _) in _OUTPUTS.items()}
"""Output topics and their types."""

LABEL_INFO_TOPIC = 'segmentation/label_info'
"""Class names, latched, as vision_msgs/LabelInfo; only where vision_msgs is installed."""

CALIBRATED_TOPICS = ('depth/camera_info', 'depth/points')
"""Topics that say nothing while the camera's intrinsics are unknown."""


class Outputs:
    """Publish what is subscribed to of a prediction; nothing else is computed."""

    def __init__(self, node: LifecycleNode) -> None:
        self._node = node
        self._publishers = {}
        for topic, kind in TOPICS.items():
            self._publishers[topic] = node.create_lifecycle_publisher(
                kind,
                topic,
                QoSProfile(depth=1, reliability=QoSReliabilityPolicy.RELIABLE),
                qos_overriding_options=QoSOverridingOptions.with_default_policies(),
            )
        self._label_info = None if compat.LabelInfo is None else _label_info_publisher(node)
        self._announced = ()

    def wanted(self) -> bool:
        """Return whether any topic has a subscriber."""
        return any(self._is_wanted(topic) for topic in TOPICS)

    def _is_wanted(self, topic: str) -> bool:
        return self._publishers[topic].get_subscription_count() > 0

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
        self, prediction: Prediction, facts: ModelFacts, values: Mapping[str, Any]
    ) -> None:
        """
        Publish one frame's messages, all with the frame's own stamp and frame_id.

        Args:
            prediction: the frame's result.
            facts: class names and colours are taken from it.
            values: parameter values by name.

        """
        self.announce(facts, values)
        header = conversions.make_header(prediction)
        for topic, (_, make) in _OUTPUTS.items():
            if prediction.camera is None and topic in CALIBRATED_TOPICS:
                continue
            if self._is_wanted(topic):
                self._publishers[topic].publish(make(header, prediction, facts, values))

    def destroy(self) -> None:
        """Take the topics down."""
        for publisher in self._publishers.values():
            self._node.destroy_lifecycle_publisher(publisher)
        self._publishers = {}
        if self._label_info is not None:
            self._node.destroy_lifecycle_publisher(self._label_info)
        self._label_info = None


def _label_info_publisher(node):
    latched = QoSProfile(
        depth=1,
        reliability=QoSReliabilityPolicy.RELIABLE,
        durability=QoSDurabilityPolicy.TRANSIENT_LOCAL,
    )
    return node.create_lifecycle_publisher(
        compat.LabelInfo,
        LABEL_INFO_TOPIC,
        latched,
        qos_overriding_options=QoSOverridingOptions.with_default_policies(),
    )
