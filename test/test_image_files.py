"""What is said of files that are no images, and millimetres at their limits."""

import math
import struct
import zlib

import cv2
from monodepth_ros.errors import ImageError
from monodepth_ros.image_encodings import decode_compressed, ends_early, to_millimetres
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
