"""Between ROS messages and the dataclasses of `frames.py`; no state, no copy beyond the needed."""

from __future__ import annotations

from typing import Sequence, TYPE_CHECKING, Union

from monodepth_ros import image_encodings
from monodepth_ros.camera import PinholeCamera
from monodepth_ros.errors import ImageError
from monodepth_ros.frames import Prediction
from monodepth_ros.ros import compat
from monodepth_ros.ros.bridge import Bridge
import numpy as np
from sensor_msgs.msg import CameraInfo, CompressedImage, Image
from std_msgs.msg import Header

if TYPE_CHECKING:
    from vision_msgs.msg import LabelInfo

ENCODINGS = image_encodings.ENCODINGS
"""Image encodings that the node takes."""

DEPTH_ENCODINGS = ('32FC1', '16UC1')
"""REP 118: metres as float32 with NaN where invalid, or millimetres as uint16 with 0."""


_BRIDGE = Bridge()

SECOND = 1_000_000_000
"""Nanoseconds."""


def view_image(msg: Image) -> np.ndarray:
    """
    Check an image message and return its pixels without a copy, as `image_encodings.view` does.

    Raises:
        ImageError: the message cannot be used; the reason says why.

    """
    return image_encodings.view(*_fields(msg))


def check_stamp(header: Header) -> None:
    """
    Check that a stamp is a time, so that outputs can have the very same one.

    Raises:
        ImageError: 'bad_stamp'.

    """
    if header.stamp.nanosec >= SECOND:
        raise ImageError(
            'bad_stamp',
            f'the stamp is {header.stamp.sec} s {header.stamp.nanosec} ns, expected less than '
            f'{SECOND} ns; correct it in the camera driver',
        )


def image_to_rgb(msg: Union[Image, CompressedImage]) -> np.ndarray:
    """
    Return an image message as (H, W, 3) uint8 RGB, C-contiguous.

    A tight rgb8 message is not copied: the result lies on `msg.data`. What cv_bridge converts
    rightly goes through it where it is installed.

    Raises:
        ImageError: the message cannot be used; the reason says why.

    """
    if isinstance(msg, CompressedImage):
        return image_encodings.decode_compressed(msg.data, msg.format)
    view_image(msg)
    rgb = _BRIDGE.to_rgb(msg)
    return image_encodings.decode(*_fields(msg)) if rgb is None else rgb


def _fields(msg):
    return msg.data, msg.height, msg.width, msg.step, msg.encoding, msg.is_bigendian


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


def make_header(prediction: Prediction) -> Header:
    """Return the header that every output of a frame has: the input's stamp and frame."""
    return Header(
        stamp=compat.ns_to_stamp(prediction.stamp_ns),
        frame_id=prediction.frame_id,
    )


def make_label_info(header: Header, classes: Sequence[str], threshold: float) -> LabelInfo:
    """
    Return the names of the mask's values; needs vision_msgs.

    255, unlabelled, is not among them, as vision_msgs reserves it for that.

    Args:
        header: time of the announcement.
        classes: class names; the index is the label.
        threshold: smallest probability, 0..1, of a label that is given.

    """
    return compat.LabelInfo(
        header=header,
        class_map=[
            compat.VisionClass(class_id=index, class_name=name)
            for index, name in enumerate(classes)
        ],
        threshold=threshold,
    )


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
