"""Points of sensor messages, whatever library has made those: a scan, a cloud."""

from __future__ import annotations

from typing import Any

from monodepth_ros.errors import ScaleError
from monodepth_ros.scale.points import MOST, scan_points
import numpy as np

FLOATS = {7: 'f4', 8: 'f8'}
"""NumPy types of the coordinates by `datatype` of sensor_msgs/PointField."""


def scan_of(msg: Any) -> np.ndarray:
    """Return (n, 3) metres in the scanner's frame.

    Args:
        msg: has the fields of sensor_msgs/LaserScan.

    """
    limits = msg.range_min, msg.range_max
    return scan_points(msg.ranges, msg.angle_min, msg.angle_increment, *limits)


def cloud_of(msg: Any, most: int = MOST) -> np.ndarray:
    """Return (n, 3) metres in the cloud's frame.

    Args:
        msg: has the fields of sensor_msgs/PointCloud2.
        most: larger clouds are thinned evenly to so many points.

    Raises:
        ScaleError: 'no_points' where the message contradicts itself.

    """
    layout = _layout(msg)
    step, count = msg.point_step, msg.width * msg.height
    last = (msg.height - 1) * msg.row_step + msg.width * step
    tight = step < layout.itemsize or msg.row_step < msg.width * step
    if count and (tight or last > len(msg.data)):
        raise ScaleError(
            'no_points',
            f'the cloud has {len(msg.data)} bytes, which its {msg.height} rows of {msg.width} '
            f'points of {step} bytes, {msg.row_step} bytes from one row to the next, do not fit '
            'in; correct its publisher',
        )
    index = np.arange(0, count, max(1, -(-count // most)))
    rows, columns = np.divmod(index, max(1, msg.width))
    starts = rows * msg.row_step + columns * step
    data = np.frombuffer(msg.data, np.uint8)
    packed = data[starts[:, None] + np.arange(layout.itemsize)]
    points = np.ascontiguousarray(packed).view(layout)[:, 0]
    return np.column_stack([points[axis].astype(np.float64) for axis in 'xyz'])


def _layout(msg):
    """Return the type of a point, as long as its coordinates need."""
    fields = {field.name: field for field in msg.fields}
    places = [fields.get(axis) for axis in 'xyz']
    if None in places or any(field.datatype not in FLOATS for field in places):
        raise ScaleError(
            'no_points',
            f'the cloud has the fields {", ".join(fields) or "none"}, expected x, y and z of '
            'float32 or float64; set scale.points_topic to another one',
        )
    order = '>' if msg.is_bigendian else '<'
    return np.dtype(
        {
            'names': list('xyz'),
            'formats': [order + FLOATS[field.datatype] for field in places],
            'offsets': [field.offset for field in places],
        }
    )
