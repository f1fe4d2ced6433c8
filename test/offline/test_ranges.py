"""Points of scans and clouds."""

from bag_kit import BagKit
from monodepth_ros.errors import DatasetError
from monodepth_ros.offline.messages import LASER_SCAN, POINT_CLOUD
import numpy as np
import pytest

ranges = pytest.importorskip('monodepth_ros.offline.ranges', reason='rosbags is not installed')
recording = pytest.importorskip('monodepth_ros.offline.recording')

POINTS = np.array([[1.0, -2.0, 0.5], [3.0, 0.25, -1.0]])


def first(path):
    bag = recording.Recording(path)
    return next(bag.messages(bag.topics)).data


def test_points_of_a_scan(tmp_path):
    with BagKit(tmp_path / 'bag') as bag:
        # The second is NaN, the third farther and the fourth nearer than the sensor measures.
        bag.scan([2.0, np.nan, 30.0, 0.01, 1.0], (0.0, np.pi / 4), 0, '/scan', 'laser')
    found = ranges.read_points(first(tmp_path / 'bag'), LASER_SCAN)
    np.testing.assert_allclose(found, [[2, 0, 0], [-1, 0, 0]], atol=1e-6)


def test_points_of_a_cloud(tmp_path):
    with BagKit(tmp_path / 'bag') as bag:
        bag.cloud(np.vstack((POINTS, [[np.nan, 0, 0]])), 0, '/points', 'lidar')
    np.testing.assert_array_equal(ranges.read_points(first(tmp_path / 'bag'), POINT_CLOUD), POINTS)


def write_cloud(path, **changes):
    """Write a cloud of two rows of one big-endian point of float64, with bytes between rows."""
    with BagKit(path) as bag:
        field = bag.types.types['sensor_msgs/msg/PointField']
        data = b''.join(p.astype('>f8').tobytes() + bytes(6) for p in POINTS)
        fields = {
            'header': bag.header(0, 'lidar'),
            'height': 2,
            'width': 1,
            'fields': [field(n, 8 * i, field.FLOAT64, 1) for i, n in enumerate('xyz')],
            'is_bigendian': True,
            'point_step': 24,
            'row_step': 30,
            'data': np.frombuffer(data, np.uint8),
            'is_dense': True,
        }
        msg = bag.make('sensor_msgs/msg/PointCloud2', **{**fields, **changes})
        bag.write('/points', msg, 0)
    return first(path)


def test_another_layout(tmp_path):
    found = ranges.read_points(write_cloud(tmp_path / 'bag'), POINT_CLOUD)
    np.testing.assert_array_equal(found, POINTS)


@pytest.mark.parametrize(
    'changes, words',
    [
        ({'fields': []}, 'has the fields none'),
        ({'width': 3}, '60 bytes'),
        ({'row_step': 20}, 'do not fit'),
        ({'point_step': 20}, 'do not fit'),
    ],
)
def test_a_cloud_that_is_none(tmp_path, changes, words):
    with pytest.raises(DatasetError, match=words):
        ranges.read_points(write_cloud(tmp_path / 'bag', **changes), POINT_CLOUD)


def test_an_empty_cloud(tmp_path):
    data = write_cloud(tmp_path / 'bag', height=0, data=np.zeros(0, np.uint8))
    assert ranges.read_points(data, POINT_CLOUD).shape == (0, 3)
