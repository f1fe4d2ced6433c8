"""Points and depth images of messages, as CDR bytes and without ROS."""

from __future__ import annotations

from monodepth_ros.depth_encodings import decode_compressed_depth, decode_depth
from monodepth_ros.errors import DatasetError
from monodepth_ros.offline.messages import COMPRESSED_IMAGE, deserialize, LASER_SCAN, POINT_CLOUD
import numpy as np

_AXES = ('x', 'y', 'z')
_FLOATS = {7: 'f4', 8: 'f8'}
"""Of sensor_msgs/PointField."""


def read_depth(data: bytes, kind: str) -> np.ndarray:
    """
    Return the (H, W) float32 metres of a depth image, 0 where unknown.

    Args:
        data: CDR bytes.
        kind: `IMAGE`, or `COMPRESSED_IMAGE` of the transport compressedDepth.

    Raises:
        DatasetError: the bytes are no such message.
        ImageError: the image cannot be used.

    """
    msg = deserialize(data, kind)
    if kind == COMPRESSED_IMAGE:
        return decode_compressed_depth(msg.data, msg.format)
    return decode_depth(
        msg.data, msg.height, msg.width, msg.step, msg.encoding, bool(msg.is_bigendian)
    )


def read_points(data: bytes, kind: str) -> np.ndarray:
    """
    Return the (N, 3) float64 metres of what a sensor has measured, in its own frame.

    Args:
        data: CDR bytes.
        kind: `LASER_SCAN` or `POINT_CLOUD`.

    Raises:
        DatasetError: the bytes are no such message, or have no points in x, y and z.

    """
    msg = deserialize(data, kind)
    points = _of_scan(msg) if kind == LASER_SCAN else _of_cloud(msg)
    return points[np.isfinite(points).all(axis=1)]


def _of_scan(msg):
    """Return the points of a LaserScan, those out of its range left out (REP 117)."""
    ranges = np.asarray(msg.ranges, np.float64)
    angles = msg.angle_min + np.arange(ranges.size) * msg.angle_increment
    with np.errstate(invalid='ignore'):
        good = (ranges >= msg.range_min) & (ranges <= msg.range_max)
    ranges, angles = ranges[good], angles[good]
    return np.stack(
        (ranges * np.cos(angles), ranges * np.sin(angles), np.zeros(ranges.size)), axis=1
    )


def _of_cloud(msg):
    fields = {field.name: field for field in msg.fields}
    if any(fields[a].datatype not in _FLOATS if a in fields else True for a in _AXES):
        raise DatasetError(
            f'is a {POINT_CLOUD} with the fields {", ".join(fields) or "none"}, expected x, y and '
            'z of float32 or float64'
        )
    order = '>' if msg.is_bigendian else '<'
    layout = np.dtype(
        {
            'names': list(_AXES),
            'formats': [order + _FLOATS[fields[a].datatype] for a in _AXES],
            'offsets': [fields[a].offset for a in _AXES],
            'itemsize': max(msg.point_step, max(fields[a].offset for a in _AXES) + 8),
        }
    )
    step = msg.point_step
    needed = (msg.height - 1) * msg.row_step + msg.width * step if msg.height else 0
    ends = max(fields[a].offset + int(_FLOATS[fields[a].datatype][1]) for a in _AXES)
    if ends > step or msg.row_step < msg.width * step or len(msg.data) < needed:
        raise DatasetError(
            f'is a {POINT_CLOUD} of {len(msg.data)} bytes, which its {msg.height} rows of '
            f'{msg.width} points of {step} bytes do not fit in'
        )
    data = bytes(msg.data) + bytes(layout.itemsize)  # so that the last point ends inside
    values = np.ndarray((msg.height, msg.width), layout, data, strides=(msg.row_step, step))
    return np.stack([values[a].ravel().astype(np.float64) for a in _AXES], axis=1)
