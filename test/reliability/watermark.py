"""
Images that say when they were taken: 62 bits of stamp in an 8 x 8 board of black and white cells.

Whatever is made of the image alone (a grey map, depth that follows brightness, labels of dark and
bright, the colours of a cloud) shows the same board, and so the stamp of the very image that it
was made from.
"""

from __future__ import annotations

import array

import cv2
from monodepth_ros.ros import compat
import numpy as np
from sensor_msgs.msg import CompressedImage, Image
from std_msgs.msg import Header

CELLS = 8
"""Cells a side. The last two are black and white always: what dark and bright look like."""
SMALLEST = 32
"""Pixels a side that a board needs: cells of four pixels have a middle that no edge touches."""
NANOSEC_BITS = 30
COMPRESSED = ('jpeg', 'png')

_FOUR = ('rgba8', 'bgra8', '8UC4', 'rgba16', 'bgra16')
_THREE = ('rgb8', 'bgr8', '8UC3', 'rgb16', 'bgr16')
_MIDDLES = 2 * np.arange(CELLS) + 1
"""Of the cells, in halves of a cell."""
_NEUTRAL = 128
"""Value of both colour channels of grey in YUV."""


class UnreadableBoardError(Exception):
    """What was found is no board: cells that are neither dark nor bright."""


def board(stamp_ns: int) -> np.ndarray:
    """Return the cells of a stamp, from 0 to 2**32 seconds, as (8, 8) bool."""
    seconds, nanoseconds = divmod(stamp_ns, 1_000_000_000)
    word = (seconds << NANOSEC_BITS | nanoseconds) << 2 | 1
    return np.unpackbits(np.frombuffer(word.to_bytes(8, 'big'), np.uint8)).reshape(8, 8) > 0


def draw(stamp_ns: int, width: int, height: int) -> np.ndarray:
    """Return the (height, width) uint8 grey picture of a stamp, 0 and 255."""
    rows = np.arange(height) * CELLS // height
    columns = np.arange(width) * CELLS // width
    return (board(stamp_ns) * np.uint8(255))[rows[:, None], columns]


def read(values: np.ndarray, is_depth: bool = False, tolerance: float = 0.25) -> int:
    """
    Return the stamp in nanoseconds that the board in a map shows.

    Args:
        values: (H, W) numbers that grow with brightness, on any scale, 16 x 16 or more.
        is_depth: whether bright is far by a factor, so that logarithms tell black from white.
        tolerance: how far a cell may be from black or from white, as a share of their distance.

    Raises:
        UnreadableBoardError: a cell is neither black nor white.

    """
    height, width = values.shape
    rows, columns = _MIDDLES * height // (2 * CELLS), _MIDDLES * width // (2 * CELLS)
    cells = values[rows[:, None], columns].astype(np.float64)
    if is_depth:
        with np.errstate(divide='ignore', invalid='ignore'):
            cells = np.log(cells)
    black, white = cells[-1, -2:]
    if not white > black:
        raise UnreadableBoardError(f'the cell of white is {white}, the one of black {black}')
    level = (cells - black) / (white - black)
    bright = level > 0.5
    if not (abs(level - bright) <= tolerance).all():
        raise UnreadableBoardError(f'cells are neither black nor white: {level.round(2).tolist()}')
    word = int.from_bytes(np.packbits(bright).tobytes(), 'big') >> 2
    return (word >> NANOSEC_BITS) * 1_000_000_000 + (word & (1 << NANOSEC_BITS) - 1)


def make_message(
    stamp_ns: int, frame_id: str, width: int, height: int, encoding: str = 'rgb8'
) -> Image | CompressedImage:
    """
    Return the image message of a stamp.

    Args:
        stamp_ns: its stamp, and what its pixels show.
        frame_id: its frame.
        width: columns, `SMALLEST` or more.
        height: rows, `SMALLEST` or more.
        encoding: of `image_encodings.ENCODINGS` or `COMPRESSED`.

    """
    header = Header(stamp=compat.ns_to_stamp(stamp_ns), frame_id=frame_id)
    grey = draw(stamp_ns, width, height)
    if encoding in COMPRESSED:
        data = cv2.imencode(f'.{encoding}', grey)[1].tobytes()
        return CompressedImage(header=header, format=encoding, data=array.array('B', data))
    msg = compat.make_image(header, _pixels(grey, encoding), encoding)
    msg.height = height  # The colours of nv12 and its like lie in rows of their own, below.
    return msg


def _pixels(grey: np.ndarray, encoding: str) -> np.ndarray:
    if encoding in ('nv12', 'nv21', 'nv24'):
        rows = grey.shape[0] * (4 if encoding == 'nv24' else 1) // 2
        return np.vstack([grey, np.full((rows, grey.shape[1]), _NEUTRAL, np.uint8)])
    if encoding in ('yuv422', 'uyvy'):
        return np.dstack([np.full_like(grey, _NEUTRAL), grey])
    if encoding in ('yuv422_yuy2', 'yuyv'):
        return np.dstack([grey, np.full_like(grey, _NEUTRAL)])
    pixels = grey.astype(np.uint16) * 257 if encoding.endswith('16') else grey
    channels = 4 if encoding in _FOUR else 3 if encoding in _THREE else 1
    return pixels if channels == 1 else np.dstack([pixels] * channels)
