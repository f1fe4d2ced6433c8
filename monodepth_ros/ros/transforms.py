"""Where frames are in each other, by tf2, where that is installed."""

from __future__ import annotations

from importlib.util import find_spec
import time
from typing import Any, Optional

from monodepth_ros.errors import ScaleError
from monodepth_ros.ros.compat import stamp_to_ns
from monodepth_ros.ros.tf_listeners import FullListener, StaticListener
from monodepth_ros.scale.pose import Pose
from rclpy.node import Node
from rclpy.time import Time

STALE_NS = 500_000_000
"""How far a transform that moves may be from the image's stamp, where there is none at it: the
publisher of a joint may lag behind the camera, and what moves is elsewhere after longer."""

PATIENCE_S, POLL_S = 0.3, 0.01
"""How long odometry may be late, and how often it is asked for meanwhile."""

NO_STAMP = 'the images have no stamp, by which TF could say where the camera was'
"""Why there is no pose at a time."""


def is_installed() -> bool:
    """Return whether there is tf2: it comes with ROS, and is not on PyPI."""
    return find_spec('tf2_ros') is not None


class Transforms:
    """Listen to TF from `start` to `stop`; `pose` and `pose_at` are for any thread."""

    def __init__(self) -> None:
        """Hear nothing yet."""
        self._buffer: Optional[Any] = None
        self._listener: Optional[Any] = None
        self._damage = ''

    @property
    def is_listening(self) -> bool:
        """Whether TF is heard."""
        return self._listener is not None

    def start(self, node: Node, only_static: bool = False) -> None:
        """
        Listen with the node's own executor; without tf2 do nothing.

        Args:
            node: hears.
            only_static: to what is fixed alone, such as a camera that is screwed on. Who listens
                to all goes on to do so.

        """
        enough = StaticListener if only_static else FullListener
        is_heard = isinstance(self._listener, (enough, FullListener))
        if is_heard or self._damage or not is_installed():
            return
        try:
            import tf2_ros

            buffer = self._buffer or tf2_ros.Buffer()
            listener = enough(buffer, node)
        except Exception as error:
            # Such as that of a ROS for another Python, or a topic that may not be heard.
            self._damage = ' '.join(str(error).split())
            node.get_logger().warning(self.why_deaf)
            return
        self._unregister()
        self._buffer, self._listener = buffer, listener

    def stop(self) -> None:
        """Listen no more and forget what was heard; twice is safe."""
        self._unregister()
        self._buffer = self._listener = None

    def _unregister(self):
        if self._listener is not None:
            self._listener.unregister()

    @property
    def why_deaf(self) -> str:
        """Why TF is not heard, in words."""
        if self._damage:
            return (
                f'tf2_ros is there and cannot be used ({self._damage}): use the Python that '
                'ROS is built for, allow /tf and /tf_static, or set camera.height, camera.pitch '
                'and camera.roll, with which scale.source ground does without'
            )
        if is_installed():
            return 'TF is not listened to; deactivate and activate the node'
        return (
            'tf2_ros, which knows where frames are, is not installed: install it with ROS, or set '
            'camera.height, camera.pitch and camera.roll, with which scale.source ground does '
            'without'
        )

    def pose_at(self, frame: str, within: str, stamp_ns: int, waits: bool = False) -> Pose:
        """
        Return where a frame was in another one at exactly a time, between known transforms.

        Args:
            frame: the one to be found.
            within: the one whose coordinates the answer has.
            stamp_ns: when, above 0.
            waits: up to `PATIENCE_S`; what has moved is known a little later than the image.

        Raises:
            ScaleError: 'no_transform', with what is missing; 'bad_pose'.

        """
        frame, within = frame.lstrip('/'), within.lstrip('/')
        deadline = time.monotonic() + (PATIENCE_S if waits else 0.0)
        while True:
            buffer = self._buffer
            if buffer is None or not stamp_ns:
                raise ScaleError('no_transform', NO_STAMP if not stamp_ns else self.why_deaf)
            try:
                found = buffer.lookup_transform(within, frame, Time(nanoseconds=stamp_ns))
                break
            # tf2 raises its own errors, and ValueError and TypeError for names that are none.
            except Exception as error:
                if time.monotonic() >= deadline or isinstance(error, (ValueError, TypeError)):
                    raise ScaleError(
                        'no_transform',
                        f'TF does not know where {frame or "a frame without a name"} was in '
                        f'{within} at the image: {" ".join(str(error).split())}; publish odometry '
                        'on TF, or correct scale.odom_frame or the frame_id of the image',
                    ) from None
            time.sleep(POLL_S)
        return _pose(found)

    def is_fixed(self, frame: str, within: str) -> bool:
        """Return whether TF knows a frame in another one, and has it as static."""
        frame, within = frame.lstrip('/'), within.lstrip('/')
        buffer = self._buffer
        if buffer is None:
            return False
        if frame == within:
            return True
        try:
            found = buffer.lookup_transform(within, frame, Time())
        # As in `pose`.
        except Exception:
            return False
        return not stamp_to_ns(found.header.stamp)

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
            raise ScaleError('no_transform', self.why_deaf)
        try:
            found = buffer.lookup_transform(within, frame, Time(nanoseconds=stamp_ns))
        # tf2 raises its own errors, and ValueError and TypeError for names that are none.
        except Exception as error:
            found = _latest(buffer, frame, within, stamp_ns, error)
        return _pose(found)


def _pose(found):
    rotation, place = found.transform.rotation, found.transform.translation
    quaternion = (rotation.x, rotation.y, rotation.z, rotation.w)
    return Pose.from_quaternion(quaternion, (place.x, place.y, place.z))


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
