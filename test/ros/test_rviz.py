"""RViz opens with the frame of the first message of the camera."""

import subprocess
import sys
import time

import pytest

rclpy = pytest.importorskip('rclpy')
pytest.importorskip('sensor_msgs')

from sensor_msgs.msg import CameraInfo  # noqa: E402

TIMEOUT = 60.0
RVIZ = """#!{python}
import pathlib, sys
pathlib.Path({out!r}).write_text(repr(sys.argv[1:]))
"""


@pytest.fixture
def camera():
    """Return a publisher of camera_info on a topic of its own."""
    context = rclpy.Context()
    context.init()
    node = rclpy.create_node('camera_of_test_rviz', context=context)
    yield node.create_publisher(CameraInfo, '/test_rviz/camera_info', 1)
    node.destroy_node()
    context.shutdown()


@pytest.mark.parametrize('frame, fixed', [('lens', 'lens'), ('', 'camera_color_optical_frame')])
def test_first_message_opens_rviz_with_its_frame(camera, tmp_path, frame, fixed):
    out, rviz = tmp_path / 'arguments', tmp_path / 'rviz2'
    rviz.write_text(RVIZ.format(python=sys.executable, out=str(out)))
    rviz.chmod(0o755)
    options = ['-d', 'file.rviz', '--ros-args', '-r', '__ns:=/test_rviz']
    command = [sys.executable, '-m', 'monodepth_ros.ros.rviz', str(rviz), *options]
    process = subprocess.Popen(command, stderr=subprocess.PIPE, text=True)
    msg = CameraInfo()
    msg.header.frame_id = frame
    deadline = time.monotonic() + TIMEOUT
    try:
        while process.poll() is None:
            assert time.monotonic() < deadline
            camera.publish(msg)
            time.sleep(0.05)
    finally:
        process.kill()
        errors = process.communicate()[1]
    assert out.read_text() == repr(['-f', fixed, *options]), errors
    assert ('set the frame_id' in errors) == (frame == '')
