"""
A depth node as tutorials write it, to compare with: no part of the package's own pipeline.

One callback does everything, in the executor's thread, on queues of ten: message to array, resize,
eager PyTorch, resize, arrays to messages. What is slow only through carelessness is not in here:
the pixels are handled by NumPy and OpenCV, and messages are filled without checks of each byte.
"""

from __future__ import annotations

import array

import cv2
from monodepth_ros.benchmark.plain import open_plain
import numpy as np
from rclpy.node import Node
from sensor_msgs.msg import CameraInfo, Image, PointCloud2, PointField

QUEUE = 10
OVERLAY_ALPHA = 0.5


class PlainNode(Node):
    """Depth, labels and a cloud from `image_raw`, under the names that the package's node has."""

    def __init__(self, model: str, device: str = 'cpu', threads: int = 0):
        """Load a checkpoint's path, make the publishers and subscribe."""
        super().__init__('plain')
        self.network = open_plain(model, device, threads)
        facts = self.network.facts
        multiple = facts.size_rule.multiple
        self.size = (facts.input_width, -(-facts.input_height // multiple) * multiple)
        self.colors = np.array(facts.colors or [(0, 0, 0)], np.uint8)
        self.camera_info = None
        self.depth_pub = self.create_publisher(Image, 'depth/image_rect', QUEUE)
        self.info_pub = self.create_publisher(CameraInfo, 'depth/camera_info', QUEUE)
        self.cloud_pub = self.create_publisher(PointCloud2, 'depth/points', QUEUE)
        self.mask_pub = self.create_publisher(Image, 'segmentation/mask', QUEUE)
        self.confidence_pub = self.create_publisher(Image, 'segmentation/confidence', QUEUE)
        self.color_pub = self.create_publisher(Image, 'segmentation/color_mask', QUEUE)
        self.overlay_pub = self.create_publisher(Image, 'segmentation/overlay', QUEUE)
        self.create_subscription(CameraInfo, 'camera_info', self.on_camera_info, QUEUE)
        self.create_subscription(Image, 'image_raw', self.on_image, QUEUE)

    def on_camera_info(self, msg: CameraInfo) -> None:
        """Keep the latest intrinsics."""
        self.camera_info = msg

    def on_image(self, msg: Image) -> None:
        """Do everything for one image."""
        image = image_to_array(msg)
        height, width = image.shape[:2]
        resized = cv2.resize(image, self.size, interpolation=cv2.INTER_AREA)
        result = self.infer(resized)
        depth = cv2.resize(result.depth[0], (width, height))
        label = cv2.resize(result.label[0], (width, height), interpolation=cv2.INTER_NEAREST)
        confidence = cv2.resize(result.confidence[0], (width, height))
        colored = self.colors[np.minimum(label, len(self.colors) - 1)]
        overlay = cv2.addWeighted(colored, OVERLAY_ALPHA, image, 1 - OVERLAY_ALPHA, 0)
        self.depth_pub.publish(array_to_image(depth, '32FC1', msg.header))
        self.mask_pub.publish(array_to_image(label, 'mono8', msg.header))
        self.confidence_pub.publish(array_to_image(confidence, 'mono8', msg.header))
        self.color_pub.publish(array_to_image(colored, 'rgb8', msg.header))
        self.overlay_pub.publish(array_to_image(overlay, 'rgb8', msg.header))
        if self.camera_info is not None:
            self.camera_info.header = msg.header
            self.info_pub.publish(self.camera_info)
            self.cloud_pub.publish(make_cloud(depth, image, self.camera_info))

    def infer(self, image: np.ndarray):
        """Run the network on one image, (h, w, 3) uint8 RGB."""
        return self.network.infer(image[np.newaxis])


def image_to_array(msg: Image) -> np.ndarray:
    """Return an rgb8 message as (H, W, 3) uint8, as cv_bridge does."""
    flat = np.frombuffer(msg.data, np.uint8)
    return flat.reshape(msg.height, msg.step)[:, : msg.width * 3].reshape(msg.height, msg.width, 3)


def array_to_image(values: np.ndarray, encoding: str, header) -> Image:
    """Return a message of an array, as cv_bridge does."""
    msg = Image(header=header, height=values.shape[0], width=values.shape[1], encoding=encoding)
    msg.step = values.nbytes // values.shape[0]
    msg.data = array.array('B', values.tobytes())
    return msg


def make_cloud(depth: np.ndarray, image: np.ndarray, info: CameraInfo) -> PointCloud2:
    """Return the organised cloud of a depth map, x y z rgb, with the intrinsics of a message."""
    height, width = depth.shape
    u, v = np.meshgrid(np.arange(width), np.arange(height))
    x = (u - info.k[2]) * depth / info.k[0]
    y = (v - info.k[5]) * depth / info.k[4]
    red, green, blue = (image[..., i].astype(np.uint32) for i in range(3))
    color = (red << 16 | green << 8 | blue).view(np.float32)
    points = np.stack((x, y, depth, color), axis=-1).astype(np.float32)
    return PointCloud2(
        header=info.header,
        height=height,
        width=width,
        fields=[
            PointField(name=name, offset=4 * i, datatype=PointField.FLOAT32, count=1)
            for i, name in enumerate(('x', 'y', 'z', 'rgb'))
        ],
        point_step=16,
        row_step=16 * width,
        data=array.array('B', points.tobytes()),
        is_dense=True,
    )
