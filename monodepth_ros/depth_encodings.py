"""Depth images of ROS, as plain values: 16UC1, 32FC1, and compressedDepth with PNG and RVL."""

from __future__ import annotations

import struct

import cv2
from monodepth_ros.errors import ImageError, shown
from monodepth_ros.image_headers import claimed_size, holds_too_little, MOST_PIXELS, PNG
import numpy as np

METRES_PER_UNIT = {'16UC1': 0.001, 'mono16': 0.001, '32FC1': 1.0, '64FC1': 1.0}
"""Encodings of depth images (REP 118; some drivers call millimetres mono16), and their unit."""
_TYPES = {'16UC1': 'u2', 'mono16': 'u2', '32FC1': 'f4', '64FC1': 'f8'}

_HEADER = struct.Struct('<iff')
"""Before a compressed depth image: a number without use, and the quantisation of 32FC1
(compressed_depth_image_transport, `ConfigHeader`)."""
_SIZE = struct.Struct('<ii')
"""Before RVL data: columns and rows."""
_MOST_DIGITS = 11
"""Of three bits each, in a number of RVL of 32 bits."""


def decode_depth(
    data, height: int, width: int, step: int, encoding: str, is_bigendian: bool
) -> np.ndarray:
    """
    Return the fields of a sensor_msgs/Image with depth as (H, W) float32 metres, 0 where unknown.

    Args:
        data: the message's bytes, as anything with a buffer.
        height: rows in pixels.
        width: columns in pixels.
        step: bytes from one row to the next.
        encoding: one of `METRES_PER_UNIT`.
        is_bigendian: byte order.

    Raises:
        ImageError: reason 'unknown_encoding', 'zero_size', 'short_step' or 'short_data'.

    """
    if encoding not in METRES_PER_UNIT:
        raise ImageError(
            'unknown_encoding',
            f'depth encoding {shown(encoding)} is not known; known: {", ".join(METRES_PER_UNIT)}',
        )
    kind = np.dtype(_TYPES[encoding]).newbyteorder('>' if is_bigendian else '<')
    if not (width and height):
        raise ImageError(
            'zero_size', f'depth is {width} x {height} pixels, expected 1 x 1 or more'
        )
    if step < width * kind.itemsize:
        raise ImageError(
            'short_step',
            f'depth step is {step} bytes, expected at least {width * kind.itemsize} for a row',
        )
    # Of the last row the padding may be missing.
    expected = step * (height - 1) + width * kind.itemsize
    if len(data) < expected:
        raise ImageError(
            'short_data', f'depth data is {len(data)} bytes, expected at least {expected}'
        )
    values = np.ndarray((height, width), kind, data, strides=(step, kind.itemsize))
    return _metres(values, METRES_PER_UNIT[encoding])


def decode_compressed_depth(data, file_format: str) -> np.ndarray:
    """
    Return a CompressedImage of compressedDepth as (H, W) float32 metres, 0 where unknown.

    Args:
        data: the message's bytes: `_HEADER`, then a PNG file or RVL.
        file_format: '16UC1; compressedDepth png', '32FC1; compressedDepth rvl' and the like;
            without a word at the end it is PNG, as before ROS 2.

    Raises:
        ImageError: 'unknown_encoding', 'corrupt_data' or 'unsupported_size'.

    """
    data = bytes(data)
    encoding = file_format.split(';')[0].strip()
    if encoding not in ('16UC1', '32FC1') or 'compressedDepth' not in file_format:
        raise ImageError(
            'unknown_encoding',
            f'compressed depth of format {shown(file_format)}, expected 16UC1 or 32FC1; '
            'compressedDepth png or rvl',
        )
    if len(data) < _HEADER.size:
        raise _damaged(f'has {len(data)} bytes')
    _, first, second = _HEADER.unpack_from(data)
    start = _HEADER.size
    body = data[start:]
    values = _decode_rvl(body) if 'rvl' in file_format else _decode_png(body)
    if encoding == '16UC1':
        return _metres(values, METRES_PER_UNIT[encoding])
    # The reciprocal of depth was quantised: v = first / depth + second.
    with np.errstate(divide='ignore', invalid='ignore'):
        depth = np.float32(first) / (values.astype(np.float32) - np.float32(second))
    return _metres(np.where(values > 0, depth, np.float32(0)), 1.0)


def _metres(values, unit):
    # Times a double and rounded once: 1234 mm is the float32 nearest to 1.234 m.
    with np.errstate(invalid='ignore', over='ignore'):
        depth = (values * unit).astype(np.float32)
        depth[~(np.isfinite(depth) & (depth > 0))] = 0
    return depth


def _decode_png(data):
    size = claimed_size(data) if data.startswith(PNG) else None
    if size is None:
        raise _damaged('is no PNG file')
    _check_size(*size)
    values = None
    if not holds_too_little(data, size):
        try:
            values = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_UNCHANGED)
        except cv2.error:
            values = None
    if values is None or values.dtype != np.uint16 or values.ndim != 2:
        raise _damaged('is no whole PNG file of 16 bits')
    return values


def _decode_rvl(data):
    """
    Return (H, W) uint16 of RVL (Wilson, Fast Lossless Depth Image Compression, ISS 2017).

    Numbers come in digits of three bits, the lowest first; the fourth bit says that more follow.
    They are by turns how many zeros there are, how many other pixels, and of these the
    differences, positive ones as 2 d and negative ones as -2 d - 1.
    """
    if len(data) < _SIZE.size:
        raise _damaged(f'has {len(data)} bytes')
    columns, rows = _SIZE.unpack_from(data)
    _check_size(columns, rows)
    start = _SIZE.size
    numbers = _rvl_numbers(data[start:])
    values = np.zeros(columns * rows, np.int64)
    place = used = last = 0
    while place < values.size:
        if used + 2 > numbers.size:
            raise _damaged('ends early')
        zeros, others = int(numbers[used]), int(numbers[used + 1])
        used, place = used + 2, place + zeros
        used_up, end = used + others, place + others
        codes = numbers[used:used_up]
        if codes.size < others:
            raise _damaged('ends early')
        if end > values.size or not zeros + others:
            raise _damaged('has other pixels than it says')
        if others:
            run = last + np.cumsum((codes >> 1) ^ -(codes & 1))
            values[place:end] = run
            last = int(run[-1])
        used, place = used_up, end
    return values.astype(np.uint16).reshape(rows, columns)


def _rvl_numbers(data):
    """Return all numbers of RVL data, (n,) int64."""
    words = np.frombuffer(data, '<u4', len(data) // 4)
    # Each word has eight digits, the first in its highest bits.
    digits = (words[:, None] >> np.arange(28, -1, -4, dtype=np.uint32)) & 15
    digits = digits.ravel().astype(np.int64)
    ends = np.flatnonzero(digits < 8)
    if not ends.size:
        return ends
    starts = np.r_[0, ends[:-1] + 1]
    digits = digits[: ends[-1] + 1]
    position = np.arange(digits.size) - np.repeat(starts, ends - starts + 1)
    if position.max() >= _MOST_DIGITS:
        raise _damaged('has a number of more than 32 bits')
    return np.add.reduceat((digits & 7) << (3 * position), starts)


def _check_size(width, height):
    if width < 1 or height < 1 or width * height > MOST_PIXELS:
        raise ImageError(
            'unsupported_size',
            f'compressed depth claims to be {width} x {height} pixels, expected at least 1 x 1 '
            f'and at most {MOST_PIXELS} in all',
        )


def _damaged(what):
    return ImageError('corrupt_data', f'compressed depth {what}; check the link to the camera')
