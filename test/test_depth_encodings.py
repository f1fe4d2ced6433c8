"""Depth images of messages, against their specification and a second writer of RVL."""

import struct

import cv2
from monodepth_ros.depth_encodings import decode_compressed_depth, decode_depth
from monodepth_ros.errors import ImageError
import numpy as np
import pytest

MILLIMETRES = np.array([[0, 1, 1234], [65535, 800, 0]], np.uint16)
METRES = np.array([[0, 0.001, 1.234], [65.535, 0.8, 0]], np.float32)
HEADER = struct.pack('<iff', 0, 0.0, 0.0)


def rvl(image):
    """Return the columns, rows and RVL data of a (H, W) uint16 image, pixel by pixel."""
    digits = []

    def add(number):
        while True:
            digits.append((number & 7) | (8 if number >> 3 else 0))
            number >>= 3
            if not number:
                return

    values, place, last = image.ravel().tolist(), 0, 0
    while place < len(values):
        end = place
        while end < len(values) and values[end] == 0:
            end += 1
        add(end - place)
        place = end
        while end < len(values) and values[end]:
            end += 1
        add(end - place)
        for value in values[place:end]:
            step, last = value - last, value
            add(2 * step if step >= 0 else -2 * step - 1)
        place = end
    digits += [0] * (-len(digits) % 8)
    words = b''
    for first in range(0, len(digits), 8):
        word = 0
        for place in range(first, first + 8):
            word = word << 4 | digits[place]
        words += struct.pack('<I', word)
    return struct.pack('<ii', image.shape[1], image.shape[0]) + words


def png(image):
    return cv2.imencode('.png', image)[1].tobytes()


def decode(values, encoding, big=False, padding=0):
    rows = values.astype(values.dtype.newbyteorder('>' if big else '<'))
    data = b''.join(row.tobytes() + bytes(padding) for row in rows)
    step = values.itemsize * values.shape[1] + padding
    return decode_depth(data, *values.shape, step, encoding, big)


@pytest.mark.parametrize('padding', [0, 3])
@pytest.mark.parametrize('big', [False, True])
def test_raw(big, padding):
    found = decode(MILLIMETRES, '16UC1', big, padding)
    np.testing.assert_array_equal(found, METRES)
    values = np.where(METRES > 0, METRES, np.float32(np.nan))
    values[0, 0] = np.inf
    np.testing.assert_array_equal(decode(values, '32FC1', big, padding), METRES)


def test_the_last_row_may_lack_its_padding():
    data = MILLIMETRES[0].tobytes() + bytes(4) + MILLIMETRES[1].tobytes()
    np.testing.assert_array_equal(decode_depth(data, 2, 3, 10, '16UC1', False), METRES)


@pytest.mark.parametrize('kind, encode', [('png', png), ('rvl', rvl), ('', png)])
def test_compressed_millimetres(kind, encode):
    random = np.random.default_rng(1)
    image = random.integers(0, 65536, (41, 37)).astype(np.uint16)
    image[random.random(image.shape) < 0.4] = 0
    image[:2] = image[-1] = 0
    for values in (image, MILLIMETRES, np.zeros((4, 4), np.uint16)):
        found = decode_compressed_depth(
            HEADER + encode(values), f'16UC1; compressedDepth {kind}'.strip()
        )
        np.testing.assert_array_equal(found, (values * 0.001).astype(np.float32))


@pytest.mark.parametrize('kind, encode', [('png', png), ('rvl', rvl)])
def test_compressed_metres(kind, encode):
    """As the plug-in does with depth_max 10 and a quantisation of 100: v = A / d + B."""
    first = 100.0 * (100.0 + 1.0)
    second = 1.0 - first / 10.0
    depth = np.array([[0.5, 1.0, 2.0], [4.0, 10.0, 0.0]], np.float32)
    with np.errstate(divide='ignore'):
        values = np.where(depth > 0, first / depth + second, 0).astype(np.uint16)
    data = struct.pack('<iff', 0, first, second) + encode(values)
    found = decode_compressed_depth(data, f'32FC1; compressedDepth {kind}')
    np.testing.assert_allclose(found, depth, rtol=2e-3)


@pytest.mark.parametrize(
    'change, reason, words',
    [
        ({'encoding': 'rgb8'}, 'unknown_encoding', 'known: 16UC1'),
        ({'width': 0}, 'zero_size', '0 x 2'),
        ({'step': 5}, 'short_step', 'step is 5 bytes'),
        ({'data': bytes(11)}, 'short_data', '11 bytes'),
    ],
)
def test_wrong_raw(change, reason, words):
    fields = {'data': bytes(12), 'height': 2, 'width': 3, 'step': 6, 'encoding': '16UC1'}
    with pytest.raises(ImageError, match=words) as caught:
        decode_depth(**{**fields, **change}, is_bigendian=False)
    assert caught.value.reason == reason


BOMB = struct.pack('<ii', 30000, 30000)


@pytest.mark.parametrize(
    'data, kind, reason, words',
    [
        (HEADER + png(MILLIMETRES), 'jpeg', 'unknown_encoding', 'compressed depth of format'),
        (b'12', '16UC1; compressedDepth png', 'corrupt_data', 'has 2 bytes'),
        (HEADER + b'no', '16UC1; compressedDepth png', 'corrupt_data', 'no PNG file'),
        (HEADER + png(MILLIMETRES)[:-30], '16UC1; compressedDepth png', 'corrupt_data', 'whole'),
        (
            HEADER + png(np.ones((2, 2), np.uint8)),
            '16UC1; compressedDepth png',
            'corrupt_data',
            '16',
        ),
        (HEADER + rvl(MILLIMETRES)[:-4], '16UC1; compressedDepth rvl', 'corrupt_data', 'early'),
        (HEADER + b'123', '16UC1; compressedDepth rvl', 'corrupt_data', '3 bytes'),
        (HEADER + BOMB, '16UC1; compressedDepth rvl', 'unsupported_size', '30000 x 30000'),
        (
            HEADER + rvl(MILLIMETRES)[:8] + b'\xff' * 64,
            '16UC1; compressedDepth rvl',
            'corrupt_data',
            'early',
        ),
        (
            HEADER + rvl(MILLIMETRES)[:8] + bytes(64),
            '16UC1; compressedDepth rvl',
            'corrupt_data',
            'pixels',
        ),
    ],
)
def test_wrong_compressed(data, kind, reason, words):
    with pytest.raises(ImageError, match=words) as caught:
        decode_compressed_depth(data, kind)
    assert caught.value.reason == reason
