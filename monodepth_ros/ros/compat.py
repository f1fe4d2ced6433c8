"""
The few things that cv_bridge and sensor_msgs_py would be needed for.

Both come with a ROS 2 installation and neither is on PyPI, so the node uses these functions
everywhere: one path, tested against the bytes that those two packages give.
"""

from __future__ import annotations

import array
import sys

from builtin_interfaces.msg import Time
import numpy as np
from sensor_msgs.msg import Image, PointCloud2, PointField
from std_msgs.msg import Header

_FIELD_TYPES = {
    np.dtype(np.uint8): PointField.UINT8,
    np.dtype(np.uint32): PointField.UINT32,
    np.dtype(np.float32): PointField.FLOAT32,
}


def stamp_to_ns(stamp: Time) -> int:
    """Return a message stamp as nanoseconds, exactly."""
    return stamp.sec * 1_000_000_000 + stamp.nanosec


def ns_to_stamp(nanoseconds: int) -> Time:
    """Return nanoseconds as a message stamp, exactly."""
    seconds, rest = divmod(nanoseconds, 1_000_000_000)
    return Time(sec=seconds, nanosec=rest)


def to_message_bytes(values: np.ndarray) -> array.array:
    """
    Copy an array of any type and shape into what `msg.data` takes without checking each byte.

    The copy is the message's own, so the array may be reused for the next frame.
    """
    data = array.array('B')
    data.frombytes(np.ascontiguousarray(values).reshape(-1).view(np.uint8).data)
    return data


def make_image(header: Header, values: np.ndarray, encoding: str) -> Image:
    """
    Return `values` as an Image message with no row padding.

    Args:
        header: stamp and frame of the image.
        values: (H, W) or (H, W, C), in the machine's byte order.
        encoding: encoding that `values` has, as in sensor_msgs/image_encodings.

    """
    return Image(
        header=header,
        height=values.shape[0],
        width=values.shape[1],
        encoding=encoding,
        is_bigendian=int(sys.byteorder == 'big'),
        step=values.nbytes // values.shape[0],
        data=to_message_bytes(values),
    )


def make_point_cloud(header: Header, points: np.ndarray) -> PointCloud2:
    """
    Return an organised point cloud, row-major, with NaN allowed (`is_dense` false).

    Args:
        header: stamp and frame of the points.
        points: (H, W) structured array; the names and types of its fields become the cloud's.

    """
    height, width = points.shape
    return PointCloud2(
        header=header,
        height=height,
        width=width,
        fields=_point_fields(points.dtype),
        is_bigendian=sys.byteorder == 'big',
        point_step=points.dtype.itemsize,
        row_step=points.dtype.itemsize * width,
        data=to_message_bytes(points),
        is_dense=False,
    )


def _point_fields(dtype: np.dtype) -> list[PointField]:
    fields = []
    for name in dtype.names:
        kind, offset = dtype.fields[name][:2]
        # PCL and RViz read the packed colour as a float32 field, whatever its bits mean.
        datatype = PointField.FLOAT32 if name == 'rgb' else _FIELD_TYPES[kind]
        fields.append(PointField(name=name, offset=offset, datatype=datatype, count=1))
    return fields
