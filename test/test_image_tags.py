"""How viewers turn an image, and whether it has more frames, in the words of its file."""

import struct

import cv2
from image_kit import corner_image, encoded, exif, turned, with_png_chunk
from monodepth_ros.image_tags import has_more_frames, orientation_of, without_orientation
import numpy as np
import pytest

ENDINGS = ('.jpg', '.png', '.webp', '.tif')


@pytest.mark.parametrize('order', '<>')
@pytest.mark.parametrize('ending', ENDINGS)
def test_orientation_is_read(ending, order):
    assert orientation_of(turned(ending, 1, order)) == 1
    assert [orientation_of(turned(ending, value, order)) for value in range(2, 9)] == [
        *range(2, 9)
    ]
    assert orientation_of(turned(ending, 9, order)) == 1  # there are eight
    assert orientation_of(encoded(ending)) == 1


@pytest.mark.parametrize('ending', ENDINGS)
def test_files_that_end_anywhere_are_no_error(ending):
    data = turned(ending, 6)
    for length in range(min(len(data), 400)):
        assert orientation_of(data[:length]) in (1, 6)
        has_more_frames(data[:length])


def test_an_orientation_in_the_pixels_is_none():
    data = encoded('.jpg')
    inside = data[:-2] + b'\xff\xe1\0\x30Exif\0\0' + exif(6) + data[-2:]
    assert orientation_of(inside) == 1


@pytest.mark.parametrize(
    ('properties', 'orientation'),
    [
        (b'', 1),
        (b'\0\0\0\x09irot\0', 1),
        (b'\0\0\0\x09irot\x01', 8),
        (b'\0\0\0\x09irot\x02', 3),
        (b'\0\0\0\x09irot\x03', 6),
        (b'\0\0\0\x09imir\x00', 4),
        (b'\0\0\0\x09imir\x01', 2),
        (b'\0\0\0\x09irot', 1),
    ],
)
def test_turns_of_avif(properties, orientation):
    """Quarter turns to the left (ISO 23008-12, 6.5.10), which EXIF numbers 8, 3 and 6."""
    assert orientation_of(b'\0\0\0\x10ftypavif\0\0\0\0' + properties) == orientation


def test_tiff_loses_its_orientation_and_nothing_else():
    data = turned('.tif', 6)
    assert without_orientation(data) == turned('.tif', 1)
    for ending in ('.jpg', '.png', '.webp'):
        assert without_orientation(turned(ending, 6)) == turned(ending, 6)


def test_more_frames(tmp_path):
    path = tmp_path / 'pages.tif'
    cv2.imwritemulti(str(path), [corner_image()] * 3)
    assert has_more_frames(path.read_bytes())
    cv2.imwritemulti(str(path), [corner_image()])
    assert not has_more_frames(path.read_bytes())
    animated = with_png_chunk(encoded('.png'), b'acTL', bytes([0, 0, 0, 2, 0, 0, 0, 0]))
    assert has_more_frames(animated)
    assert has_more_frames(b'\0\0\0\x10ftypavis\0\0\0\0')
    frame = b'ANMF\x02\0\0\0xx'
    assert has_more_frames(b'RIFF\0\0\0\0WEBP' + frame * 2)
    assert not has_more_frames(b'RIFF\0\0\0\0WEBP' + frame)
    assert not any(has_more_frames(encoded(ending)) for ending in ENDINGS)


def test_a_smaller_copy_is_no_page(tmp_path):
    path = tmp_path / 'pages.tif'
    cv2.imwritemulti(str(path), [np.zeros((8, 8), np.uint8)] * 2)
    data = bytearray(path.read_bytes())
    first = int.from_bytes(data[4:8], 'little')
    # The first entry of OpenCV's second page becomes NewSubfileType (254), a reduced image.
    end = first + 2 + 12 * struct.unpack_from('<H', data, first)[0]
    second = struct.unpack_from('<I', data, end)[0] + 2
    struct.pack_into('<HHII', data, second, 254, 4, 1, 1)
    assert not has_more_frames(bytes(data))


def test_pages_in_a_circle_end():
    data = bytearray(turned('.tif', 1))
    struct.pack_into('<I', data, 8 + 2 + 12 * 10, 8)
    assert not has_more_frames(bytes(data))
