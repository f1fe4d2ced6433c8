"""Pixels of ROS images, as plain values: sensor_msgs encodings to RGB, metres to millimetres."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Optional

import cv2
from monodepth_ros.errors import ImageError, shown
from monodepth_ros.image_headers import (
    claimed_size,
    holds_too_little,
    JPEG,
    MOST_PIXELS,
    PNG,
)
import numpy as np


@dataclass(frozen=True)
class _Layout:
    """How the pixels of an encoding lie in memory, and how to turn them into RGB.

    Attributes:
        channels: values of a pixel, of the first plane where there are two.
        bytes_per_channel: 1 or 2.
        to_rgb: cv2.cvtColor code, None where it is RGB already.
        multiple: (columns, rows) that share colour values: sides are multiples of these.
        smallest: fewest columns and rows.
        chroma: (columns, rows) of brightness to one pair of colour values in the second plane;
            None where there is no such plane.

    """

    channels: int
    bytes_per_channel: int
    to_rgb: Optional[int]
    multiple: tuple[int, int] = (1, 1)
    smallest: int = 1
    chroma: Optional[tuple[int, int]] = None


_UYVY = _Layout(2, 1, cv2.COLOR_YUV2RGB_UYVY, multiple=(2, 1))
_YUYV = _Layout(2, 1, cv2.COLOR_YUV2RGB_YUYV, multiple=(2, 1))

# OpenCV names a mosaic after the second row's second and third pixel, ROS after the first two
# rows' first two.
_MOSAICS = {
    'bayer_rggb': cv2.COLOR_BayerBG2RGB,
    'bayer_bggr': cv2.COLOR_BayerRG2RGB,
    'bayer_gbrg': cv2.COLOR_BayerGR2RGB,
    'bayer_grbg': cv2.COLOR_BayerGB2RGB,
}

_LAYOUTS = {
    'rgb8': _Layout(3, 1, None),
    'bgr8': _Layout(3, 1, cv2.COLOR_BGR2RGB),
    'rgba8': _Layout(4, 1, cv2.COLOR_RGBA2RGB),
    'bgra8': _Layout(4, 1, cv2.COLOR_BGRA2RGB),
    'rgb16': _Layout(3, 2, None),
    'bgr16': _Layout(3, 2, cv2.COLOR_BGR2RGB),
    'rgba16': _Layout(4, 2, cv2.COLOR_RGBA2RGB),
    'bgra16': _Layout(4, 2, cv2.COLOR_BGRA2RGB),
    'mono8': _Layout(1, 1, cv2.COLOR_GRAY2RGB),
    'mono16': _Layout(1, 2, cv2.COLOR_GRAY2RGB),
    # Without a name for the colours: what cv_bridge and OpenCV make of them.
    '8UC1': _Layout(1, 1, cv2.COLOR_GRAY2RGB),
    '8UC3': _Layout(3, 1, cv2.COLOR_BGR2RGB),
    '8UC4': _Layout(4, 1, cv2.COLOR_BGRA2RGB),
    # Interpolation needs neighbours on both sides.
    **{f'{name}8': _Layout(1, 1, code, smallest=3) for name, code in _MOSAICS.items()},
    **{f'{name}16': _Layout(1, 2, code, smallest=3) for name, code in _MOSAICS.items()},
    'yuv422': _UYVY,
    'uyvy': _UYVY,
    'yuv422_yuy2': _YUYV,
    'yuyv': _YUYV,
    'nv12': _Layout(1, 1, cv2.COLOR_YUV2RGB_NV12, multiple=(2, 2), chroma=(2, 2)),
    'nv21': _Layout(1, 1, cv2.COLOR_YUV2RGB_NV21, multiple=(2, 2), chroma=(2, 2)),
    'nv24': _Layout(1, 1, cv2.COLOR_YUV2RGB_UYVY, chroma=(1, 1)),
}

ENCODINGS = tuple(_LAYOUTS)
"""Image encodings that can be decoded. YUV is ITU-R BT.601 video range, as V4L2's are."""

_DEPTH = ('16UC1', '32FC1', '64FC1')
"""Encodings of depth images (REP 118), which a user may have subscribed to by mistake."""

_JPEG_SCAN, _JPEG_END = b'\xff\xda', b'\xff\xd9'

_MM_MAX = 65535


