"""Label images as the numbers that their PNG files hold."""

from __future__ import annotations

import struct
from typing import Iterator, Optional
import zlib

import cv2
from monodepth_ros.image_files import decode_whole
from monodepth_ros.image_headers import PNG
import numpy as np

_GREY, _PALETTE = 0, 3
_CRITICAL = (b'IHDR', b'IDAT', b'IEND')
_HEAD = 25
"""Bytes of the chunk IHDR."""
_DEPTH, _COLOUR = 8, 9
"""Places in the body of IHDR (PNG 1.2, 4.1.1)."""


def decode_label(data: bytes) -> Optional[np.ndarray]:
    """Return the pixels of a PNG file as numbers, or None where it is none that can be decoded.

    Of an image with a palette that is the index, and not the colour that stands there; of one with
    fewer than 8 bits a pixel, the bits, where decoders make 255 of the largest number.
    """
    colour, depth = _layout(data)
    if colour in (_GREY, _PALETTE):
        data = _as_grey(data)
    pixels = decode_whole(data, cv2.IMREAD_UNCHANGED)
    if pixels is not None and colour in (_GREY, _PALETTE) and depth in (1, 2, 4):
        pixels = pixels // (255 // (2**depth - 1))
    return pixels


def _layout(data):
    """Return colour type and bits of a value; (-1, 8) where it is no PNG file."""
    if not data.startswith(PNG) or len(data) < 33:
        return -1, 8
    head = data[16:33]
    return head[_COLOUR], head[_DEPTH]


def _as_grey(data):
    """Return the file with its numbers as brightness, without palette and what is optional."""
    parts = [PNG]
    for name, chunk in _chunks(data):
        if name == b'IHDR' and len(chunk) == _HEAD:
            head = bytearray(chunk[4:-4])
            head[4 + _COLOUR] = _GREY
            chunk = chunk[:4] + bytes(head) + struct.pack('>I', zlib.crc32(head))
        if name in _CRITICAL:
            parts.append(chunk)
    return b''.join(parts)


def _chunks(data) -> Iterator[tuple[bytes, bytes]]:
    """Yield the name of each chunk, and the chunk with its length, name and checksum."""
    place = len(PNG)
    while place + 12 <= len(data):
        name = place + 4
        body = place + 8
        end = body + int.from_bytes(data[place:name], 'big') + 4
        yield data[name:body], data[place:end]
        place = end
