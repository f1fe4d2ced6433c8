"""ROS messages as the node publishes and receives them, as CDR bytes and without ROS."""

from __future__ import annotations

from functools import lru_cache
import sys
from typing import Optional

from monodepth_ros import image_encodings
from monodepth_ros.camera import CameraModel
from monodepth_ros.errors import CalibrationError, DatasetError
from monodepth_ros.facts import ModelFacts
from monodepth_ros.frames import Frame, Prediction
from monodepth_ros.pipeline.cloud import make_cloud
from monodepth_ros.pipeline.visualize import overlay
import numpy as np
from rosbags.serde import SerdeError
from rosbags.typesys import get_typestore, Stores

IMAGE = 'sensor_msgs/msg/Image'
COMPRESSED_IMAGE = 'sensor_msgs/msg/CompressedImage'
CAMERA_INFO = 'sensor_msgs/msg/CameraInfo'
POINT_CLOUD = 'sensor_msgs/msg/PointCloud2'
LASER_SCAN = 'sensor_msgs/msg/LaserScan'
TRANSFORMS = 'tf2_msgs/msg/TFMessage'

OVERLAY_TOPIC = 'segmentation/overlay'

TOPICS = {
    'depth/image_rect': IMAGE,
    'depth/camera_info': CAMERA_INFO,
    'depth/points': POINT_CLOUD,
    'segmentation/mask': IMAGE,
    'segmentation/confidence': IMAGE,
    OVERLAY_TOPIC: IMAGE,
}
"""Topics of the node that a bag can carry, and their types."""

_SECOND = 1_000_000_000


@lru_cache(maxsize=1)
def typestore():
    """Return the message types; those used here are the same in every ROS 2 from Foxy on."""
    return get_typestore(Stores.ROS2_HUMBLE)


def deserialize(data: bytes, kind: str):
    """Return the message in CDR bytes; raise DatasetError where they are none of this type."""
    try:
        return typestore().deserialize_cdr(data, kind)
    except SerdeError as error:
        raise DatasetError(f'is no whole {kind}: {error}') from None


def read_frame(data: bytes, kind: str, info: Optional[bytes], intrinsics) -> tuple[Frame, str]:
    """
    Return the frame of an image message.

    Args:
        data: CDR bytes of the image.
        kind: `IMAGE` or `COMPRESSED_IMAGE`.
        info: CDR bytes of the camera's CameraInfo, or None where there is none.
        intrinsics: `jobs.Intrinsics` of the user, which come first.

    Returns:
        The frame, and why it has no intrinsics although there is a CameraInfo, or what was guessed
        of them, or ''. As in the node a CameraInfo that cannot be used costs only the cloud.

    Raises:
        DatasetError: the bytes are no such message.
        ImageError: the image cannot be used.
        CalibrationError: the intrinsics of the user do not fit the image.

    """
    msg = deserialize(data, kind)
    if kind == COMPRESSED_IMAGE:
        image = image_encodings.decode_compressed(msg.data, msg.format)
    else:
        image = image_encodings.decode(
            msg.data, msg.height, msg.width, msg.step, msg.encoding, bool(msg.is_bigendian)
        )
    size = (image.shape[1], image.shape[0])
    camera, problem = intrinsics.camera(*size), ''
    if camera is None and info is not None:
        camera, problem = _camera(info, size)
    return Frame(image, camera, stamp_ns(msg.header), msg.header.frame_id), problem


def stamp_ns(header) -> int:
    """Return the stamp of a header in nanoseconds; raise DatasetError where it is no time."""
    stamp = header.stamp
    if stamp.nanosec >= _SECOND:
        raise DatasetError(f'has the stamp {stamp.sec} s {stamp.nanosec} ns, which is no time')
    return stamp.sec * _SECOND + stamp.nanosec


def _camera(info, size):
    try:
        camera = CameraModel.from_camera_info(deserialize(info, CAMERA_INFO), size)
        return camera, '; '.join(camera.notes)
    except (CalibrationError, DatasetError) as error:
        return None, f'no cloud, since its camera_info cannot be used: {error}'


