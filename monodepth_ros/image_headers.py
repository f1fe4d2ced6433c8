"""What JPEG and PNG files say of their size, before they are decoded into so much memory."""

from __future__ import annotations

import struct
from typing import Optional

JPEG, PNG = b'\xff\xd8', b'\x89PNG\r\n\x1a\n'

MOST_PIXELS = 2**26
"""Pixels of a file that is decoded, 8192 x 8192: 200 MB of RGB. A file of some bytes may claim
more than there is memory."""

MOST_PIXELS_PER_BYTE = {JPEG: 512, PNG: 8 * 1032}
"""JPEG spends a bit on each block of 8 x 8 pixels (ITU-T T.81, F.1.2), and deflate, in PNG,
makes at most 1032 bytes of one (RFC 1951), with 8 pixels of one bit each."""

_FRAME_HEADERS = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}
_ALONE = frozenset((0x01, *range(0xD0, 0xD9)))
_SCAN, _END = 0xDA, 0xD9


def claimed_size(data: bytes) -> Optional[tuple[int, int]]:
    """Return the (width, height) in the header of a JPEG or PNG file, None where it has none."""
    if data.startswith(PNG):
        # The first chunk, after its length and name, begins with both.
        fields = data[16:24]
        size = int.from_bytes(fields[:4], 'big'), int.from_bytes(fields[4:], 'big')
        return size if len(fields) == 8 else None
    return _jpeg_size(data) if data.startswith(JPEG) else None


def holds_too_little(data: bytes, size: tuple[int, int]) -> bool:
    """Return whether a JPEG or PNG file is too short for an image of this size, whatever it is."""
    limit = MOST_PIXELS_PER_BYTE[PNG if data.startswith(PNG) else JPEG]
    return size[0] * size[1] > limit * len(data)


def _jpeg_size(data):
    """Walk from marker to marker as decoders do, which skip what is between two."""
    place = len(JPEG)
    while (place := data.find(b'\xff', place)) >= 0:
        while place < len(data) and data[place] == 0xFF:
            place += 1
        if place + 8 > len(data) or data[place] in (_SCAN, _END):
            return None
        # Length, bits of a value, height and width.
        marker, length, _, height, width = struct.unpack_from('>BHBHH', data, place)
        if marker in _FRAME_HEADERS:
            return width, height
        place += 1
        if marker and marker not in _ALONE:
            place += max(2, length)
    return None
