"""The size that a file claims, and what may be believed of it."""

import struct

import cv2
from monodepth_ros import image_headers
from monodepth_ros.errors import ImageError
from monodepth_ros.image_encodings import decode_compressed
from monodepth_ros.image_headers import claimed_size, holds_too_little, MOST_PIXELS
import numpy as np
import pytest


def encode(extension, width=70, height=50, *options):
    pixels = np.zeros((height, width, 3), np.uint8)
    return cv2.imencode(extension, pixels, options)[1].tobytes()


def claiming(width, height):
    """Return a JPEG file whose frame header has another size."""
    data = bytearray(encode('.jpg'))
    struct.pack_into('>HH', data, data.find(b'\xff\xc0') + 5, height, width)
    return bytes(data)


def segment(marker, body):
    return bytes((0xFF, marker)) + struct.pack('>H', len(body) + 2) + body


@pytest.mark.parametrize(
    'data',
    [
        encode('.png'),
        encode('.jpg'),
        encode('.jpg', 70, 50, cv2.IMWRITE_JPEG_PROGRESSIVE, 1),
        encode('.jpg', 70, 50, cv2.IMWRITE_JPEG_RST_INTERVAL, 2),
    ],
)
def test_sizes_are_those_of_the_decoder(data):
    assert claimed_size(data) == (70, 50)
    assert not holds_too_little(data, (70, 50))
    for length in (0, 1, 2, 3, 8, 20, 24):
        claimed_size(data[:length])  # what ends early is no error


def test_a_size_in_a_thumbnail_or_comment_is_another():
    data = encode('.jpg')
    inside = segment(0xE1, claiming(9000, 9000)) + segment(
        0xFE, b'\xff\xc0\0\x11\x08\xff\xff\xff\xff'
    )
    # Decoders skip what is between two segments, and fill bytes before a marker.
    odd = data[:2] + inside + b'between' + b'\xff\xff\xff' + data[3:]
    assert claimed_size(odd) == (70, 50)
    assert decode_compressed(odd, 'jpeg').shape == (50, 70, 3)


@pytest.mark.parametrize(
    'data', [b'', b'GIF89a', b'\xff\xd8', b'\xff\xd8\xff\xd9', b'\xff\xd8\xff']
)
def test_no_size_where_there_is_none(data):
    assert claimed_size(data) is None


def reason_of(data):
    with pytest.raises(ImageError) as caught:
        decode_compressed(data, 'rgb8; jpeg compressed bgr8')
    return caught.value.reason


def test_huge_files_are_refused_before_memory_is_taken(monkeypatch):
    monkeypatch.setattr(cv2, 'imdecode', None)
    assert reason_of(claiming(65_000, 65_000)) == 'unsupported_size'
    # 63 million pixels are allowed, but not in some hundred bytes.
    assert reason_of(claiming(9000, 7000)) == 'corrupt_data'
    assert 9000 * 7000 < MOST_PIXELS < 65_000**2


@pytest.mark.parametrize('extension', ['.png', '.jpg'])
def test_the_least_bytes_of_an_image_are_enough(extension):
    data = encode(extension, 4000, 3000)
    assert decode_compressed(data, '').shape == (3000, 4000, 3)
    assert 12e6 / len(data) > 50  # black packs well
    one_bit = cv2.imencode('.png', np.zeros((3000, 4000), np.uint8), [cv2.IMWRITE_PNG_BILEVEL, 1])
    assert decode_compressed(one_bit[1].tobytes(), '').shape == (3000, 4000, 3)


def test_walking_a_file_of_markers_takes_no_time():
    many = b'\xff\xd8' + b'\xff\xe0\0\x02' * 500_000
    assert image_headers.claimed_size(many) is None
