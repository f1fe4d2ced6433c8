"""The bond by which Nav2's lifecycle manager knows that an active node lives."""

from __future__ import annotations

from typing import Any, Optional

from rclpy.lifecycle import LifecycleNode

try:
    from bondpy.bondpy import Bond
except ImportError:  # Not on PyPI, and no part of ros-base.
    Bond = None

TOPIC = 'bond'
HEARTBEAT_PERIOD_S = 0.1
HEARTBEAT_TIMEOUT_S = 4.0
"""As nav2_util's LifecycleNode has them; the manager's own `bond_timeout` is 4 s by default."""


class LifeSign:
    """Keep a bond while the node is active; without bondpy, do nothing."""

    def __init__(self, node: LifecycleNode) -> None:
        self._node = node
        self._bond: Optional[Any] = None

    def start(self) -> None:
        """Keep the bond from now on; a manager that is there joins it."""
        if Bond is None:
            return
        # A new one each time: one that has ended cannot begin again.
        bond = Bond(self._node, TOPIC, self._node.get_name())
        bond.heartbeat_period = HEARTBEAT_PERIOD_S
        bond.heartbeat_timeout = HEARTBEAT_TIMEOUT_S
        bond.start()
        self._bond = bond

    def end(self) -> None:
        """Tell the manager that the end is meant; twice is safe."""
        bond, self._bond = self._bond, None
        if bond is None:
            return
        bond.shutdown()
        # It ends their use, and leaves them in the node's lists, which the executor goes through.
        self._node.destroy_subscription(bond.sub)
        self._node.destroy_publisher(bond.pub)
