"""
The few things that cv_bridge and sensor_msgs_py are needed for, with and without them.

Both come with a ROS 2 installation and neither is on PyPI. Images are made by cv_bridge where it
works, else here, with the same bytes. Clouds are always made here, with the same bytes as
sensor_msgs_py's: `create_cloud` gives the data to the message's constructor, where rclpy copies
them again and again, 11 ms and more for a 640 x 480 cloud against 0.1 ms.
"""

from __future__ import annotations

import array
import sys

from builtin_interfaces.msg import Time
import numpy as np
from sensor_msgs.msg import Image, PointCloud2, PointField
from std_msgs.msg import Header

try:
    from vision_msgs.msg import LabelInfo, VisionClass
except ImportError:  # Not on PyPI; and Humble's first releases had no LabelInfo.
    LabelInfo = VisionClass = None


def _find_cv_bridge():
    """Return a CvBridge that works, or None: one built for another NumPy fails only when used."""
    try:
        from cv_bridge import CvBridge

        bridge = CvBridge()
        bridge.cv2_to_imgmsg(np.zeros((1, 1), np.uint8), 'mono8', Header())
    # Absent, or whatever a binary of another NumPy's raises.
    except Exception:
        return None
    return bridge


_BRIDGE = _find_cv_bridge()

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


def _append(data: array.array, values: np.ndarray) -> None:
    """Copy an array of any type and shape behind `data`, without checking each byte."""
    data.frombytes(np.ascontiguousarray(values).reshape(-1).view(np.uint8).data)


def make_image(header: Header, values: np.ndarray, encoding: str) -> Image:
    """
    Return `values` as an Image message with no row padding.

    Args:
        header: stamp and frame of the image.
        values: (H, W) or (H, W, C), in the machine's byte order.
        encoding: encoding that `values` has, as in sensor_msgs/image_encodings.

    """
    if _BRIDGE is not None:
        return _BRIDGE.cv2_to_imgmsg(values, encoding, header)
    msg = Image(
        header=header,
        height=values.shape[0],
        width=values.shape[1],
        encoding=encoding,
        is_bigendian=int(sys.byteorder == 'big'),
        step=values.nbytes // values.shape[0],
    )
    # Given to the constructor, an array is copied there twice more.
    _append(msg.data, values)
    return msg


def make_point_cloud(header: Header, points: np.ndarray) -> PointCloud2:
    """
    Return an organised point cloud, row-major, with NaN allowed (`is_dense` false).

    Args:
        header: stamp and frame of the points.
        points: (H, W) structured array; the names and types of its fields become the cloud's.

    """
    height, width = points.shape
    msg = PointCloud2(
        header=header,
        height=height,
        width=width,
        fields=_point_fields(points.dtype),
        is_bigendian=sys.byteorder == 'big',
        point_step=points.dtype.itemsize,
        row_step=points.dtype.itemsize * width,
        is_dense=False,
    )
    _append(msg.data, points)
    return msg


def _point_fields(dtype: np.dtype) -> list[PointField]:
    fields = []
    for name in dtype.names:
        kind, offset = dtype.fields[name][:2]
        # PCL and RViz read the packed colour as a float32 field, whatever its bits mean.
        datatype = PointField.FLOAT32 if name == 'rgb' else _FIELD_TYPES[kind]
        fields.append(PointField(name=name, offset=offset, datatype=datatype, count=1))
    return fields
