"""Read messages as a consumer does: by what they say of themselves, without our own types."""

import numpy as np
from sensor_msgs.msg import PointField

IMAGE_TYPES = {'32FC1': '<f4', '16UC1': '<u2', 'mono8': 'u1'}
FIELD_TYPES = {PointField.UINT32: '<u4', PointField.FLOAT32: '<f4', PointField.UINT8: 'u1'}


def read_image(msg):
    """Return a one-channel image as (H, W) of its encoding's type."""
    kind = np.dtype(IMAGE_TYPES[msg.encoding])
    assert not msg.is_bigendian and len(msg.data) == msg.step * msg.height
    return np.ndarray((msg.height, msg.width), kind, msg.data, 0, (msg.step, kind.itemsize))


def read_cloud(msg):
    """Return the fields of a cloud by name, each (H, W)."""
    assert not msg.is_bigendian and not msg.is_dense
    assert msg.row_step == msg.point_step * msg.width
    assert len(msg.data) == msg.row_step * msg.height
    return {
        field.name: np.ndarray(
            (msg.height, msg.width),
            FIELD_TYPES[field.datatype],
            msg.data,
            field.offset,
            (msg.row_step, msg.point_step),
        )
        for field in msg.fields
    }


def read_colors(cloud):
    """Return the colours of `read_cloud`, (H, W, 3) RGB, out of the bits of the float rgb."""
    packed = np.ascontiguousarray(cloud['rgb']).view('<u4')
    return np.stack([packed >> 16 & 255, packed >> 8 & 255, packed & 255], axis=-1)
