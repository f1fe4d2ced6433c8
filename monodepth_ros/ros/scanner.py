"""Points of another sensor: a LaserScan or a PointCloud2, whichever there is on the topic."""

from __future__ import annotations

from typing import Any, Optional, Union

from monodepth_ros.errors import ScaleError
from monodepth_ros.ros.compat import stamp_to_ns
from monodepth_ros.scale.messages import cloud_of, scan_of
import numpy as np
from rclpy.clock import Clock, ClockType
from rclpy.node import Node
from rclpy.qos import QoSProfile, QoSReliabilityPolicy
from rclpy.qos_overriding_options import QoSOverridingOptions
from sensor_msgs.msg import LaserScan, PointCloud2

KINDS = {'sensor_msgs/msg/LaserScan': LaserScan, 'sensor_msgs/msg/PointCloud2': PointCloud2}

OLD_NS = 500_000_000
"""How far the points may be from the image's stamp: the slowest scanners turn 5 times a second."""

LOOK_PERIOD_S = 0.5
"""How often it is looked for a publisher, whose type tells what there is."""


class Scanner:
    """Keep the latest points of a topic, from `start` to `stop`."""

    def __init__(self) -> None:
        """Hear nothing yet."""
        self._node: Optional[Node] = None
        self._topic = ''
        self._timer: Optional[Any] = None
        self._subscription: Optional[Any] = None
        self._message: Optional[Union[LaserScan, PointCloud2]] = None

    def start(self, node: Node, topic: str) -> None:
        """Subscribe as soon as somebody publishes on the topic; does nothing when started."""
        if self._node is not None:
            return
        self._node, self._topic = node, node.resolve_topic_name(topic)
        # Steady: with use_sim_time the node's clock may stand still.
        clock = Clock(clock_type=ClockType.STEADY_TIME)
        self._timer = node.create_timer(LOOK_PERIOD_S, self._look, clock=clock)

    def stop(self) -> None:
        """Unsubscribe and forget the points; twice is safe."""
        self._end_timer()
        if self._subscription is not None:
            self._node.destroy_subscription(self._subscription)
        self._node = self._subscription = self._message = None

    def _end_timer(self):
        if self._timer is not None:
            self._node.destroy_timer(self._timer)
        self._timer = None

    def _types(self, node):
        return dict(node.get_topic_names_and_types()).get(self._topic, [])

    def _look(self) -> None:
        kind = next((KINDS[name] for name in self._types(self._node) if name in KINDS), None)
        if kind is None:
            return
        self._end_timer()
        self._subscription = self._node.create_subscription(
            kind,
            self._topic,
            self._on_message,
            QoSProfile(depth=1, reliability=QoSReliabilityPolicy.BEST_EFFORT),
            qos_overriding_options=QoSOverridingOptions.with_default_policies(),
        )

    def _on_message(self, msg: Union[LaserScan, PointCloud2]) -> None:
        self._message = msg

    def points(self, stamp_ns: int) -> tuple[np.ndarray, str]:
        """
        Return the latest points, (n, 3) metres, and the name of their frame.

        Args:
            stamp_ns: stamp of the image that they are for.

        Raises:
            ScaleError: 'no_points' where none have come, or they are too old, or none can be read.

        """
        msg = self._message
        if msg is None:
            raise ScaleError('no_points', self._why_none())
        late = (stamp_ns - stamp_to_ns(msg.header.stamp)) * 1e-9
        if abs(late) > OLD_NS * 1e-9:
            raise ScaleError(
                'no_points',
                f'the latest message on {self._topic} is {abs(late):.1f} s '
                f'{"before" if late > 0 else "after"} the image, expected at most '
                f'{OLD_NS * 1e-9:.1f} s; check the sensor, and the clocks of both machines',
            )
        points = read_points(msg)
        if not len(points):
            raise ScaleError(
                'no_points',
                f'the messages on {self._topic} have no range or point that can be used; check '
                'the sensor, or set scale.points_topic',
            )
        return points, msg.header.frame_id

    def _why_none(self):
        node, kinds = self._node, ' or '.join(name.rpartition('/')[2] for name in KINDS)
        types = self._types(node) if node is not None else []
        if types and not set(types) & set(KINDS):
            return f'{self._topic} is of type {types[0]}, expected {kinds}; set scale.points_topic'
        return (
            f'nothing has come on {self._topic}; start the sensor, or set scale.points_topic to '
            f'a {kinds}'
        )


def read_points(msg: Union[LaserScan, PointCloud2]) -> np.ndarray:
    """
    Return (n, 3) metres in the message's own frame; of a cloud no more than some thousand.

    sensor_msgs_py would copy the whole cloud first, which takes longer than all the rest.

    Raises:
        ScaleError: 'no_points' where the message contradicts itself.

    """
    return scan_of(msg) if isinstance(msg, LaserScan) else cloud_of(msg)
