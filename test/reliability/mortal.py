"""A camera, or a listener that prints the stamp of each depth, to be killed: mortal.py camera."""

import sys
import time

from bench import make_camera_info, make_rgb
from monodepth_ros.ros import compat, fastdds
import rclpy
from rclpy.qos import qos_profile_sensor_data
from sensor_msgs.msg import CameraInfo, Image
from std_msgs.msg import Header

PERIOD_S = 0.1


def camera(node):
    """Publish images of VGA size, most of a default segment of shared memory."""
    image = compat.make_image(Header(), make_rgb(640, 480), 'rgb8')
    info = make_camera_info(640, 480)
    images = node.create_publisher(Image, 'image_raw', qos_profile_sensor_data)
    infos = node.create_publisher(CameraInfo, 'camera_info', qos_profile_sensor_data)

    def publish():
        stamp = compat.ns_to_stamp(time.time_ns())
        image.header = info.header = Header(stamp=stamp, frame_id='optical')
        infos.publish(info)
        images.publish(image)

    node.create_timer(PERIOD_S, publish)


def listener(node):
    """Print the stamp of each depth in nanoseconds."""

    def on_depth(msg):
        print(compat.stamp_to_ns(msg.header.stamp), flush=True)

    node.create_subscription(Image, 'depth/image_rect', on_depth, 10)


def main():
    fastdds.use_default_profile()
    rclpy.init()
    node = rclpy.create_node(sys.argv[1])
    {'camera': camera, 'listener': listener}[sys.argv[1]](node)
    rclpy.spin(node)


if __name__ == '__main__':
    main()
