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
        self._bond = Bond(self._node, TOPIC, self._node.get_name())
        self._bond.heartbeat_period = HEARTBEAT_PERIOD_S
        self._bond.heartbeat_timeout = HEARTBEAT_TIMEOUT_S
        self._bond.start()

    def end(self) -> None:
        """Tell the manager that the end is meant; twice is safe."""
        if self._bond is not None:
            self._bond.shutdown()
        self._bond = None
