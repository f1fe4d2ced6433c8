"""Videos through OpenCV, whatever their names are."""

from __future__ import annotations

from contextlib import contextmanager
import os
from pathlib import Path
import tempfile
from typing import Iterator

import cv2

CODECS = {
    'av01': 'AV1',
    'av1': 'AV1',
    'hev1': 'H.265',
    'hvc1': 'H.265',
    'hevc': 'H.265',
    'avc1': 'H.264',
    'h264': 'H.264',
    'vp90': 'VP9',
    'vp09': 'VP9',
    'apcn': 'ProRes',
    'apch': 'ProRes',
}
"""Names of codecs by the four letters that files have for them, in small letters."""


@contextmanager
def name_for_opencv(path: Path) -> Iterator[str]:
    """Give a name under which OpenCV can open or make a file; it counts within `with` alone.

    OpenCV ends the process with a segmentation fault where a name is not UTF-8.
    """
    try:
        str(path).encode()
    except UnicodeEncodeError:
        with tempfile.TemporaryDirectory() as folder:
            link = os.path.join(folder, f'video{_plain(path.suffix)}')
            os.symlink(path.absolute(), link)
            yield link
    else:
        yield str(path)


def _plain(suffix):
    return suffix if suffix.isascii() else ''


def open_video(path: Path) -> cv2.VideoCapture:
    """Return the video, opened where `isOpened` says so; its frames come as they are stored."""
    with name_for_opencv(path) as name:
        capture = cv2.VideoCapture(name)
    # OpenCV would turn the frames as the container asks; intrinsics are of those that are stored.
    capture.set(cv2.CAP_PROP_ORIENTATION_AUTO, 0)
    return capture


def codec_of(capture: cv2.VideoCapture) -> str:
    """Return what people call the codec of a video that is open, or its four letters, or ''."""
    code = int(capture.get(cv2.CAP_PROP_FOURCC))
    letters = code.to_bytes(4, 'little', signed=code < 0).strip(b'\0 ')
    text = letters.decode('ascii', 'replace')
    return CODECS.get(text.lower(), text if text.isprintable() else '')


def pixel_aspect(capture: cv2.VideoCapture) -> float:
    """Return the width of a pixel of a video by its height; 1 where the video does not say."""
    width, height = (capture.get(p) for p in (cv2.CAP_PROP_SAR_NUM, cv2.CAP_PROP_SAR_DEN))
    return width / height if width > 0 and height > 0 else 1.0
