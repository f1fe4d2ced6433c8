"""Points of sensor messages, whatever library has made those: a scan, a cloud, a depth image."""

from __future__ import annotations

from typing import Any

from monodepth_ros.camera import PinholeCamera
from monodepth_ros.errors import ScaleError
from monodepth_ros.scale.points import MOST, scan_points
import numpy as np

FLOATS = {7: 'f4', 8: 'f8'}
"""NumPy types of the coordinates by `datatype` of sensor_msgs/PointField."""

DEPTHS = {'16UC1': ('u2', 1e-3), 'mono16': ('u2', 1e-3), '32FC1': ('f4', 1.0)}
"""NumPy types and metres in a unit of depth images (REP 118), by their encoding."""


def scan_of(msg: Any) -> np.ndarray:
    """Return (n, 3) metres in the scanner's frame.

    Args:
        msg: has the fields of sensor_msgs/LaserScan.

    """
    limits = msg.range_min, msg.range_max
    return scan_points(msg.ranges, msg.angle_min, msg.angle_increment, *limits)


def cloud_of(msg: Any) -> np.ndarray:
    """Return (n, 3) metres in the cloud's frame, evenly thinned to `points.MOST` points.

    Args:
        msg: has the fields of sensor_msgs/PointCloud2.

    Raises:
        ScaleError: 'no_points' where the message contradicts itself.

    """
    layout = _layout(msg)
    step, count = msg.point_step, msg.width * msg.height
    last = (msg.height - 1) * msg.row_step + msg.width * step
    if count and (step < layout.itemsize or last > len(msg.data)):
        raise ScaleError(
            'no_points',
            f'the cloud has {len(msg.data)} bytes, expected {last} of {msg.width} x {msg.height} '
            f'points of {step} bytes; correct its publisher',
        )
    index = np.arange(0, count, max(1, -(-count // MOST)))
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


def depth_image_of(msg: Any, camera: PinholeCamera) -> np.ndarray:
    """Return (n, 3) metres in the optical frame of a camera whose grid a depth image is on.

    Args:
        msg: has the fields of sensor_msgs/Image; NaN, infinity and 0 give no point.
        camera: the grid, of the depth image's view but any size.

    Raises:
        ScaleError: 'no_points' where the message is no depth image, or contradicts itself.

    """
    kind, unit = DEPTHS.get(msg.encoding, ('', 0.0))
    size = np.dtype(kind).itemsize if kind else 1
    complete = msg.step >= msg.width * size and len(msg.data) >= msg.height * msg.step
    if not kind or not complete or min(msg.width, msg.height) < 1 or msg.step % size:
        raise ScaleError(
            'no_points',
            f'the depth image is {msg.width} x {msg.height} of encoding {msg.encoding!r} with '
            f'{len(msg.data)} bytes, expected of {", ".join(DEPTHS)} with whole rows',
        )
    order = '>' if msg.is_bigendian else '<'
    rows = np.frombuffer(msg.data, order + kind, msg.height * msg.step // size)
    depth = rows.reshape(msg.height, -1)[:, : msg.width]
    step = max(1, round((depth.size / MOST) ** 0.5))
    part = (slice(step // 2, None, step),) * 2
    z = depth[part].astype(np.float64).ravel() * unit
    rays = camera.resized(msg.width, msg.height).rays()[part].reshape(-1, 2)
    usable = (z > 0) & np.isfinite(z)
    return np.column_stack([rays[usable] * z[usable, None], z[usable]])