def view(
    data, height: int, width: int, step: int, encoding: str, is_bigendian: bool
) -> np.ndarray:
    """
    Check the fields of a sensor_msgs/Image and return its pixels without a copy.

    Args:
        data: the message's bytes, as anything with a buffer.
        height: rows in pixels.
        width: columns in pixels.
        step: bytes from one row to the next.
        encoding: one of `ENCODINGS`.
        is_bigendian: byte order of channels of two bytes.

    Returns:
        (H, W, C) uint8, or uint16 of the message's byte order, on `data`; rows may be padded. Of
        nv12, nv21 and nv24 it is the brightness, with C = 1.

    Raises:
        ImageError: reason 'zero_size', 'unknown_encoding', 'unsupported_size', 'short_step' or
            'short_data'.

    """
    if width == 0 or height == 0:
        raise ImageError(
            'zero_size', f'image is {width} x {height} pixels, expected at least 1 x 1'
        )
    layout = _layout(encoding)
    _check_sides(width, height, encoding, layout)
    pixel = layout.channels * layout.bytes_per_channel
    if step < width * pixel:
        raise ImageError(
            'short_step',
            f'image step is {step} bytes, expected at least {width * pixel} for a row of '
            f'{width} pixels {encoding}',
        )
    step = _row_bytes(len(data), height, width, step, layout)
    order = '>' if is_bigendian else '<'
    return np.ndarray(
        (height, width, layout.channels),
        f'{order}u{layout.bytes_per_channel}',
        data,
        strides=(step, pixel, layout.bytes_per_channel),
    )


def _layout(encoding):
    if encoding in _DEPTH:
        raise ImageError(
            'unknown_encoding',
            f'image encoding {encoding!r} is a depth image, expected a colour or grey one; '
            "subscribe to the camera's colour topic",
        )
    if encoding not in _LAYOUTS:
        raise ImageError(
            'unknown_encoding',
            f'image encoding {shown(encoding)} is not known; known: {", ".join(ENCODINGS)}',
        )
    return _LAYOUTS[encoding]


def _check_sides(width, height, encoding, layout):
    columns, rows = layout.multiple
    if width % columns or height % rows or min(width, height) < layout.smallest:
        raise ImageError(
            'unsupported_size',
            f'image is {width} x {height} pixels {encoding}, expected multiples of {columns} x '
            f'{rows} of at least {layout.smallest}',
        )


def _row_bytes(size, height, width, step, layout):
    """Return the bytes of a row of the first plane in `size` bytes of data, which must do."""
    planes = 1.0 if layout.chroma is None else 1 + 2 / layout.chroma[0] / layout.chroma[1]
    expected = round(step * height * planes)
    if size >= expected:
        return step
    # Some drivers count the second plane into the step of the first.
    if layout.chroma is not None and size == round(width * height * planes):
        return width
    raise ImageError(
        'short_data',
        f'image data is {size} bytes, expected {expected} (step {step} x height {height}'
        f'{"" if planes == 1 else f" x {planes:g} for colour"})',
    )


def decode(
    data, height: int, width: int, step: int, encoding: str, is_bigendian: bool
) -> np.ndarray:
    """
    Return the fields of a sensor_msgs/Image as (H, W, 3) uint8 RGB, C-contiguous.

    16-bit values are scaled by 255 / 65535 and rounded, as cv_bridge does. Mosaics are
    interpolated bilinearly. A tight rgb8 image is not copied: the result lies on `data`.

    Raises:
        ImageError: as `view`, which also says what the arguments are.

    """
    pixels = view(data, height, width, step, encoding, is_bigendian)
    layout = _LAYOUTS[encoding]
    if layout.chroma is not None:
        return _two_planes_to_rgb(data, pixels[..., 0], layout)
    return _to_rgb(pixels, layout.to_rgb)


def _to_rgb(pixels, conversion):
    """Return (H, W, C) uint8 or uint16, of any byte order, as (H, W, 3) uint8 RGB."""
    if pixels.dtype.itemsize == 2:
        pixels = np.ascontiguousarray(pixels, np.uint16)
    if conversion is not None:
        pixels = cv2.cvtColor(pixels, conversion)
    if pixels.dtype.itemsize == 2:
        return cv2.convertScaleAbs(pixels, alpha=255 / 65535)
    return np.ascontiguousarray(pixels)


