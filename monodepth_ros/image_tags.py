"""What image files say beside their pixels: how viewers turn them, how many frames they have."""

from __future__ import annotations

import struct
from typing import Iterator, Optional

from monodepth_ros.image_headers import JPEG, PNG

UPRIGHT = 1
"""Orientation of pixels that are shown as they are stored (EXIF 2.32, tag 274)."""

_ORIENTATION, _SUBFILE = 274, 254
_REDUCED = 1
"""Bit of a TIFF page that is a smaller copy of another."""
_MOST_PAGES = 10_000

_TURNED_LEFT = {1: 8, 2: 3, 3: 6}
"""EXIF orientation for the quarter turns to the left of AVIF and HEIF (ISO 23008-12, 6.5.10)."""


def orientation_of(data: bytes) -> int:
    """Return the EXIF orientation, 1..8, of a JPEG, PNG, WebP, TIFF or AVIF file; 1 for others."""
    place = _orientation_place(data)
    if place is not None:
        value = struct.unpack_from(place[1], data, place[0])[0]
        return value if 1 <= value <= 8 else UPRIGHT
    return _avif_orientation(data) if data[4:8] == b'ftyp' else UPRIGHT


def without_orientation(data: bytes) -> bytes:
    """Return a TIFF file with its orientation tag set to upright; other files as they are.

    OpenCV turns TIFF files even where it is told not to.
    """
    place = _orientation_place(data)
    if place is None or not _is_tiff(data):
        return data
    changed = bytearray(data)
    struct.pack_into(place[1], changed, place[0], UPRIGHT)
    return bytes(changed)


def has_more_frames(data: bytes) -> bool:
    """Return whether a PNG, WebP, TIFF or AVIF file has frames or pages after the first."""
    if data.startswith(PNG):
        head = next((body for name, body, _ in _png_chunks(data) if name == b'acTL'), b'')
        return int.from_bytes(head[:4], 'big') > 1
    if _is_webp(data):
        return sum(name == b'ANMF' for name, _, _ in _riff_chunks(data)) > 1
    if data[4:12] == b'ftypavis':
        return True
    pages = _tiff_pages(data) if _is_tiff(data) else ()
    return sum(1 for page in pages if not _is_reduced(data, page)) > 1


def _at(data, place, size) -> bytes:
    end = place + size
    return data[place:end]


def _orientation_place(data) -> Optional[tuple[int, str]]:
    """Return where the tag's value is and its struct format, None where there is no tag."""
    start = _exif_start(data)
    if start is None:
        return None
    order = _order(_at(data, start, 2))
    for page in _tiff_pages(data, start):
        return _entries(data, page, order).get(_ORIENTATION)
    return None


def _exif_start(data) -> Optional[int]:
    """Return where the TIFF structure with the tags begins."""
    if data.startswith(JPEG):
        return _jpeg_exif(data)
    if data.startswith(PNG):
        return next((place for name, _, place in _png_chunks(data) if name == b'eXIf'), None)
    if _is_webp(data):
        found = next((place for name, _, place in _riff_chunks(data) if name == b'EXIF'), None)
        prefixed = found is not None and _at(data, found, 6) == b'Exif\0\0'
        return found + 6 if prefixed else found
    return 0 if _is_tiff(data) else None


def _jpeg_exif(data) -> Optional[int]:
    place = len(JPEG)
    while place + 4 <= len(data) and data[place] == 0xFF:
        marker, length = data[place + 1], int.from_bytes(_at(data, place + 2, 2), 'big')
        if marker == 0xE1 and _at(data, place + 4, 6) == b'Exif\0\0':
            return place + 10
        if marker in (0xDA, 0xD9):
            return None
        place += 1 if marker == 0xFF else 2 + max(2, length)
    return None


def _png_chunks(data) -> Iterator[tuple[bytes, bytes, int]]:
    """Yield name, body and the body's place of each chunk."""
    place = len(PNG)
    while place + 8 <= len(data):
        length = int.from_bytes(_at(data, place, 4), 'big')
        body = place + 8
        yield _at(data, place + 4, 4), _at(data, body, length), body
        place = body + length + 4


def _is_webp(data):
    return data[:4] == b'RIFF' and data[8:12] == b'WEBP'


def _is_tiff(data):
    return data[:4] in (b'II*\0', b'MM\0*')


def _riff_chunks(data) -> Iterator[tuple[bytes, int, int]]:
    """Yield name, length and place of each chunk's body."""
    place = 12
    while place + 8 <= len(data):
        length = int.from_bytes(_at(data, place + 4, 4), 'little')
        yield _at(data, place, 4), length, place + 8
        place += 8 + length + length % 2


def _order(mark) -> str:
    return {b'II': '<', b'MM': '>'}.get(mark, '')


def _tiff_pages(data, start=0) -> Iterator[int]:
    """Yield the places of the directories of a TIFF structure, one a page."""
    order = _order(_at(data, start, 2))
    if not order or _at(data, start + 2, 2) not in (b'*\0', b'\0*'):
        return
    place, seen = start + 4, set()
    while place + 4 <= len(data) and len(seen) < _MOST_PAGES:
        page = start + struct.unpack_from(f'{order}I', data, place)[0]
        if page == start or page in seen or page + 2 > len(data):
            return
        seen.add(page)
        yield page
        place = page + 2 + 12 * struct.unpack_from(f'{order}H', data, page)[0]


def _entries(data, page, order) -> dict[int, tuple[int, str]]:
    """Return place and struct format of the values of a directory that are one whole number."""
    found = {}
    count = struct.unpack_from(f'{order}H', data, page)[0]
    for place in range(page + 2, min(page + 2 + 12 * count, len(data) - 11), 12):
        tag, kind, number = struct.unpack_from(f'{order}HHI', data, place)
        if kind in (3, 4) and number == 1:
            found[tag] = place + 8, order + {3: 'H', 4: 'I'}[kind]
    return found


def _is_reduced(data, page):
    place = _entries(data, page, _order(data[:2])).get(_SUBFILE)
    return place is not None and bool(struct.unpack_from(place[1], data, place[0])[0] & _REDUCED)


def _avif_orientation(data):
    """Return what the properties irot and imir of the first picture ask for, one of them."""
    turned = data.find(b'\0\0\0\x09irot')
    if 0 <= turned < len(data) - 8 and data[turned + 8] & 3:
        return _TURNED_LEFT[data[turned + 8] & 3]
    mirrored = data.find(b'\0\0\0\x09imir')
    if 0 <= mirrored < len(data) - 8:
        return 2 if data[mirrored + 8] & 1 else 4
    return UPRIGHT
