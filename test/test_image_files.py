"""Pixels of files, what is said of those that are no images, and millimetres at their limits."""

import math
import struct
import zlib

import cv2
from image_kit import corner_image, encoded, turned, with_png_chunk
from monodepth_ros.errors import DatasetError, ImageError
from monodepth_ros.image_encodings import decode_compressed, ends_early, to_millimetres
from monodepth_ros.image_files import decode_stored, read_image_file
import numpy as np
import pytest

JPEG, SCAN, END = b'\xff\xd8', b'\xff\xda', b'\xff\xd9'


def flaw(data, *file_format):
    """Return the reason and the message with which a file is refused."""
    with pytest.raises(ImageError) as caught:
        decode_compressed(data, *file_format)
    return caught.value.reason, str(caught.value)


def png_header(width, height):
    """Return a PNG file that claims a size and has no pixels."""
    file = b'\x89PNG\r\n\x1a\n'
    body = struct.pack('>IIBBBBB', width, height, 8, 2, 0, 0, 0)
    for part in (b'IHDR' + body, b'IEND'):
        file += struct.pack('>I', len(part) - 4) + part + struct.pack('>I', zlib.crc32(part))
    return file


@pytest.mark.parametrize(
    ('file_format', 'encoding'),
    [
        ('16UC1', '16UC1'),
        ('32FC1; png compressed', '32FC1'),
        ('32FC1; compressedDepth png', '32FC1'),
        ('compressedDepth', '16UC1'),
    ],
)
def test_depth_is_no_picture(file_format, encoding):
    reason, message = flaw(b'whatever', file_format)
    assert reason == 'unknown_encoding'
    assert message.startswith(f'image encoding {encoding!r} is a depth image, ')


@pytest.mark.parametrize(
    ('file_format', 'reason'),
    [
        ('jpeg', 'corrupt_data'),
        ('rgb8; JPG compressed', 'corrupt_data'),
        ('png', 'corrupt_data'),
        ('webp', 'unknown_encoding'),
    ],
)
def test_bytes_of_no_file(file_format, reason):
    assert flaw(b'0123456789', file_format) == (
        reason,
        f"compressed image of format '{file_format}' begins with the bytes "
        "'30 31 32 33 34 35 36 37', expected a JPEG or PNG file",
    )


def test_format_that_is_not_told():
    assert flaw(b'0')[1].startswith("compressed image of format '' begins with the bytes '30', ")


def test_size_beyond_what_is_decoded():
    data = png_header(16385, 4096)
    assert flaw(data, 'png') == (
        'unsupported_size',
        f"compressed image of format 'png' and {len(data)} bytes claims to be 16385 x 4096 "
        'pixels, expected at most 67108864 in all',
    )
    # One row of pixels fewer is the limit: it is the bytes that are too few for it.
    assert flaw(png_header(16384, 4096), 'png')[0] == 'corrupt_data'


def test_a_damaged_file_and_one_that_ends_early():
    noise = np.random.default_rng(0).integers(0, 256, (16, 16, 3), np.uint8)
    png, jpeg = (bytearray(cv2.imencode(kind, noise)[1].tobytes()) for kind in ('.png', '.jpg'))
    png[len(png) // 2] ^= 4
    whole = f"compressed image of format '' and {len(png)} bytes is damaged; check the link to"
    assert flaw(bytes(png)) == ('corrupt_data', f'{whole} the camera')
    short = bytes(jpeg[:-2])
    start = f"compressed image of format '' and {len(short)} bytes ends early; check the link to"
    assert flaw(short) == ('corrupt_data', f'{start} the camera')


@pytest.mark.parametrize(
    ('data', 'early'),
    [
        (JPEG + SCAN + b'1' + END, False),
        (JPEG + SCAN + b'1', True),
        (JPEG + END, True),
        (JPEG, True),
        # The end of a thumbnail, before the scan of the image itself.
        (JPEG + SCAN + b'1' + END + SCAN + b'2', True),
        (JPEG + SCAN + b'1' + END + SCAN + b'2' + END, False),
        (b'no JPEG', False),
    ],
)
def test_end_of_a_jpeg_comes_after_its_last_scan(data, early):
    assert ends_early(data) is early


METRES = [[-0.001, 0.0, 0.0004, 0.001, 1.2344], [65.535, 65.536, 70.0, math.nan, math.inf]]
MILLIMETRES = [[0, 0, 0, 1, 1234], [65535, 0, 0, 0, 0]]


def test_millimetres_by_hand():
    found = to_millimetres(np.float32(METRES))
    assert found.dtype == np.uint16 and found.tolist() == MILLIMETRES


def test_millimetres_into_memory_at_hand():
    out = np.full((2, 5), 7, np.uint16)
    assert to_millimetres(np.float32(METRES), out) is out
    assert out.tolist() == MILLIMETRES


@pytest.mark.parametrize('ending', ['.jpg', '.png', '.webp', '.tif'])
def test_stored_pixels_are_used_whatever_the_orientation(tmp_path, ending):
    path = tmp_path / f'photo{ending}'
    for orientation in range(1, 9):
        path.write_bytes(turned(ending, orientation))
        image, note = read_image_file(path)
        assert image.shape == (48, 64, 3)
        # JPEG loses some at the edges; a quarter that is elsewhere makes 42.
        assert np.abs(image.astype(int) - corner_image()).mean() < 3
        assert (f'(orientation {orientation})' in note) == (orientation != 1)
    assert 'turned by 90 degrees counter-clockwise' in note and '\n' not in note


def test_a_compressed_message_and_a_file_have_the_same_pixels():
    data = turned('.jpg', 6)
    np.testing.assert_array_equal(decode_stored(data), decode_compressed(data, 'jpeg'))


def test_further_frames_are_mentioned(tmp_path):
    path = tmp_path / 'x.png'
    frames = with_png_chunk(encoded('.png'), b'acTL', bytes([0, 0, 0, 2, 0, 0, 0, 0]))
    path.write_bytes(frames)
    assert read_image_file(path)[1].startswith('only the first of its frames or pages is used')


@pytest.mark.parametrize(
    ('data', 'words'),
    [
        (b'', '^0 bytes that are no whole image$'),
        (b'notes', '^5 bytes that are no whole image$'),
        (encoded('.jpg')[:-40], r'bytes that are no whole image \(JPEG\)$'),
        (b'\0\0\0\x10ftypheic\0\0\0\0', '^is HEIC, .*; convert it: heif-convert FILE FILE.png$'),
        (b'\0\0\0\x10ftypavif\0\0\0\0', '^is AVIF, .*; convert it: avifdec FILE FILE.png$'),
        (b'\xff\x0a' + b'\0' * 20, '^is JPEG XL, .*djxl'),
        (b'<html>', '^is HTML or XML page, .*; download the image itself$'),
    ],
)
def test_what_is_no_image_says_what_it_is(tmp_path, data, words):
    path = tmp_path / 'x.jpg'
    path.write_bytes(data)
    with pytest.raises(ImageError, match=words):
        read_image_file(path)


def test_more_pixels_than_a_file_can_hold_take_no_memory(monkeypatch):
    monkeypatch.setattr(cv2, 'imdecode', None)
    assert decode_stored(png_header(16385, 4096)) is None  # more than are decoded
    assert decode_stored(png_header(8000, 8000)) is None  # not in so few bytes


def test_a_file_that_cannot_be_read(tmp_path):
    with pytest.raises(DatasetError, match='cannot be read: No such file'):
        read_image_file(tmp_path / 'none.png')