def _two_planes_to_rgb(data, brightness, layout):
    """Return the RGB of a brightness plane, (H, W) on `data`, and the colour plane behind it."""
    (height, width), step = brightness.shape, brightness.strides[0]
    columns, rows = layout.chroma
    # Where colour has as many columns as brightness, its rows are twice as long, padding too.
    colour = np.ndarray(
        (height // rows, width // columns, 2),
        np.uint8,
        data,
        offset=step * height,
        strides=(step * 2 // columns, 2, 1),
    )
    if columns > 1:
        return cv2.cvtColorTwoPlane(brightness, colour, layout.to_rgb)
    # OpenCV knows no 4:4:4 with two planes: as 4:2:2 of twice the width, each pixel is a pair.
    uyvy = np.empty((height, width, 4), np.uint8)
    uyvy[..., 0::2] = colour
    uyvy[..., 1::2] = brightness[..., np.newaxis]
    doubled = cv2.cvtColor(uyvy.reshape(height, 2 * width, 2), layout.to_rgb)
    return np.ascontiguousarray(doubled[:, ::2])


def decode_compressed(data, file_format: str = '') -> np.ndarray:
    """
    Return the fields of a sensor_msgs/CompressedImage as (H, W, 3) uint8 RGB, C-contiguous.

    Args:
        data: a JPEG or PNG file, as anything with a buffer; an orientation in it is ignored, as
            the camera's calibration is of the pixels as they lie.
        file_format: as image_transport writes it, such as 'rgb8; jpeg compressed bgr8', 'jpeg', or
            '' where unknown. Compressed mosaics (bayer_*) are interpolated after decoding.

    Raises:
        ImageError: 'unknown_encoding' for other formats, 'unsupported_size' where the file claims
            more than `MOST_PIXELS`, 'corrupt_data' where it is damaged or ends early; damage
            inside a JPEG, which has no checksum, may go unnoticed.

    """
    encoding = file_format.split(';')[0].strip()
    if encoding in _DEPTH or 'compressedDepth' in file_format:
        _layout(encoding if encoding in _DEPTH else _DEPTH[0])
    pixels = _decode_file(bytes(data), file_format)
    channels = pixels.shape[2] if pixels.ndim == 3 else 1
    if channels == 1 and encoding.startswith('bayer_'):
        layout = _layout(encoding)
        _check_sides(pixels.shape[1], pixels.shape[0], encoding, layout)
        return _to_rgb(pixels, layout.to_rgb)
    # OpenCV writes and reads files as BGR, whatever the message was before.
    return _to_rgb(pixels, _LAYOUTS[f'8UC{channels}'].to_rgb)


def _decode_file(data, file_format):
    if not data.startswith((JPEG, PNG)):
        known = any(name in file_format.lower() for name in ('jpeg', 'jpg', 'png'))
        raise ImageError(
            'corrupt_data' if known else 'unknown_encoding',
            f'compressed image of format {shown(file_format)} begins with the bytes '
            f'{data[:8].hex(" ")!r}, expected a JPEG or PNG file',
        )
    size = claimed_size(data) or (0, 0)
    if size[0] * size[1] > MOST_PIXELS:
        raise ImageError(
            'unsupported_size',
            f'compressed image of format {shown(file_format)} and {len(data)} bytes claims to be '
            f'{size[0]} x {size[1]} pixels, expected at most {MOST_PIXELS} in all',
        )
    complete = not ends_early(data) and not holds_too_little(data, size)
    try:
        flags = cv2.IMREAD_UNCHANGED
        pixels = cv2.imdecode(np.frombuffer(data, np.uint8), flags) if complete else None
    except cv2.error:
        pixels = None
    if pixels is None:
        raise ImageError(
            'corrupt_data',
            f'compressed image of format {shown(file_format)} and {len(data)} bytes '
            f'{"is damaged" if complete else "ends early"}; check the link to the camera',
        )
    return pixels


def ends_early(data: bytes) -> bool:
    """
    Return whether a JPEG file lacks its end; of other files, False.

    Some versions of OpenCV fill with grey what is missing, where others refuse the file.
    """
    # A thumbnail in the header has an end of its own, hence the last scan.
    return data.startswith(JPEG) and not data.rfind(_JPEG_END) > data.rfind(_JPEG_SCAN) >= 0


def to_millimetres(depth: np.ndarray, out: Optional[np.ndarray] = None) -> np.ndarray:
    """
    Return (H, W) float32 metres as uint16 millimetres, 0 where invalid (REP 118).

    Depth that 16 bits cannot hold (beyond 65.535 m, +Inf) is invalid. The result is `out` where
    that is given, of the same size.
    """
    millimetres = np.rint(depth * np.float32(1000))
    # NaN fails the comparisons too.
    millimetres[~((millimetres > 0) & (millimetres <= _MM_MAX))] = 0
    if out is None:
        return millimetres.astype(np.uint16)
    np.copyto(out, millimetres, casting='unsafe')
    return out