def make_messages(
    prediction: Prediction,
    facts: ModelFacts,
    stride: int = 1,
    with_labels: bool = False,
    with_overlay: bool = False,
) -> list[tuple[str, bytes]]:
    """
    Return topics and CDR bytes of what the node would publish, in the order of `TOPICS`.

    Args:
        prediction: the frame's result; without a camera it has no camera_info and no points,
            without metres no depth and no points.
        facts: class colours are taken from it.
        stride: every n-th row and column becomes a point.
        with_labels: whether points have label and confidence.
        with_overlay: whether `OVERLAY_TOPIC` is among them.

    """
    header = _header(prediction)
    metric = prediction.relative is None
    messages = {'depth/image_rect': _image(header, prediction.depth, '32FC1')} if metric else {}
    if prediction.camera is not None:
        messages['depth/camera_info'] = _camera_info(header, prediction.camera)
    if prediction.camera is not None and metric:
        rays = prediction.camera.rays()
        labels = (prediction.label, prediction.confidence) if with_labels else None
        points = make_cloud(prediction.depth, prediction.image, rays, stride, labels)
        messages['depth/points'] = _point_cloud(header, points)
    messages['segmentation/mask'] = _image(header, prediction.label, 'mono8')
    messages['segmentation/confidence'] = _image(header, prediction.confidence, 'mono8')
    if with_overlay:
        picture = overlay(prediction.image, prediction.label, facts.colors)
        messages[OVERLAY_TOPIC] = _image(header, picture, 'rgb8')
    serialize = typestore().serialize_cdr
    return [(topic, bytes(serialize(msg, TOPICS[topic]))) for topic, msg in messages.items()]


def _make(kind, **fields):
    return typestore().types[kind](**fields)


def _header(prediction):
    seconds, nanoseconds = divmod(prediction.stamp_ns, _SECOND)
    stamp = _make('builtin_interfaces/msg/Time', sec=seconds, nanosec=nanoseconds)
    return _make('std_msgs/msg/Header', stamp=stamp, frame_id=prediction.frame_id)


def _bytes(values):
    return np.ascontiguousarray(values).reshape(-1).view(np.uint8)


def _image(header, values, encoding):
    return _make(
        IMAGE,
        header=header,
        height=values.shape[0],
        width=values.shape[1],
        encoding=encoding,
        is_bigendian=int(sys.byteorder == 'big'),
        step=values.nbytes // values.shape[0],
        data=_bytes(values),
    )


def _camera_info(header, camera):
    k = [camera.fx, 0.0, camera.cx, 0.0, camera.fy, camera.cy, 0.0, 0.0, 1.0]
    return _make(
        CAMERA_INFO,
        header=header,
        height=camera.height,
        width=camera.width,
        distortion_model='plumb_bob',
        d=np.zeros(5),
        k=np.array(k),
        r=np.eye(3).ravel(),
        p=np.array(k[0:3] + [0.0] + k[3:6] + [0.0] + k[6:9] + [0.0]),
        binning_x=0,
        binning_y=0,
        roi=_make(
            'sensor_msgs/msg/RegionOfInterest',
            x_offset=0,
            y_offset=0,
            height=0,
            width=0,
            do_rectify=False,
        ),
    )


def _point_cloud(header, points):
    height, width = points.shape
    return _make(
        POINT_CLOUD,
        header=header,
        height=height,
        width=width,
        fields=_point_fields(points.dtype),
        is_bigendian=sys.byteorder == 'big',
        point_step=points.dtype.itemsize,
        row_step=points.dtype.itemsize * width,
        data=_bytes(points),
        is_dense=False,
    )


def _point_fields(dtype):
    make = typestore().types['sensor_msgs/msg/PointField']
    datatypes = {
        np.dtype(np.uint8): make.UINT8,
        np.dtype(np.uint32): make.UINT32,
        np.dtype(np.float32): make.FLOAT32,
    }
    fields = []
    for name in dtype.names:
        kind, offset = dtype.fields[name][:2]
        # As in the node: PCL and RViz read the packed colour as a float32 field.
        datatype = make.FLOAT32 if name == 'rgb' else datatypes[kind]
        fields.append(make(name=name, offset=offset, datatype=datatype, count=1))
    return fields
