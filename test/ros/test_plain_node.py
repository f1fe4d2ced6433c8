"""The node that the benchmark compares with gives true depth for an image, over DDS."""

from bench import make_camera_info, make_rgb, Spinner, wait_until
from monodepth_ros.benchmark.plain_network import PlainNetwork
from monodepth_ros.benchmark.ros.listener import read_stamp
from monodepth_ros.benchmark.ros.plain_node import image_to_array, PlainNode
from monodepth_ros.camera import CameraModel
from monodepth_ros.pipeline.cloud import make_cloud, POINT_DTYPE
from monodepth_ros.ros import compat
from monodepth_ros.ros.publishers import TOPICS
import numpy as np
import pytest
import rclpy
from rclpy.serialization import serialize_message
from sensor_msgs.msg import CameraInfo, Image
from std_msgs.msg import Header
from tiny_model import write_tiny_model

WIDTH, HEIGHT = 64, 64
STAMP_NS = 1_234_567_890


@pytest.fixture
def model(tmp_path):
    return str(write_tiny_model(tmp_path / 'tiny.safetensors'))


@pytest.fixture
def outputs(ros, model):
    """Return the messages by topic that the plain node gives for one image, and the image."""
    node, helper = PlainNode(model, threads=1), rclpy.create_node('plain_helper')
    received = {}
    for topic, kind in TOPICS.items():
        helper.create_subscription(kind, topic, lambda msg, t=topic: received.update({t: msg}), 10)
    images = helper.create_publisher(Image, 'image_raw', 10)
    infos = helper.create_publisher(CameraInfo, 'camera_info', 10)
    spinner = Spinner(node, helper)
    outputs = [p for p in node.publishers if p.topic_name.lstrip('/') in TOPICS]
    assert len(outputs) == len(TOPICS)
    for publisher in (images, infos, *outputs):
        wait_until(publisher.get_subscription_count, publisher.topic_name)
    rgb = make_rgb(WIDTH, HEIGHT)
    infos.publish(make_camera_info(WIDTH, HEIGHT))
    wait_until(lambda: node.camera_info is not None, 'camera_info')
    header = Header(stamp=compat.ns_to_stamp(STAMP_NS), frame_id='optical')
    images.publish(compat.make_image(header, rgb, 'rgb8'))
    wait_until(lambda: len(received) == len(TOPICS), 'all outputs')
    spinner.stop()
    node.destroy_node()
    helper.destroy_node()
    return received, rgb


def test_outputs_are_those_of_the_network(outputs, model):
    received, rgb = outputs
    # The image has the size of the network's input, so nothing is resized.
    expected = PlainNetwork(model, threads=1).infer(rgb[np.newaxis])
    depth = np.frombuffer(received['depth/image_rect'].data, np.float32).reshape(HEIGHT, WIDTH)
    label = np.frombuffer(received['segmentation/mask'].data, np.uint8).reshape(HEIGHT, WIDTH)
    np.testing.assert_allclose(depth, expected.depth[0], rtol=1e-5)
    np.testing.assert_array_equal(label, expected.label[0])
    for msg in received.values():
        assert compat.stamp_to_ns(msg.header.stamp) == STAMP_NS
        assert msg.header.frame_id == 'optical'
    info = CameraModel.from_camera_info(received['depth/camera_info'], (WIDTH, HEIGHT))
    cloud = received['depth/points']
    points = np.frombuffer(cloud.data, POINT_DTYPE)
    ours = make_cloud(depth, rgb, info.rectified.rays()).reshape(-1)
    for axis in 'xyz':
        np.testing.assert_allclose(points[axis], ours[axis], rtol=1e-5, atol=1e-6)
    np.testing.assert_array_equal(points['rgb'], ours['rgb'])


def test_padded_rows_are_read():
    pixels = np.arange(2 * 3 * 3, dtype=np.uint8).reshape(2, 3, 3)
    padded = np.zeros((2, 12), np.uint8)
    padded[:, :9] = pixels.reshape(2, 9)
    msg = Image(height=2, width=3, step=12, encoding='rgb8', data=padded.tobytes())
    np.testing.assert_array_equal(image_to_array(msg), pixels)


@pytest.mark.parametrize('kind', sorted(set(TOPICS.values()), key=str))
def test_stamps_are_read_from_serialised_messages(kind):
    msg = kind(header=Header(stamp=compat.ns_to_stamp(7_000_000_123), frame_id='camera'))
    assert read_stamp(serialize_message(msg)) == 7_000_000_123


def test_stamps_of_the_other_byte_order():
    assert read_stamp(bytes([0, 0, 0, 0, 0, 0, 0, 7, 0, 0, 0, 123])) == 7_000_000_123
