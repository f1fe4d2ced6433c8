"""Points of scans and clouds: layouts, byte orders, damage, and what is on the topic."""

import array

from bench import Spinner, wait_until
from monodepth_ros.errors import ScaleError
from monodepth_ros.ros import compat
from monodepth_ros.ros.scanner import read_points, Scanner
from monodepth_ros.scale.points import MOST
import numpy as np
import pytest
import rclpy
from sensor_msgs.msg import LaserScan, PointCloud2, PointField
from std_msgs.msg import Header, String

POINTS = np.random.default_rng(0).normal(size=(6, 3))


def make_cloud(points=POINTS, kind='<f4', names='xyz', width=None, padding=0, first=0):
    """Return a cloud of `width` columns, whose points and rows have bytes beside the points."""
    size = np.dtype(kind).itemsize
    layout = np.dtype(
        {
            'names': list(names),
            'formats': [kind] * len(names),
            'offsets': [first + i * size for i in range(len(names))],
            'itemsize': first + size * len(names) + 5,
        }
    )
    width = width or len(points)
    packed = np.zeros(points.shape[0], layout)
    for name, values in zip(names, points.T):
        packed[name] = values
    rows = packed.reshape(-1, width).view(np.uint8).reshape(-1, width * layout.itemsize)
    data = np.pad(rows, ((0, 0), (0, padding))).tobytes()
    datatype = PointField.FLOAT64 if size == 8 else PointField.FLOAT32
    return PointCloud2(
        header=Header(frame_id='lidar'),
        height=len(rows),
        width=width,
        fields=[
            PointField(name=name, offset=first + i * size, datatype=datatype, count=1)
            for i, name in enumerate(names)
        ],
        is_bigendian=kind.startswith('>'),
        point_step=layout.itemsize,
        row_step=width * layout.itemsize + padding,
        data=array.array('B', data),
    )


@pytest.mark.parametrize('kind', ['<f4', '>f4', '<f8', '>f8'])
@pytest.mark.parametrize('layout', [{}, {'width': 3, 'padding': 7}, {'first': 4}])
def test_clouds_are_read_whatever_their_layout(kind, layout):
    np.testing.assert_allclose(read_points(make_cloud(kind=kind, **layout)), POINTS, rtol=1e-6)


def test_fields_are_found_by_name():
    turned = make_cloud(POINTS[:, [2, 0, 1]], names='zxy')
    np.testing.assert_allclose(read_points(turned), POINTS, rtol=1e-6)


def test_sensor_msgs_py_reads_the_same():
    module = pytest.importorskip('sensor_msgs_py.point_cloud2', reason='no sensor_msgs_py on PyPI')
    cloud = make_cloud(width=3, padding=0)
    expected = module.read_points(cloud, field_names=['x', 'y', 'z'])
    found = read_points(cloud)
    for column, axis in zip(found.T, 'xyz'):
        np.testing.assert_allclose(column, np.ravel(expected[axis]), rtol=1e-6)


def test_a_large_cloud_is_thinned_evenly():
    points = np.arange(3 * 100_000, dtype=float).reshape(-1, 3)
    found = read_points(make_cloud(points, width=1000))
    assert MOST / 2 < len(found) <= MOST
    assert len(set(np.diff(found[:, 0]))) == 1


def test_an_empty_cloud_has_no_points():
    assert read_points(make_cloud(np.empty((0, 3)), width=1)).shape == (0, 3)


def _break(field, value):
    cloud = make_cloud(width=3)
    setattr(cloud, field, value)
    return cloud


@pytest.mark.parametrize(
    ('cloud', 'words'),
    [
        (make_cloud(names='xyi'), 'the fields x, y, i, expected x, y and z'),
        (_break('fields', []), 'the fields none, expected'),
        (_break('data', array.array('B', b'abc')), 'has 3 bytes, which its'),
        (_break('row_step', 10**6), 'do not fit'),
        (_break('width', 2**31), 'do not fit'),
        (_break('point_step', 3), 'points of 3 bytes'),
    ],
)
def test_a_cloud_that_contradicts_itself_is_said(cloud, words):
    with pytest.raises(ScaleError, match=words) as caught:
        read_points(cloud)
    assert caught.value.reason == 'no_points'


def test_fields_that_are_no_floats_are_said():
    cloud = make_cloud()
    cloud.fields[0].datatype = PointField.INT16
    with pytest.raises(ScaleError, match='float32 or float64'):
        read_points(cloud)


def make_scan(ranges=(1.0, 2.0, float('inf')), stamp_ns=0):
    """Return a scan with a right angle between its ranges."""
    return LaserScan(
        header=Header(frame_id='laser', stamp=compat.ns_to_stamp(stamp_ns)),
        angle_min=0.0,
        angle_increment=np.pi / 2,
        range_min=0.1,
        range_max=10.0,
        ranges=[float(r) for r in ranges],
    )


def test_a_scan_is_read():
    found = read_points(make_scan())
    np.testing.assert_allclose(found, [[1, 0, 0], [0, 2, 0]], atol=1e-6)


@pytest.fixture
def setup(ros):
    """Return a node with a scanner on scan, and one to publish."""
    node, helper = rclpy.create_node('under_test'), rclpy.create_node('sensor')
    scanner = Scanner()
    scanner.start(node, 'scan')
    spinner = Spinner(node, helper)
    yield scanner, helper
    spinner.stop()
    scanner.stop()
    node.destroy_node()
    helper.destroy_node()


def _reason(scanner, stamp_ns=0):
    with pytest.raises(ScaleError) as caught:
        scanner.points(stamp_ns)
    assert caught.value.reason == 'no_points'
    return str(caught.value)


@pytest.mark.parametrize('msg', [make_scan(), make_cloud()], ids=['LaserScan', 'PointCloud2'])
def test_either_type_is_heard_whenever_it_comes(setup, msg):
    scanner, helper = setup
    assert 'nothing has come on /scan; start the sensor' in _reason(scanner)
    publisher = helper.create_publisher(type(msg), 'scan', 10)
    wait_until(publisher.get_subscription_count, 'subscription')
    publisher.publish(msg)
    wait_until(lambda: scanner._message, 'points')
    points, frame = scanner.points(400_000_000)
    np.testing.assert_allclose(points, read_points(msg), atol=1e-6)
    assert frame == msg.header.frame_id


def test_another_type_is_named(setup):
    scanner, helper = setup
    helper.create_publisher(String, 'scan', 10)
    wait_until(lambda: scanner._types(helper), 'the publisher')
    wait_until(lambda: 'type std_msgs/msg/String, expected LaserScan' in _reason(scanner), 'type')


def test_old_points_and_those_of_the_future_are_said(setup):
    scanner, _ = setup
    scanner._on_message(make_scan(stamp_ns=10_000_000_000))
    assert '/scan is 2.0 s before the image' in _reason(scanner, 12_000_000_000)
    assert '/scan is 9.0 s after the image' in _reason(scanner, 1_000_000_000)
    assert len(scanner.points(10_400_000_000)[0]) == 2


@pytest.mark.parametrize('ranges', [[], [float('nan'), float('inf'), 0.0, 99.0]])
def test_a_scan_without_a_range_is_said(setup, ranges):
    scanner, _ = setup
    scanner._on_message(make_scan(ranges))
    assert 'on /scan have no range or point that can be used' in _reason(scanner)


def test_a_stopped_scanner_forgets(setup):
    scanner, _ = setup
    scanner._on_message(make_scan())
    scanner.stop()
    scanner.stop()
    assert 'nothing has come' in _reason(scanner)
