"""Where frames are in each other, by tf2, where that is installed."""

from __future__ import annotations

from importlib.util import find_spec
from typing import Any, Optional

from monodepth_ros.errors import ScaleError
from monodepth_ros.ros.compat import stamp_to_ns
from monodepth_ros.scale.pose import Pose
from rclpy.node import Node
from rclpy.time import Time

STALE_NS = 500_000_000
"""How far a transform that moves may be from the image's stamp, where there is none at it: the
publisher of a joint may lag behind the camera, and what moves is elsewhere after longer."""


def is_installed() -> bool:
    """Return whether there is tf2: it comes with ROS, and is not on PyPI."""
    return find_spec('tf2_ros') is not None


class Transforms:
    """Listen to TF from `start` to `stop`; `pose` is for any thread."""

    def __init__(self) -> None:
        """Hear nothing yet."""
        self._buffer: Optional[Any] = None
        self._listener: Optional[Any] = None

    def start(self, node: Node) -> None:
        """Listen with the node's own executor; does nothing without tf2, or when it listens."""
        if self._listener is None and is_installed():
            import tf2_ros

            self._buffer = tf2_ros.Buffer()
            self._listener = tf2_ros.TransformListener(self._buffer, node, spin_thread=False)

    def stop(self) -> None:
        """Listen no more and forget what was heard; twice is safe."""
        if self._listener is not None:
            self._listener.unregister()
        self._buffer = self._listener = None

    def pose(self, frame: str, within: str, stamp_ns: int) -> Pose:
        """
        Return where a frame is in another one at a time.

        Args:
            frame: the one to be found.
            within: the one whose coordinates the answer has.
            stamp_ns: when. Where TF has nothing for it, the latest is taken, if that is of a
                static frame or less than `STALE_NS` away.

        Raises:
            ScaleError: 'no_transform', with what is missing; 'bad_pose'.

        """
        frame, within = frame.lstrip('/'), within.lstrip('/')
        if frame == within:
            return Pose()
        buffer = self._buffer
        if buffer is None:
            raise ScaleError('no_transform', _why_deaf())
        try:
            found = buffer.lookup_transform(within, frame, Time(nanoseconds=stamp_ns))
        # tf2 raises its own errors, and ValueError and TypeError for names that are none.
        except Exception as error:
            found = _latest(buffer, frame, within, stamp_ns, error)
        rotation, place = found.transform.rotation, found.transform.translation
        quaternion = (rotation.x, rotation.y, rotation.z, rotation.w)
        return Pose.from_quaternion(quaternion, (place.x, place.y, place.z))


def _why_deaf():
    if is_installed():
        return 'TF is not listened to; deactivate and activate the node'
    return (
        'tf2_ros, which knows where frames are, is not installed: install it with ROS, or set '
        'camera.height, camera.pitch and camera.roll for scale.source ground'
    )


def _latest(buffer, frame, within, stamp_ns, error):
    """Return the latest transform where it will do; raise why there is none otherwise."""
    try:
        found = buffer.lookup_transform(within, frame, Time())
    except Exception:
        raise ScaleError(
            'no_transform',
            f'TF does not know where {frame or "a frame without a name"} is in {within}: '
            f'{" ".join(str(error).split())}; publish it, or correct scale.ground_frame or the '
            'frame_id of image or sensor',
        ) from None
    latest = stamp_to_ns(found.header.stamp)
    # What is static has no stamp when it is the latest.
    if latest and abs(latest - stamp_ns) > STALE_NS:
        late = (stamp_ns - latest) * 1e-9
        raise ScaleError(
            'no_transform',
            f'the latest transform from {frame} to {within} is {abs(late):.1f} s '
            f'{"before" if late > 0 else "after"} the image, expected at most '
            f'{STALE_NS * 1e-9:.1f} s; check its publisher, and the clocks of both machines',
        )
    return found
