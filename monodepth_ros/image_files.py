"""Image files as arrays of the pixels that are stored, and what is worth to know of them.

Orientation is one rule everywhere, here as for a camera's messages: the stored pixels are used as
they are, and what says that viewers shall turn them is ignored, with a word. Intrinsics belong to
the stored pixels, and so do depth and labels, which have no such tag.
"""

from __future__ import annotations

from pathlib import Path
from typing import Optional

import cv2
from monodepth_ros.errors import DatasetError, ImageError
from monodepth_ros.image_encodings import ends_early
from monodepth_ros.image_formats import Format, format_of, IMAGE, LONGEST_HEAD
from monodepth_ros.image_headers import claimed_size, holds_too_little, MOST_PIXELS
from monodepth_ros.image_tags import (
    has_more_frames,
    orientation_of,
    UPRIGHT,
    without_orientation,
)
import numpy as np

AS_STORED = cv2.IMREAD_COLOR | cv2.IMREAD_IGNORE_ORIENTATION
"""Flags for what reads images: colours, the pixels not turned."""

_TURNS = {
    2: 'mirrored',
    3: 'turned by 180 degrees',
    4: 'mirrored upside down',
    5: 'turned by 90 degrees and mirrored',
    6: 'turned by 90 degrees clockwise',
    7: 'turned by 90 degrees and mirrored',
    8: 'turned by 90 degrees counter-clockwise',
}


def decode_whole(data: bytes, flags: int) -> Optional[np.ndarray]:
    """Return what OpenCV makes of an image file's bytes, None where they are no whole image.

    A file that claims more pixels than it can hold, or than `MOST_PIXELS`, is none.
    """
    if not data or ends_early(data):
        return None
    size = claimed_size(data)
    if size and (holds_too_little(data, size) or size[0] * size[1] > MOST_PIXELS):
        return None
    try:
        return cv2.imdecode(np.frombuffer(data, np.uint8), flags)
    except cv2.error:
        return None


def decode_stored(data: bytes) -> Optional[np.ndarray]:
    """Return (H, W, 3) uint8 RGB of an image file's bytes, None where they are no whole image."""
    image = decode_whole(without_orientation(data), AS_STORED)
    return None if image is None else cv2.cvtColor(image, cv2.COLOR_BGR2RGB)


def read_image_file(path: Path) -> tuple[np.ndarray, str]:
    """Return an image, (H, W, 3) uint8 RGB, and what is worth to know of its file, or ''.

    Raises:
        DatasetError: it cannot be read.
        ImageError: it is no image that OpenCV can decode; the message names what it is.

    """
    try:
        data = path.read_bytes()
    except OSError as error:
        raise DatasetError(f'cannot be read: {error.strerror}') from None
    image = decode_stored(data)
    if image is None:
        raise ImageError('short_data', _what_is_wrong(data))
    return image, '; '.join(filter(None, (turn_ignored(data), _frames_ignored(data))))


def format_of_file(path: Path) -> Format:
    """Return what a file is, by its first bytes; raise OSError."""
    with open(path, 'rb') as file:
        return format_of(file.read(LONGEST_HEAD))


def turn_ignored(data: bytes) -> str:
    """Return a word where an image file says that it is to be turned, else ''."""
    orientation = orientation_of(data)
    if orientation == UPRIGHT:
        return ''
    return (
        f'the stored pixels are used, although viewers show them {_TURNS[orientation]} '
        f'(orientation {orientation}): intrinsics, depth and labels are of the stored pixels; '
        'for upright results turn the pixels first: mogrify -auto-orient FILE'
    )


def _frames_ignored(data):
    if not has_more_frames(data):
        return ''
    return (
        'only the first of its frames or pages is used; make files of all: ffmpeg -i FILE '
        '%04d.png, or for a TIFF: convert FILE %04d.png'
    )


def _what_is_wrong(data):
    form = format_of(data[:LONGEST_HEAD])
    if not form.name or (form.kind == IMAGE and not form.remedy):
        named = f' ({form.name})' if form.name else ''
        return f'{len(data)} bytes that are no whole image{named}'
    return f'is {form.name}, which cannot be read as an image here' + (
        f'; {form.remedy}' if form.remedy else ''
    )
