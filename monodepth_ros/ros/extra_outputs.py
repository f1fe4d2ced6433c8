"""Outputs for particular consumers: how far to trust the depth, pictures, and a small grid."""

from __future__ import annotations

from monodepth_ros.pipeline.depth_error import depth_confidence
from monodepth_ros.ros.compressed_outputs import COMPRESSED_OUTPUTS
from monodepth_ros.ros.obstacle_outputs import OBSTACLE_OUTPUTS
from monodepth_ros.ros.pictures import depth_picture
from monodepth_ros.ros.result import Output, Result
import numpy as np
from sensor_msgs.msg import Image, PointCloud2


def _depth_confidence(result: Result) -> Image:
    error = result.prediction.error
    out = result.buffers.array('depth_confidence', error.shape, np.uint8)
    return result.image(depth_confidence(error, out), 'mono8')


def _depth_color(result: Result) -> Image:
    return result.image(depth_picture(result), 'rgb8')


def _image_rect_color(result: Result) -> Image:
    return result.image(result.prediction.image, 'rgb8')


def small_stride(shape: tuple[int, ...], max_width: int, max_height: int) -> int:
    """Return the smallest stride with which (H, W) is at most so wide and so high."""
    return max(1, -(-shape[0] // max_height), -(-shape[1] // max_width))


def _stride(result: Result, shape: tuple[int, ...]) -> int:
    values = result.values
    return small_stride(shape, values['small.max_width'], values['small.max_height'])


def _small(name: str, result: Result, values: np.ndarray) -> Image:
    stride = _stride(result, values.shape)
    part = values[::stride, ::stride]
    out = result.buffers.array(name, part.shape, part.dtype)
    np.copyto(out, part)
    return result.image(out, 'mono8')


def _small_mask(result: Result) -> Image:
    return _small('small_mask', result, result.prediction.label)


def _small_confidence(result: Result) -> Image:
    return _small('small_confidence', result, result.prediction.confidence)


def _small_points(result: Result) -> PointCloud2:
    return result.cloud('small_points', _stride(result, result.prediction.depth.shape))


EXTRA_OUTPUTS = {
    'depth/confidence': Output(Image, _depth_confidence, ('error',)),
    'depth/color': Output(Image, _depth_color, ('depth',)),
    'depth/image_rect_color': Output(Image, _image_rect_color, ('image',)),
    'small/mask': Output(Image, _small_mask, ('label',)),
    'small/confidence': Output(Image, _small_confidence, ('confidence',)),
    'small/points': Output(PointCloud2, _small_points, is_cloud=True, is_calibrated=True),
    **OBSTACLE_OUTPUTS,
    **COMPRESSED_OUTPUTS,
}
"""Topics and what they carry."""
