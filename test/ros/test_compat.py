"""Bytes against those of sensor_msgs_py and cv_bridge, where these are installed."""

import math

from monodepth_ros.pipeline.cloud import POINT_DTYPE
from monodepth_ros.ros import compat
import numpy as np
import pytest
from sensor_msgs.msg import PointCloud2, PointField
from std_msgs.msg import Header


@pytest.fixture
def points():
    points = np.zeros((2, 3), POINT_DTYPE)
    for index in range(points.size):
        points.reshape(-1)[index] = (index, index + 0.5, -index, 0x00102030 + index)
    points['x'][1, 1] = math.nan
    return points


def test_point_cloud_layout(points):
    cloud = compat.make_point_cloud(Header(frame_id='optical'), points)
    assert isinstance(cloud, PointCloud2)
    assert (cloud.height, cloud.width) == (2, 3)
    assert (cloud.point_step, cloud.row_step) == (16, 48)
    assert not cloud.is_dense and not cloud.is_bigendian
    assert [(f.name, f.offset, f.datatype, f.count) for f in cloud.fields] == [
        ('x', 0, PointField.FLOAT32, 1),
        ('y', 4, PointField.FLOAT32, 1),
        ('z', 8, PointField.FLOAT32, 1),
        ('rgb', 12, PointField.FLOAT32, 1),
    ]
    assert bytes(cloud.data) == points.tobytes()


def test_point_cloud_equals_sensor_msgs_py(points):
    module = pytest.importorskip('sensor_msgs_py.point_cloud2', reason='no sensor_msgs_py')
    ours = compat.make_point_cloud(Header(), points)
    # Flat, since create_cloud swaps height and width of 2-D arrays; its colour is a float32.
    flat = points.reshape(-1).view(module.dtype_from_fields(ours.fields))
    theirs = module.create_cloud(Header(), ours.fields, flat)
    assert theirs.data == ours.data
    assert theirs.point_step == ours.point_step
    read = module.read_points(ours, field_names=['z'])
    np.testing.assert_array_equal(read['z'].reshape(2, 3), points['z'])


@pytest.mark.parametrize(
    'dtype, shape, encoding',
    [(np.uint8, (3, 5, 3), 'rgb8'), (np.uint8, (3, 5), 'mono8'), (np.float32, (3, 5), '32FC1')],
)
def test_image_equals_cv_bridge(dtype, shape, encoding):
    module = pytest.importorskip('cv_bridge', reason='no cv_bridge of ROS 2')
    values = np.random.default_rng(0).integers(0, 255, shape).astype(dtype)
    ours = compat.make_image(Header(), values, encoding)
    theirs = module.CvBridge().cv2_to_imgmsg(values, encoding)
    for field in ('width', 'height', 'step', 'encoding', 'is_bigendian', 'data'):
        assert getattr(theirs, field) == getattr(ours, field), field


@pytest.mark.parametrize('numpy_type', [np.uint8, np.uint32, np.float32])
def test_field_types_are_those_of_sensor_msgs_py(monkeypatch, numpy_type):
    """A stand-in where it is not installed: its rule is that of sensor_msgs/PointField."""
    names = {PointField.UINT8: 'u1', PointField.UINT32: 'u4', PointField.FLOAT32: 'f4'}

    def dtype_from_fields(fields):
        return np.dtype([(field.name, names[field.datatype]) for field in fields])

    built_in = compat._FIELD_TYPES
    monkeypatch.setattr(compat, 'dtype_from_fields', dtype_from_fields)
    assert compat._field_types()[np.dtype(numpy_type)] == built_in[np.dtype(numpy_type)]
