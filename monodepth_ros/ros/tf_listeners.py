"""Who fills a buffer of tf2 from TF's topics, with a node's own executor."""

from __future__ import annotations

from typing import Any

from rclpy.clock import Clock, ClockType, JumpThreshold
from rclpy.duration import Duration
from rclpy.node import Node
from rclpy.qos import QoSDurabilityPolicy, QoSProfile

BACKWARDS = JumpThreshold(
    min_forward=None, min_backward=Duration(nanoseconds=-1), on_clock_change=True
)
"""Of the node's time: a bag that loops, a simulation that begins anew."""

AGAIN_S = 1.0
"""Seconds after which it is forgotten once more: time may be heard to jump before the last
transforms from before that are, which wait in a queue."""


class StaticListener:
    """
    Hear what is fixed to what, which is said once: it costs nothing.

    All of TF is another matter: a robot sends 100 to 300 messages a second, each of which takes
    Python about a millisecond.
    """

    def __init__(self, buffer: Any, node: Node) -> None:
        """
        Subscribe.

        Args:
            buffer: a tf2_ros.Buffer.
            node: hears.

        """
        from tf2_msgs.msg import TFMessage

        latched = QoSProfile(depth=100, durability=QoSDurabilityPolicy.TRANSIENT_LOCAL)
        self._buffer, self._node = buffer, node
        self._heard = node.create_subscription(TFMessage, '/tf_static', self._hear, latched)

    def _hear(self, msg: Any) -> None:
        for transform in msg.transforms:
            self._buffer.set_transform_static(transform, 'monodepth')

    def unregister(self) -> None:
        """Listen no more."""
        self._node.destroy_subscription(self._heard)


class FullListener:
    """
    Hear all of TF, and forget what moved where time jumps back.

    tf2 refuses transforms from before those that it has, and would mix those of both times.
    """

    def __init__(self, buffer: Any, node: Node) -> None:
        """Subscribe; arguments as of `StaticListener`."""
        from tf2_ros import TransformListener

        self._buffer, self._node = buffer, node
        self._listener = TransformListener(buffer, node, spin_thread=False)
        steady = Clock(clock_type=ClockType.STEADY_TIME)
        self._again = node.create_timer(AGAIN_S, self._clear_again, clock=steady)
        self._again.cancel()
        self._jumps = node.get_clock().create_jump_callback(BACKWARDS, post_callback=self._on_jump)

    def _on_jump(self, jump: Any) -> None:
        self._buffer.clear()
        self._again.reset()

    def _clear_again(self) -> None:
        self._again.cancel()
        self._buffer.clear()

    def unregister(self) -> None:
        """Listen no more."""
        self._jumps.unregister()
        self._node.destroy_timer(self._again)
        self._listener.unregister()
