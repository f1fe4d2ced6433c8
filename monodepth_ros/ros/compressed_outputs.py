"""Images as files, as image_transport's plugins compressed and compressedDepth make them."""

from __future__ import annotations

import array
from typing import Sequence

import cv2
from monodepth_ros.image_encodings import to_millimetres
from monodepth_ros.ros.pictures import depth_picture, label_picture, overlay_picture
from monodepth_ros.ros.result import Output, Result
import numpy as np
from sensor_msgs.msg import CompressedImage

JPEG = ('.jpg', 'jpeg', (cv2.IMWRITE_JPEG_QUALITY, 90))
PNG = ('.png', 'png', (cv2.IMWRITE_PNG_COMPRESSION, 1))
"""Ending for OpenCV, the word in the message's format, and settings: the fastest PNG."""

INVERSE_A, FARTHEST_M = 10100.0, 100.0
"""compressedDepth keeps 32FC1 as 16 bits of A / depth + B. A is the plugin's own with its default
quantisation of 100, by which a step is depth^2 / A, 2.5 mm at 5 m; B makes 1 of 100 m."""

CONFIG_DTYPE = np.dtype([('format', '<i4'), ('a', '<f4'), ('b', '<f4')])
"""What is before the file of a compressedDepth message: format 0, inverse depth, A and B."""


def _file(pixels: np.ndarray, kind: tuple[str, str, Sequence[int]]) -> bytes:
    ending, _, settings = kind
    return cv2.imencode(ending, pixels, settings)[1].tobytes()


def _message(result: Result, text: str, data: bytes) -> CompressedImage:
    return CompressedImage(header=result.header, format=text, data=array.array('B', data))


def _color(result: Result, rgb: np.ndarray, kind) -> CompressedImage:
    bgr = cv2.cvtColor(rgb, cv2.COLOR_RGB2BGR)
    return _message(result, f'rgb8; {kind[1]} compressed bgr8', _file(bgr, kind))


def _depth_color(result: Result) -> CompressedImage:
    return _color(result, depth_picture(result), JPEG)


def _image_rect_color(result: Result) -> CompressedImage:
    return _color(result, result.prediction.image, JPEG)


def _overlay(result: Result) -> CompressedImage:
    return _color(result, overlay_picture(result), JPEG)


def _color_mask(result: Result) -> CompressedImage:
    # JPEG would mix the classes' colours into those of others.
    return _color(result, label_picture(result), PNG)


def _mask(result: Result) -> CompressedImage:
    return _message(result, 'mono8; png compressed mono8', _file(result.prediction.label, PNG))


def _compressed_depth(result: Result) -> CompressedImage:
    depth, encoding = result.prediction.depth, result.values['depth.encoding']
    config = np.zeros(1, CONFIG_DTYPE)
    if encoding == '32FC1':
        config['a'], config['b'] = INVERSE_A, 1 - INVERSE_A / FARTHEST_M
        pixels = inverse_depth(depth, INVERSE_A, 1 - INVERSE_A / FARTHEST_M)
    else:
        pixels = to_millimetres(depth)
    text = f'{encoding}; compressedDepth png'
    return _message(result, text, config.tobytes() + _file(pixels, PNG))


def inverse_depth(depth: np.ndarray, a: float, b: float) -> np.ndarray:
    """Return depth, (H, W) float32 metres, as (H, W) uint16 of a / depth + b; 0 for none.

    What is too near for 16 bits is none, as what is not finite.
    """
    with np.errstate(divide='ignore', invalid='ignore'):
        values = np.float32(a) / depth + np.float32(b)
    values[~((values >= 1) & (values < 65535.5))] = 0
    return np.rint(values).astype(np.uint16)


COMPRESSED_OUTPUTS = {
    'depth/image_rect/compressedDepth': Output(CompressedImage, _compressed_depth, ('depth',)),
    'depth/color/compressed': Output(CompressedImage, _depth_color, ('depth',)),
    'depth/image_rect_color/compressed': Output(CompressedImage, _image_rect_color, ('image',)),
    'segmentation/mask/compressed': Output(CompressedImage, _mask, ('label',)),
    'segmentation/color_mask/compressed': Output(CompressedImage, _color_mask, ('label',)),
    'segmentation/overlay/compressed': Output(CompressedImage, _overlay, ('label', 'image')),
}
"""Topics and what they carry."""
