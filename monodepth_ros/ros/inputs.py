"""What the node hears of a camera: its image, in one of the transports, and its intrinsics."""

from __future__ import annotations

from typing import Any, Callable, Mapping

from rclpy.node import Node
from rclpy.qos import QoSPolicyKind, QoSProfile, QoSReliabilityPolicy
from rclpy.qos_overriding_options import QoSOverridingOptions
from rclpy.subscription import Subscription
from sensor_msgs.msg import CameraInfo, CompressedImage, Image

_TRANSPORTS = {'raw': (Image, ''), 'compressed': (CompressedImage, '/compressed')}

TRANSPORTS = tuple(_TRANSPORTS)
"""Values of the parameter `image_transport`."""

# Durability as well: some drivers and bags publish camera_info once, latched.
_OVERRIDABLE = (
    QoSPolicyKind.HISTORY,
    QoSPolicyKind.DEPTH,
    QoSPolicyKind.RELIABILITY,
    QoSPolicyKind.DURABILITY,
)


def subscribe(
    node: Node,
    prefix: str,
    values: Mapping[str, Any],
    on_image: Callable[[Any], None],
    on_camera_info: Callable[[CameraInfo], None],
) -> list[Subscription]:
    """
    Subscribe to the image, and to `camera_info` unless a file gives the intrinsics.

    As with image_transport, a transport's topic follows the remapped name of the image:
    `image_raw:=/camera/image` makes it `/camera/image/compressed`.

    Args:
        node: makes the subscriptions.
        prefix: what stands before the names of the topics, such as 'front/'.
        values: parameter values by name.
        on_image: takes an Image or CompressedImage, as `image_transport` says.
        on_camera_info: takes a CameraInfo.

    """
    kind, suffix = _TRANSPORTS[values['image_transport']]
    topics = [(kind, node.resolve_topic_name(f'{prefix}image_raw') + suffix, on_image)]
    if not values['camera.info_url']:
        topics.append((CameraInfo, f'{prefix}camera_info', on_camera_info))
    reliability = QoSReliabilityPolicy[values['input_reliability'].upper()]
    return [
        node.create_subscription(
            kind,
            topic,
            callback,
            QoSProfile(depth=1, reliability=reliability),
            qos_overriding_options=QoSOverridingOptions(_OVERRIDABLE),
        )
        for kind, topic, callback in topics
    ]
