"""Points and depth images of messages, as CDR bytes and without ROS."""

from __future__ import annotations

import sys
from typing import Any

from monodepth_ros.depth_encodings import decode_compressed_depth, decode_depth
from monodepth_ros.errors import DatasetError, ScaleError
from monodepth_ros.offline.messages import COMPRESSED_IMAGE, deserialize, LASER_SCAN
from monodepth_ros.scale.messages import cloud_of, scan_of
import numpy as np


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
    return depth_of(deserialize(data, kind), kind)


def depth_of(msg: Any, kind: str) -> np.ndarray:
    """Return the (H, W) float32 metres of a message, as `read_depth` of its bytes."""
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
    try:
        points = scan_of(msg) if kind == LASER_SCAN else cloud_of(msg, sys.maxsize)
    except ScaleError as error:
        raise DatasetError(f'{error}') from error
    return points[np.isfinite(points).all(axis=1)]
