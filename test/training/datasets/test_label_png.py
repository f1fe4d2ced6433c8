"""The numbers in a PNG file, whatever stands for them."""

import struct
import zlib

import cv2
from image_kit import chunk, encoded
from monodepth_ros.training.datasets.label_png import decode_label
import numpy as np
import pytest


def write(rows, bits, colour, *between):
    """Return a PNG file of rows of numbers, 0..2**bits - 1; `between` are chunks before them."""
    packed = []
    for row in rows:
        text = ''.join(f'{value:0{bits}b}' for value in row)
        size = -(-len(text) // 8)
        packed.append(int(text.ljust(8 * size, '0'), 2).to_bytes(size, 'big'))
    head = struct.pack('>IIBBBBB', len(rows[0]), len(rows), bits, colour, 0, 0, 0)
    body = zlib.compress(b''.join(b'\0' + row for row in packed))
    parts = [chunk(b'IHDR', head), *between, chunk(b'IDAT', body), chunk(b'IEND', b'')]
    return b'\x89PNG\r\n\x1a\n' + b''.join(parts)


def palette(count):
    """Return chunks of a palette of dark red, light red, ... whose first entry is transparent."""
    colors = b''.join(bytes([10 + index % 200, 7, 5]) for index in range(count))
    return chunk(b'PLTE', colors), chunk(b'tRNS', b'\0')


@pytest.mark.parametrize('bits', [1, 2, 4, 8])
@pytest.mark.parametrize('colour', [0, 3])
def test_numbers_are_those_in_the_file(bits, colour):
    most = 2**bits - 1
    rows = [[0, most, most // 2, 0, 1], [most, 0, 1, most // 3, most]]
    between = palette(2**bits) if colour == 3 else ()
    found = decode_label(write(rows, bits, colour, *between))
    assert found.dtype == np.uint8 and found.tolist() == rows


def test_other_images_are_as_opencv_has_them():
    wide = np.arange(12, dtype=np.uint16).reshape(3, 4) * 1000
    np.testing.assert_array_equal(decode_label(cv2.imencode('.png', wide)[1].tobytes()), wide)
    assert decode_label(encoded('.png')).shape == (48, 64, 3)
    assert decode_label(encoded('.jpg')).shape == (48, 64, 3)


@pytest.mark.parametrize('size', [0, 1 << 14, 1 << 31])
def test_a_size_that_is_none(size):
    data = bytearray(write([[1, 2, 3]] * 40, 8, 0))
    struct.pack_into('>II', data, 16, size, size)
    struct.pack_into('>I', data, 29, zlib.crc32(data[12:29]))
    assert decode_label(bytes(data)) is None


def test_a_header_of_another_length():
    data = bytearray(write([[1, 2, 3]] * 40, 8, 0))
    data[11] = 3
    assert decode_label(bytes(data)) is None


def test_damage_is_noticed():
    data = write([[1, 2, 3]] * 40, 8, 3, *palette(4))
    assert decode_label(b'no image') is None
    assert decode_label(data[:20]) is None
    assert decode_label(data[:40]) is None
    changed = bytearray(data)
    changed[data.find(b'IDAT') + 6] ^= 255
    found = decode_label(bytes(changed))
    assert found is None or found.tolist() != [[1, 2, 3]] * 40
