"""Between ROS messages and the dataclasses of `frames.py`; no state, no copy beyond the needed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Optional

import cv2
from monodepth_ros.camera import CameraModel, PinholeCamera
from monodepth_ros.errors import ImageError
from monodepth_ros.frames import Prediction
from monodepth_ros.ros import compat
import numpy as np
from sensor_msgs.msg import CameraInfo, Image
from std_msgs.msg import Header


@dataclass(frozen=True)
class _Layout:
    """How a pixel of an encoding lies in memory, and how to turn it into RGB."""

    channels: int
    bytes_per_channel: int
    to_rgb: Optional[int]


_LAYOUTS = {
    'rgb8': _Layout(3, 1, None),
    'bgr8': _Layout(3, 1, cv2.COLOR_BGR2RGB),
    'rgba8': _Layout(4, 1, cv2.COLOR_RGBA2RGB),
    'bgra8': _Layout(4, 1, cv2.COLOR_BGRA2RGB),
    'mono8': _Layout(1, 1, cv2.COLOR_GRAY2RGB),
    'mono16': _Layout(1, 2, cv2.COLOR_GRAY2RGB),
}

ENCODINGS = tuple(_LAYOUTS)
"""Image encodings that the node takes."""

DEPTH_ENCODINGS = ('32FC1', '16UC1')
"""REP 118: metres as float32 with NaN where invalid, or millimetres as uint16 with 0."""

_MM_MAX = 65535


def view_image(msg: Image) -> np.ndarray:
    """
    Check an image message and return its pixels without a copy.

    Returns:
        (H, W, C) uint8, or uint16 of the message's byte order, on `msg.data`; rows may be padded.

    Raises:
        ImageError: reason 'zero_size', 'unknown_encoding', 'short_step' or 'short_data'.

    """
    if msg.width == 0 or msg.height == 0:
        raise ImageError(
            'zero_size', f'image is {msg.width} x {msg.height} pixels, expected at least 1 x 1'
        )
    layout = _LAYOUTS.get(msg.encoding)
    if layout is None:
        raise ImageError(
            'unknown_encoding',
            f'image encoding {msg.encoding!r} is not known; known: {", ".join(ENCODINGS)}',
        )
    pixel = layout.channels * layout.bytes_per_channel
    if msg.step < msg.width * pixel:
        raise ImageError(
            'short_step',
            f'image step is {msg.step} bytes, expected at least {msg.width * pixel} for a row of '
            f'{msg.width} pixels {msg.encoding}',
        )
    if len(msg.data) < msg.step * msg.height:
        raise ImageError(
            'short_data',
            f'image data is {len(msg.data)} bytes, expected {msg.step * msg.height} '
            f'(step {msg.step} x height {msg.height})',
        )
    order = '>' if msg.is_bigendian else '<'
    return np.ndarray(
        (msg.height, msg.width, layout.channels),
        f'{order}u{layout.bytes_per_channel}',
        msg.data,
        strides=(msg.step, pixel, layout.bytes_per_channel),
    )


def image_to_rgb(msg: Image) -> np.ndarray:
    """
    Return an image message as (H, W, 3) uint8 RGB, C-contiguous.

    16-bit grey is scaled by 255 / 65535 and rounded, as cv_bridge does. A tight rgb8 message is
    not copied: the result lies on `msg.data`.

    Raises:
        ImageError: as `view_image`.

    """
    pixels = view_image(msg)
    conversion = _LAYOUTS[msg.encoding].to_rgb
    if pixels.dtype.itemsize == 2:
        native = np.ascontiguousarray(pixels, np.uint16)
        pixels = cv2.convertScaleAbs(native, alpha=255 / 65535)
    if conversion is None:
        return np.ascontiguousarray(pixels)
    return cv2.cvtColor(pixels, conversion)


def camera_info_key(msg: CameraInfo) -> tuple:
    """Return what makes two CameraInfo messages the same calibration; NaN equals NaN."""
    roi = msg.roi
    return (
        msg.width,
        msg.height,
        msg.distortion_model,
        bytes(msg.d),
        msg.k.tobytes(),
        msg.r.tobytes(),
        msg.p.tobytes(),
        (msg.binning_x, msg.binning_y),
        (roi.x_offset, roi.y_offset, roi.width, roi.height),
    )


def camera_info_to_model(msg: CameraInfo, image_size: tuple[int, int]) -> CameraModel:
    """
    Return the intrinsics of images of `image_size` (width, height) pixels.

    Raises:
        CalibrationError: the message does not describe such an image; the reason says why.

    """
    roi = msg.roi
    return CameraModel.from_intrinsics(
        msg.width,
        msg.height,
        tuple(msg.k),
        tuple(msg.d),
        msg.distortion_model,
        tuple(msg.r),
        tuple(msg.p),
        binning_x=msg.binning_x,
        binning_y=msg.binning_y,
        roi=(roi.x_offset, roi.y_offset, roi.width, roi.height),
        image_size=image_size,
    )


def make_header(prediction: Prediction) -> Header:
    """Return the header that every output of a frame has: the input's stamp and frame."""
    return Header(
        stamp=compat.ns_to_stamp(prediction.stamp_ns),
        frame_id=prediction.frame_id,
    )


def depth_to_image(header: Header, depth: np.ndarray, encoding: str) -> Image:
    """
    Return depth as 32FC1 (metres, NaN and +Inf kept) or 16UC1 (millimetres, 0 invalid; REP 118).

    Depth that 16 bits cannot hold (beyond 65.535 m, +Inf) is invalid in 16UC1.
    """
    if encoding == '16UC1':
        millimetres = np.rint(depth * np.float32(1000))
        valid = (millimetres > 0) & (millimetres <= _MM_MAX)
        depth = np.where(valid, millimetres, 0).astype(np.uint16)
    return compat.make_image(header, depth, encoding)


def pinhole_to_camera_info(header: Header, camera: PinholeCamera) -> CameraInfo:
    """Return a rectified grid's intrinsics: D = 0, R = I, K and P equal, no ROI or binning."""
    k = [camera.fx, 0.0, camera.cx, 0.0, camera.fy, camera.cy, 0.0, 0.0, 1.0]
    return CameraInfo(
        header=header,
        width=camera.width,
        height=camera.height,
        distortion_model='plumb_bob',
        d=[0.0] * 5,
        k=k,
        r=[1.0, 0.0, 0.0, 0.0, 1.0, 0.0, 0.0, 0.0, 1.0],
        p=k[0:3] + [0.0] + k[3:6] + [0.0] + k[6:9] + [0.0],
    )
