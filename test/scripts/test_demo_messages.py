"""What the demo's camera sends and its recorder reads, without any process."""

import math

import numpy as np
import pytest

pytest.importorskip('rclpy')


@pytest.fixture
def header():
    from std_msgs.msg import Header

    return Header(frame_id='camera')


@pytest.mark.parametrize(
    ('distortion', 'model', 'projection'),
    [
        ((), 'none', None),
        ((0.1, -0.2, 0.001, 0.002, 0.0), 'plumb_bob', None),
        ((0.1, -0.2, 0.01, 0.0), 'equidistant', (90, 0, 31, 0, 0, 91, 23, 0, 0, 0, 1, 0)),
    ],
)
def test_camera_info_says_what_the_calibration_says(header, distortion, model, projection):
    from demo_app.camera import make_camera_info
    from monodepth_ros.camera import CameraModel

    k = (100.0, 0.0, 31.5, 0.0, 101.0, 23.5, 0.0, 0.0, 1.0)
    sent = CameraModel(64, 48, k, distortion, model, projection=projection)
    message = make_camera_info(sent, header)
    received = CameraModel.from_camera_info(message, (64, 48))
    assert message.header.frame_id == 'camera'
    assert received.rectified == sent.rectified
    assert received.is_distorted == sent.is_distorted
    assert received.matrix == pytest.approx(k)
    assert any(distortion) == any(received.distortion)


def test_assumed_camera_sees_its_angle():
    from demo_app.camera import assumed_camera

    # 90 degrees: the left edge of the left column lies at x/z = -1, the right one's at +1.
    pinhole = assumed_camera(64, 48, 0.5).rectified
    assert (-0.5 - pinhole.cx) / pinhole.fx == pytest.approx(-1.0)
    assert (63.5 - pinhole.cx) / pinhole.fx == pytest.approx(1.0)
    assert pinhole.fy == pinhole.fx and pinhole.cy == 23.5


def test_pacer_keeps_the_rate_and_never_hurries(monkeypatch):
    from demo_app import camera

    now = [100.0]
    monkeypatch.setattr(camera.time, 'monotonic', lambda: now[0])
    pacer = camera.Pacer(10.0)
    assert pacer.remaining() == 0
    pacer.begin()
    now[0] += 0.04
    assert pacer.remaining() == pytest.approx(0.06)
    now[0] += 0.31  # A quarter of a second late.
    assert pacer.remaining() == 0
    pacer.begin()
    assert pacer.remaining() == pytest.approx(0.1)
    free = camera.Pacer(0.0)
    free.begin()
    assert free.remaining() == 0


def test_prediction_comes_back_from_its_messages(header):
    from demo_app.recorder import CLOUD, CONFIDENCE, DEPTH, MASK, to_prediction
    from monodepth_ros.pipeline.cloud import make_cloud
    from monodepth_ros.ros import compat

    noise = np.random.default_rng(1)
    image = noise.integers(0, 256, (3, 4, 3), np.uint8)
    label = noise.integers(0, 13, (3, 4), np.uint8)
    depth = noise.uniform(1, 5, (3, 4)).astype(np.float32)
    depth[0, :2] = math.nan, math.inf
    header.stamp = compat.ns_to_stamp(1_500_000_000)
    cloud = make_cloud(depth, image, np.zeros((3, 4, 2), np.float32))
    result = to_prediction(
        {
            DEPTH: compat.make_image(header, depth, '32FC1'),
            CLOUD: compat.make_point_cloud(header, cloud),
            MASK: compat.make_image(header, label, 'mono8'),
            CONFIDENCE: compat.make_image(header, label + 100, 'mono8'),
        }
    )
    np.testing.assert_array_equal(result.image, image)
    np.testing.assert_array_equal(result.depth, depth)
    np.testing.assert_array_equal(result.label, label)
    np.testing.assert_array_equal(result.confidence, label + 100)
    assert (result.stamp_ns, result.frame_id) == (1_500_000_000, 'camera')


def test_stamps_are_read_up_to_the_last_whole_line(tmp_path):
    from demo_app.recorder import read_stamps

    path = tmp_path / 'stamps.tsv'
    path.write_text('11\t/a.png\n22\t\n3')
    assert read_stamps(path) == {11: '/a.png', 22: ''}


def test_table_has_a_line_for_each_topic_and_figure():
    from demo_app.report import table

    summary = {
        'rate_hz': None,
        'dropped': {},
        'latency_ms': {'p50': 20.0, 'p95': 31.5},
        'topics': {'depth/points': 7},
        'stamps_ok': True,
    }
    assert [line.split(maxsplit=1) for line in table(summary).split('\n')] == [
        ['rate_hz', '-'],
        ['dropped', 'none'],
        ['latency_ms', 'p50 20.0, p95 31.5'],
        ['depth/points', '7 messages'],
        ['stamps_ok', 'yes'],
    ]
