"""RViz opens with the frame of the first image of the camera."""

import subprocess
import sys
import time

import pytest

rclpy = pytest.importorskip('rclpy')
pytest.importorskip('sensor_msgs')

from sensor_msgs.msg import CameraInfo, CompressedImage, Image  # noqa: E402

TIMEOUT = 60.0
RVIZ = """#!{python}
import pathlib, sys
pathlib.Path({out!r}).write_text(repr(sys.argv[1:]))
"""


@pytest.fixture
def camera():
    """Return a node with a camera's topics in a namespace of its own."""
    context = rclpy.Context()
    context.init()
    node = rclpy.create_node('camera_of_test_rviz', context=context, namespace='/test_rviz')
    yield node
    node.destroy_node()
    context.shutdown()


@pytest.mark.parametrize(
    'topic, kind, frame, fixed',
    [
        ('image_raw', Image, 'lens', 'lens'),
        ('image_raw/compressed', CompressedImage, 'lens', 'lens'),
        ('image_raw', Image, '', 'camera_color_optical_frame'),
    ],
)
def test_first_image_opens_rviz_with_its_frame(camera, tmp_path, topic, kind, frame, fixed):
    out, rviz = tmp_path / 'arguments', tmp_path / 'rviz2'
    rviz.write_text(RVIZ.format(python=sys.executable, out=str(out)))
    rviz.chmod(0o755)
    options = ['-d', 'file.rviz', '--ros-args', '-r', '__ns:=/test_rviz']
    command = [sys.executable, '-m', 'monodepth_ros.ros.rviz', str(rviz), *options]
    process = subprocess.Popen(command, stderr=subprocess.PIPE, text=True)
    images = camera.create_publisher(kind, topic, 1)
    # Depth and cloud have the images' frame, and not that of camera_info.
    infos = camera.create_publisher(CameraInfo, 'camera_info', 1)
    image, info = kind(), CameraInfo()
    image.header.frame_id, info.header.frame_id = frame, 'body'
    deadline = time.monotonic() + TIMEOUT
    try:
        while process.poll() is None:
            assert time.monotonic() < deadline
            infos.publish(info)
            time.sleep(0.05)
            images.publish(image)
    finally:
        process.kill()
        errors = process.communicate()[1]
    assert out.read_text() == repr(['-f', fixed, *options]), errors
    assert ('set the frame_id' in errors) == (frame == '')
