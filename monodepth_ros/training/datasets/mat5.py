"""Arrays of numbers from small MATLAB v5 files, without a dependency that is larger than they are.

The format is MathWorks' "MAT-File Format" (Level 5): a header of 128 bytes, then elements, each a
tag of type and length and as many bytes. An array is an element made of elements: flags, sizes,
name, values.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
import struct
import zlib

from monodepth_ros.errors import DatasetError, shown
import numpy as np

HEADER = 128
MARK = slice(126, 128)
INT32, UINT32, MATRIX, COMPRESSED = 5, 6, 14, 15
NUMBERS = {1: 'i1', 2: 'u1', 3: 'i2', 4: 'u2', INT32: 'i4', UINT32: 'u4', 7: 'f4', 9: 'f8'}
NUMBERS |= {12: 'i8', 13: 'u8'}
"""NumPy's names of the types of values, which MATLAB stores as small as they fit."""
MOST_UNPACKED = 2**20
"""Bytes of one compressed array: the files that are read here have some thousand numbers, and
deflate makes a thousand bytes of one."""
NUMERIC_CLASSES = range(6, 16)
"""double, single and the whole numbers; not cells, structures, text or sparse arrays."""


def read_array(path: Path, name: str) -> np.ndarray:
    """Return an array of numbers of a MATLAB v5 file, in MATLAB's shape.

    Raises:
        DatasetError: the file is missing, damaged or of another version, or has no such array.

    """
    try:
        data = path.read_bytes()
    except OSError as error:
        raise DatasetError(f'{path}: cannot be read: {error.strerror}') from None
    order = {b'IM': '<', b'MI': '>'}.get(data[MARK])
    if order is None or data.startswith(b'MATLAB 7.3'):
        raise DatasetError(f'{path}: {len(data)} bytes that are no MATLAB v5 file')
    try:
        arrays = dict(_arrays(data[HEADER:], order))
    except (ValueError, struct.error, zlib.error) as error:
        raise DatasetError(f'{path}: damaged: {error}') from None
    if name not in arrays:
        raise DatasetError(f'{path}: no array {name!r}; it has {shown(sorted(arrays))}')
    return arrays[name]


def _arrays(data: bytes, order: str) -> Iterator[tuple[str, np.ndarray]]:
    """Yield name and values of each array of numbers; raise ValueError for damaged data."""
    for kind, body in _elements(data, order):
        # Only arrays are compressed, each by itself.
        parts = _elements(_unpacked(body), order) if kind == COMPRESSED else [(kind, body)]
        for inner, content in parts:
            if inner == MATRIX:
                yield from _numbers(content, order)


def _unpacked(body: bytes) -> bytes:
    """Return the bytes of a compressed element; raise ValueError where they are too many."""
    unpacker = zlib.decompressobj()
    data = unpacker.decompress(body, MOST_UNPACKED)
    if not unpacker.eof:
        raise ValueError(f'a compressed array ends early or has more than {MOST_UNPACKED} bytes')
    return data


def _numbers(body: bytes, order: str) -> Iterator[tuple[str, np.ndarray]]:
    """Yield name and values of an array if they are numbers."""
    parts = _elements(body, order)
    flags, sizes, name = (next(parts, (0, b''))[1] for _ in range(3))
    if struct.unpack(f'{order}II', flags)[0] & 0xFF not in NUMERIC_CLASSES:
        return
    shape = np.frombuffer(sizes, f'{order}i4')
    kind, values = next(parts, (0, b''))
    if kind not in NUMBERS:
        raise ValueError(f'values of the unknown type {kind}')
    if not all(side >= 0 for side in shape):
        raise ValueError(f'an array of the shape {shape.tolist()}')
    array = np.frombuffer(values, order + NUMBERS[kind])
    yield name.decode('latin-1'), array.reshape(shape, order='F')


def _elements(data: bytes, order: str) -> Iterator[tuple[int, bytes]]:
    """Yield type and bytes of each element; raise ValueError where one ends early."""
    start = 0
    while start < len(data):
        kind, size = struct.unpack_from(f'{order}II', data, start)
        if kind == 0:  # a file of zeros would be as many elements
            raise ValueError(f'an element without a type at {start}')
        if kind >> 16:  # at most four bytes, in the tag itself
            kind, size, first, room = kind & 0xFFFF, kind >> 16, start + 4, 4
        else:
            first = start + 8
            room = size + (0 if kind == COMPRESSED else -size % 8)  # whole words of 8 bytes
        last = first + size
        body = data[first:last]
        if len(body) < size or size > room:
            raise ValueError(f'an element of {size} bytes at {start} ends early')
        yield kind, body
        start = first + room
