"""A camera that never stops, and a listener that notes when depth comes and whether it is true."""

from collections import Counter
import os
import threading
import time

from bench import make_camera_info, make_rgb, Spinner
from monodepth_ros.ros import compat
import rclpy
from rclpy.qos import qos_profile_sensor_data
from sensor_msgs.msg import CameraInfo, Image
from std_msgs.msg import Header


class Witness:
    """
    Publish images at a rate, and note the depths that come of them.

    Attributes:
        arguments: of a node, by which it is this camera's.
        sent: stamps of the images, in nanoseconds.
        depths: for each depth its stamp and its arrival by `time.monotonic`.

    """

    def __init__(self, rate=10.0, width=64, height=48):
        namespace = f'/witness_{os.getpid()}'
        self.arguments = ('-r', f'__ns:={namespace}')
        self._node = rclpy.create_node('witness', namespace=namespace)
        self._changed = threading.Condition()
        self.sent = set()
        self.depths = []
        self._image = compat.make_image(Header(), make_rgb(width, height), 'rgb8')
        self._info = make_camera_info(width, height)
        qos = qos_profile_sensor_data
        self._images = self._node.create_publisher(Image, 'image_raw', qos)
        self._infos = self._node.create_publisher(CameraInfo, 'camera_info', qos)
        self._node.create_subscription(Image, 'depth/image_rect', self._on_depth, 10)
        self._node.create_timer(1.0 / rate, self._publish)
        self._spinner = Spinner(self._node)

    def _publish(self):
        stamp = time.time_ns()
        header = Header(stamp=compat.ns_to_stamp(stamp), frame_id='optical')
        self.sent.add(stamp)
        self._image.header = self._info.header = header
        self._infos.publish(self._info)
        self._images.publish(self._image)

    def _on_depth(self, msg):
        with self._changed:
            self.depths.append((compat.stamp_to_ns(msg.header.stamp), time.monotonic()))
            self._changed.notify_all()

    def first_since(self, stamp_ns, timeout):
        """Return when the first depth of an image sent since then came; None if not in time."""

        def find():
            return next((at for stamp, at in reversed(self.depths) if stamp >= stamp_ns), None)

        with self._changed:
            found = self._changed.wait_for(lambda: find() is not None, timeout)
            return next(at for stamp, at in self.depths if stamp >= stamp_ns) if found else None

    def wrong(self):
        """Return the stamps of depths that no image had, or that came twice."""
        counts = Counter(stamp for stamp, _ in self.depths)
        return sorted(s for s, count in counts.items() if count > 1 or s not in self.sent)

    def close(self):
        """Take it down."""
        self._spinner.stop()
        self._node.destroy_node()
