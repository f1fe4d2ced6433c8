"""The node as a process of its own: images cross between processes, signals end it quietly."""

from collections import defaultdict
import os
from pathlib import Path
import signal
import subprocess
import sys

from bench import make_camera_info, make_rgb, Spinner, wait_until
from monodepth_ros.ros import compat
from monodepth_ros.ros.publishers import TOPICS
from node_process import NodeProcess
import pytest
import rclpy
from rclpy.qos import qos_profile_sensor_data
from sensor_msgs.msg import CameraInfo, Image
from std_msgs.msg import Header

HERE = Path(__file__).parent


@pytest.fixture
def start(ros, tmp_path):
    started = []

    def start(*arguments):
        started.append(NodeProcess(tmp_path / 'log', *arguments))
        return started[-1]

    yield start
    for node in started:
        node.kill()


@pytest.mark.parametrize(
    'signals',
    [
        (signal.SIGINT,),
        (signal.SIGTERM,),
        (signal.SIGINT, signal.SIGINT),
        (signal.SIGTERM, signal.SIGTERM),
        (signal.SIGINT, signal.SIGTERM),
    ],
)
def test_signals_end_it_quietly(start, signals):
    node = start()
    node.wait_for_log('on engine formula')
    assert node.end(*signals) == 0, node.log.read_text()
    text = node.log.read_text()
    for words in ('Traceback', 'ERROR', 'Error', 'terminate'):
        assert words not in text, text


def test_a_bad_parameter_leaves_it_up_to_be_mended(start):
    node = start('-p', 'device:=gpu')
    node.wait_for_log('configure failed')
    assert node.end(signal.SIGTERM) == 0
    lines = [line for line in node.log.read_text().splitlines() if 'configure failed' in line]
    assert len(lines) == 1 and 'cuda:N' in lines[0]


def test_autostart_may_be_off(start):
    node = start('-p', 'autostart:=false')
    helper = rclpy.create_node('looker')
    wait_until(lambda: helper.count_publishers('/diagnostics'), 'the node')
    assert helper.count_subscribers('/image_raw') == 0
    assert node.end(signal.SIGINT) == 0
    assert 'on engine' not in node.log.read_text()
    helper.destroy_node()


@pytest.fixture
def helper(ros):
    """Return a node that is spun in a thread."""
    helper = rclpy.create_node('camera')
    spinner = Spinner(helper)
    yield helper
    spinner.stop()
    helper.destroy_node()


def test_vga_images_cross_between_processes(start, helper):
    node = start('-r', '__ns:=/robot', '-r', 'image_raw:=/camera/image')
    received = defaultdict(set)
    for topic, kind in TOPICS.items():
        helper.create_subscription(
            kind,
            f'/robot/{topic}',
            lambda msg, t=topic: received[t].add(compat.stamp_to_ns(msg.header.stamp)),
            10,
        )
    images = helper.create_publisher(Image, '/camera/image', qos_profile_sensor_data)
    infos = helper.create_publisher(CameraInfo, '/robot/camera_info', qos_profile_sensor_data)
    wait_until(lambda: images.get_subscription_count() and infos.get_subscription_count(), 'node')
    for topic in TOPICS:
        wait_until(lambda t=topic: helper.count_publishers(f'/robot/{t}'), topic)
    sent, rgb = [], make_rgb(640, 480)

    def serve(number):
        stamp = 1_000_000_000 + number * 100_000_000
        header = Header(stamp=compat.ns_to_stamp(stamp), frame_id='optical')
        infos.publish(make_camera_info(640, 480))
        images.publish(compat.make_image(header, rgb, 'rgb8'))
        sent.append(stamp)
        return stamp

    # The readers of the node find the listeners one by one; the first frames show when all have.
    def all_listen():
        stamp = serve(len(sent))
        try:
            wait_until(lambda: stamp in received['depth/points'], 'points', 1.0)
        except AssertionError:
            return False
        return all(received[topic] for topic in TOPICS)

    wait_until(all_listen, 'first outputs')
    for _ in range(20):
        stamp = serve(len(sent))
        wait_until(lambda s=stamp: all(s in received[t] for t in TOPICS), f'outputs of {stamp}')
    assert set().union(*received.values()) <= set(sent)
    assert node.end(signal.SIGINT) == 0


def test_the_ros_layer_does_not_load_torch():
    code = 'import sys, monodepth_ros.ros.node; sys.exit("torch" in sys.modules)'
    path = os.pathsep.join([str(HERE.parents[1]), os.environ.get('PYTHONPATH', '')])
    result = subprocess.run([sys.executable, '-c', code], env={**os.environ, 'PYTHONPATH': path})
    assert result.returncode == 0
