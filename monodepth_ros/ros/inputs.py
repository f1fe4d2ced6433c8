"""What the node hears of a camera: its image, in one of the transports, and its intrinsics."""

from __future__ import annotations

from typing import Any, Callable, Mapping

from rclpy.node import Node
from rclpy.qos import (
    QoSDurabilityPolicy,
    QoSPolicyKind,
    QoSProfile,
    QoSReliabilityPolicy,
)
from rclpy.qos_overriding_options import QoSOverridingOptions
from rclpy.subscription import Subscription
from sensor_msgs.msg import CameraInfo, CompressedImage, Image

try:
    from rclpy.event_handler import SubscriptionEventCallbacks
except ImportError:  # Humble.
    from rclpy.qos_event import SubscriptionEventCallbacks

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
    subscriptions = [
        node.create_subscription(
            kind,
            topic,
            callback,
            QoSProfile(depth=1, reliability=reliability),
            qos_overriding_options=QoSOverridingOptions(_OVERRIDABLE),
        )
        for kind, topic, callback in topics
    ]
    if len(topics) > 1:
        subscriptions.append(_subscribe_latched(node, topics[1][1], on_camera_info))
    return subscriptions


def _subscribe_latched(node, topic, callback):
    """Hear what was said once before the node was there; a volatile reader gets none of it."""
    latched = QoSProfile(
        depth=1,
        reliability=QoSReliabilityPolicy.RELIABLE,
        durability=QoSDurabilityPolicy.TRANSIENT_LOCAL,
    )
    # The usual publisher, which is volatile, does not fit, and is nothing to warn of here.
    quiet = SubscriptionEventCallbacks(use_default_callbacks=False)
    return node.create_subscription(CameraInfo, topic, callback, latched, event_callbacks=quiet)


def publishers_of(node: Node, topic: str) -> str:
    """Return a resolved topic's name and how many publish on it, in words."""
    count = node.count_publishers(topic)
    return f'{topic} ({count} publisher{"" if count == 1 else "s"})'


def unheard_camera_info(node: Node, image_topic: str, info_topic: str) -> str:
    """
    Return what to do where no camera_info has come, in words.

    As with image_transport's CameraSubscriber, a driver's camera_info is beside its image.
    """
    sibling = image_topic.removesuffix('/compressed').rpartition('/')[0] + '/camera_info'
    text = f'nothing on {publishers_of(node, info_topic)}'
    if sibling != info_topic and node.count_publishers(sibling):
        return f'remap camera_info to {sibling}, beside the image: {text}'
    return text
