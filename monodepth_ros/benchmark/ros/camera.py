"""Process that publishes images at a rate: `python -m monodepth_ros.benchmark.ros.camera`."""

from __future__ import annotations

import argparse
from pathlib import Path
import sys
import time

import cv2
from monodepth_ros.benchmark.images import load_images
from monodepth_ros.benchmark.serve import serve
from monodepth_ros.camera import PinholeCamera
from monodepth_ros.errors import BenchmarkError
from monodepth_ros.ros import compat, fastdds
from monodepth_ros.ros.conversions import pinhole_to_camera_info
import rclpy
from rclpy.qos import QoSProfile
from sensor_msgs.msg import CameraInfo, Image
from std_msgs.msg import Header

IMAGES = 8
FOCAL_SHARE = 525.0 / 640.0
"""Focal length over width of the rendered room's camera, and of a Kinect's."""
MATCH_LIMIT_S = 120.0
QUEUE = 10


class Camera:
    """Images of a folder and their intrinsics, published in each of some namespaces at once."""

    def __init__(self, folder: str, width: int, height: int, namespaces: list[str]):
        self._node = rclpy.create_node('benchmark_camera')
        images = load_images(Path(folder), IMAGES)
        self._messages = [
            compat.make_image(Header(), cv2.resize(image, (width, height)), 'rgb8')
            for image in images
        ]
        f = FOCAL_SHARE * width
        pinhole = PinholeCamera(width, height, f, f, (width - 1) / 2, (height - 1) / 2)
        self._info = pinhole_to_camera_info(Header(), pinhole)
        qos = QoSProfile(depth=QUEUE)
        self._publishers = {
            name: (
                self._node.create_publisher(CameraInfo, f'{name}/camera_info', qos),
                self._node.create_publisher(Image, f'{name}/image_raw', qos),
            )
            for name in namespaces
        }

    def wait(self) -> dict:
        """Wait until every topic has a reader."""
        publishers = [p for pair in self._publishers.values() for p in pair]
        end = time.monotonic() + MATCH_LIMIT_S
        while not all(p.get_subscription_count() for p in publishers):
            if time.monotonic() > end:
                raise BenchmarkError(f'no node has subscribed within {MATCH_LIMIT_S:.0f} s')
            time.sleep(0.05)
        return {}

    def publish(self, namespaces: list[str], rate: float, seconds: float) -> dict:
        """Publish at `rate` for `seconds`; return the stamps, in nanoseconds."""
        stamps = []
        begun = time.monotonic()
        for number in range(max(1, round(rate * seconds))):
            time.sleep(max(0.0, begun + number / rate - time.monotonic()))
            stamps.append(self._publish(namespaces, number))
        return {'stamps': stamps}

    def _publish(self, namespaces, number):
        image = self._messages[number % len(self._messages)]
        stamp_ns = time.time_ns()
        header = Header(stamp=compat.ns_to_stamp(stamp_ns), frame_id='camera')
        image.header = self._info.header = header
        for name in namespaces:
            info_publisher, image_publisher = self._publishers[name]
            info_publisher.publish(self._info)
            image_publisher.publish(image)
        return stamp_ns


def main() -> int:
    """Answer until standard input ends."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument('--images', required=True)
    parser.add_argument('--width', type=int, required=True)
    parser.add_argument('--height', type=int, required=True)
    parser.add_argument('namespaces', nargs='+')
    options = parser.parse_args()
    fastdds.use_default_profile()
    rclpy.init()
    camera = Camera(options.images, options.width, options.height, options.namespaces)
    return serve({'wait': camera.wait, 'publish': camera.publish})


if __name__ == '__main__':
    sys.exit(main())
