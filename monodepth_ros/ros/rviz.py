"""The executable `monodepth_rviz`: RViz, with the frame of the first image as fixed frame."""

from __future__ import annotations

import os
import sys
import time
from typing import Optional

import rclpy
from rclpy.executors import ExternalShutdownException
from rclpy.node import Node
from rclpy.qos import qos_profile_sensor_data
from sensor_msgs.msg import CompressedImage, Image

INPUTS = {'image_raw': Image, 'image_raw/compressed': CompressedImage}
"""Topics that tell the frame, whichever speaks first; camera_info may have another one."""

NO_FRAME = 'camera_color_optical_frame'
"""The fixed frame where images have none: RViz shows the pictures, and no cloud."""

PATIENCE_S = 5.0
"""Time after which, and between which, is said what is waited for."""


def first_frame(node: Node) -> Optional[str]:
    """Return the frame_id of the first image of the camera; None where the process ends."""
    frames: list[str] = []
    for topic, kind in INPUTS.items():
        node.create_subscription(
            kind, topic, lambda msg: frames.append(msg.header.frame_id), qos_profile_sensor_data
        )
    said = time.monotonic()
    while not frames and node.context.ok():
        rclpy.spin_once(node, timeout_sec=0.2)
        if time.monotonic() - said > PATIENCE_S:
            said = time.monotonic()
            node.get_logger().info(
                'RViz opens with the first image, whose frame_id becomes its fixed frame; none on '
                f'{node.resolve_topic_name("image_raw")} yet. fixed_frame:=FRAME opens it at once'
            )
    return frames[0] if frames else None


def main(args: Optional[list[str]] = None) -> int:
    """Wait for a frame_id, then become the program of the first argument, RViz."""
    rviz, *options = sys.argv[1:] if args is None else args
    rclpy.init(args=options)
    node = rclpy.create_node('monodepth_rviz')
    try:
        frame = first_frame(node)
        if frame == '':
            node.get_logger().warning(
                'set the frame_id in the camera driver: the images have none, so that RViz cannot '
                'show the cloud'
            )
    except (KeyboardInterrupt, ExternalShutdownException):
        frame = None
    node.destroy_node()
    rclpy.try_shutdown()
    if frame is None:
        return 0
    os.execv(rviz, [rviz, '-f', frame or NO_FRAME, *options])


if __name__ == '__main__':
    sys.exit(main())
