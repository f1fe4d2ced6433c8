"""Pixels of messages against decodes that follow the definition of each encoding, byte by byte."""

import struct
import zlib

import cv2
from monodepth_ros.errors import IMAGE_REASONS, ImageError
from monodepth_ros.image_encodings import (
    decode,
    decode_compressed,
    ENCODINGS,
    to_millimetres,
    view,
)
import numpy as np
import pytest

# Bytes of a pixel, or of a pixel of the first plane.
PIXEL_BYTES = {
    **dict.fromkeys(('mono8', '8UC1', 'nv12', 'nv21', 'nv24'), 1),
    **dict.fromkeys(('mono16', 'yuv422', 'uyvy', 'yuv422_yuy2', 'yuyv'), 2),
    **dict.fromkeys(('rgb8', 'bgr8', '8UC3'), 3),
    **dict.fromkeys(('rgba8', 'bgra8', '8UC4'), 4),
    **dict.fromkeys(('rgb16', 'bgr16'), 6),
    **dict.fromkeys(('rgba16', 'bgra16'), 8),
    **{
        f'bayer_{m}{bits}': bits // 8 for m in ('rggb', 'bggr', 'gbrg', 'grbg') for bits in (8, 16)
    },
}
BAYER = [name for name in PIXEL_BYTES if name.startswith('bayer_')]
YUV = ['yuv422', 'uyvy', 'yuv422_yuy2', 'yuyv', 'nv12', 'nv21', 'nv24']
PACKED = [name for name in PIXEL_BYTES if name not in (*BAYER, *YUV)]
SIXTEEN_BITS = [name for name in PIXEL_BYTES if name.endswith('16')]
COLOUR_ROWS = {'nv12': 0.5, 'nv21': 0.5, 'nv24': 2}


def random_fields(encoding, width, height, padding=0, is_bigendian=False, seed=0):
    """Return the fields of a message as `decode` takes them."""
    step = width * PIXEL_BYTES[encoding] + padding
    size = int(step * height * (1 + COLOUR_ROWS.get(encoding, 0)))
    data = np.random.default_rng(seed).integers(0, 256, size, np.uint8)
    return data, height, width, step, encoding, is_bigendian


def by_pixel(fields, rgb_of):
    data, height, width, step = fields[:4]
    data, rgb = data.tolist(), np.zeros((height, width, 3), np.uint8)
    for v in range(height):
        for u in range(width):
            rgb[v, u] = rgb_of(data, step, v, u)
    return rgb


def packed_to_rgb(encoding, is_bigendian):
    """Return a decode of one pixel with Python integers."""
    size = 2 if encoding.endswith('16') else 1
    first, last = {'b': (2, 0), '8': (2, 0)}.get(encoding[0], (0, 2))
    channels = (0, 0, 0) if PIXEL_BYTES[encoding] == size else (first, 1, last)

    def rgb_of(data, step, v, u):
        starts = [v * step + u * PIXEL_BYTES[encoding] + c * size for c in channels]
        raw = [bytes(data[at:][:size]) for at in starts]
        values = [int.from_bytes(r, 'big' if is_bigendian else 'little') for r in raw]
        # 65535 = 255 * 257, rounded to the nearest.
        return values if size == 1 else [(value + 128) // 257 for value in values]

    return rgb_of


def yuv_of(encoding, height):
    """Return where the three values of a pixel lie, by the pages of V4L2's pixel formats."""

    def packed(y0, u0, v0):
        def yuv(data, step, v, u):
            at = v * step + u // 2 * 4
            return data[at + y0 + u % 2 * 2], data[at + u0], data[at + v0]

        return yuv

    def planes(u0, v0):
        def yuv(data, step, v, u):
            at = step * height + v // 2 * step + u // 2 * 2
            return data[v * step + u], data[at + u0], data[at + v0]

        return yuv

    def full(data, step, v, u):
        at = step * height + v * 2 * step + u * 2
        return data[v * step + u], data[at], data[at + 1]

    return {
        'yuv422': packed(1, 0, 2),
        'uyvy': packed(1, 0, 2),
        'yuv422_yuy2': packed(0, 1, 3),
        'yuyv': packed(0, 1, 3),
        'nv12': planes(0, 1),
        'nv21': planes(1, 0),
        'nv24': full,
    }[encoding]


def bt601(y, u, v):
    """Convert video range by ITU-R BT.601, with coefficients of 20 bits, half rounded up."""
    cy, cr, cg_u, cg_v, cb = (round(c * 2**20) for c in (1.164, 1.596, -0.391, -0.813, 2.018))
    y, u, v = max(y - 16, 0), u - 128, v - 128
    sums = (cy * y + cr * v, cy * y + cg_u * u + cg_v * v, cy * y + cb * u)
    return [min(max((value + 2**19) // 2**20, 0), 255) for value in sums]


def test_every_encoding_is_tested():
    assert set(PIXEL_BYTES) == set(ENCODINGS)


@pytest.mark.parametrize('encoding', PACKED)
@pytest.mark.parametrize('size', [(1, 1), (7, 5), (32, 3)])
@pytest.mark.parametrize('padding', [0, 1, 13])
@pytest.mark.parametrize('is_bigendian', [False, True])
def test_packed_encodings_are_bit_exact(encoding, size, padding, is_bigendian):
    fields = random_fields(encoding, *size, padding, is_bigendian)
    rgb = decode(*fields)
    assert rgb.dtype == np.uint8 and rgb.flags.c_contiguous
    np.testing.assert_array_equal(rgb, by_pixel(fields, packed_to_rgb(encoding, is_bigendian)))


@pytest.mark.parametrize('encoding', YUV)
@pytest.mark.parametrize('size', [(2, 2), (6, 4), (34, 8)])
@pytest.mark.parametrize('padding', [0, 2, 14])
def test_yuv_is_bit_exact(encoding, size, padding):
    fields = random_fields(encoding, *size, padding)
    yuv = yuv_of(encoding, size[1])
    rgb = decode(*fields)
    assert rgb.dtype == np.uint8 and rgb.flags.c_contiguous
    np.testing.assert_array_equal(rgb, by_pixel(fields, lambda *at: bt601(*yuv(*at))))


@pytest.mark.parametrize('encoding', ['nv12', 'nv21', 'nv24'])
@pytest.mark.parametrize('step', [12, 16, 24])
def test_step_that_counts_the_colour_plane(encoding, step):
    fields = list(random_fields(encoding, 8, 4))
    expected = decode(*fields)
    fields[3] = step
    np.testing.assert_array_equal(decode(*fields), expected)


def test_well_known_colours_of_video():
    # 75 % colour bars of BT.601 (Y, U, V): white, yellow, cyan, green, magenta, red, blue.
    bars = [
        ((180, 128, 128), (191, 191, 191)),
        ((162, 44, 142), (191, 191, 0)),
        ((131, 156, 44), (0, 191, 191)),
        ((112, 72, 58), (0, 191, 0)),
        ((84, 184, 198), (191, 0, 191)),
        ((65, 100, 212), (191, 0, 0)),
        ((35, 212, 114), (0, 0, 191)),
    ]
    for (y, u, v), rgb in bars:
        data = np.array([u, y, v, y] * 4, np.uint8)
        np.testing.assert_allclose(decode(data, 2, 4, 8, 'yuv422', False)[0, 0], rgb, atol=2)


def mosaic_of(encoding, rgb, height, width):
    """Return what the sensor sees of one colour, by the letters of the encoding's name."""
    letters = encoding[6:10]
    tile = np.array([rgb['rgb'.index(c)] for c in letters]).reshape(2, 2)
    return np.tile(tile, (height // 2 + 1, width // 2 + 1))[:height, :width]


@pytest.mark.parametrize('encoding', BAYER)
@pytest.mark.parametrize('size', [(8, 6), (9, 7)])
@pytest.mark.parametrize('is_bigendian', [False, True])
def test_mosaic_of_one_colour(encoding, size, is_bigendian):
    color, wide = (200, 90, 17), encoding.endswith('16')
    mosaic = mosaic_of(encoding, color, size[1], size[0]) * (257 if wide else 1)
    order = '>' if is_bigendian else '<'
    data = np.pad(mosaic, ((0, 0), (0, 3))).astype(f'{order}u{2 if wide else 1}')
    step = data.strides[0]
    rgb = decode(data.tobytes(), size[1], size[0], step, encoding, is_bigendian)
    assert rgb.shape == (size[1], size[0], 3)
    np.testing.assert_array_equal(rgb, np.broadcast_to(color, rgb.shape))


@pytest.mark.parametrize('encoding', [name for name in BAYER if name.endswith('8')])
def test_mosaic_of_a_picture_is_interpolated(encoding):
    # Away from the edges a missing colour is the mean of its two or four nearest pixels.
    data, height, width, step = random_fields(encoding, 8, 8)[:4]
    rgb = decode(data, height, width, step, encoding, False)
    raw = data.reshape(height, width).astype(int)
    letters = np.array(list(encoding[6:10])).reshape(2, 2)
    for v in range(1, height - 1):
        for u in range(1, width - 1):
            for channel, letter in enumerate('rgb'):
                near = [
                    raw[v + j, u + i]
                    for j in (-1, 0, 1)
                    for i in (-1, 0, 1)
                    if letters[(v + j) % 2, (u + i) % 2] == letter
                ]
                if letters[v % 2, u % 2] == letter:
                    near = [raw[v, u]]
                assert rgb[v, u, channel] == (sum(near) + len(near) // 2) // len(near)


@pytest.mark.parametrize('encoding', [name for name in BAYER if name.endswith('16')])
def test_wide_mosaic_keeps_its_precision(encoding):
    # As OpenCV's interpolation of 16 bits, scaled at the end; the names are its own correct ones.
    fields = random_fields(encoding, 10, 8)
    code = getattr(cv2, f'COLOR_Bayer{encoding[6:10].upper()}2RGB')
    wide = cv2.cvtColor(fields[0].view('<u2').reshape(8, 10), code)
    expected = ((wide.astype(np.uint32) + 128) // 257).astype(np.uint8)
    np.testing.assert_array_equal(decode(*fields), expected)


def test_every_mono16_value():
    values = np.arange(65536, dtype='<u2').reshape(256, 256)
    expected = (values.astype(np.uint32) + 128) // 257
    rgb = decode(values.tobytes(), 256, 256, 512, 'mono16', False)
    np.testing.assert_array_equal(rgb[..., 0], expected)


def test_view_does_not_copy():
    fields = random_fields('bgr8', 4, 3, padding=5)
    pixels = view(*fields)
    fields[0][fields[3] + 3] ^= 255
    assert pixels[1, 1, 0] == fields[0][fields[3] + 3]


@pytest.mark.parametrize('encoding', ['mono8', 'nv21'])
def test_data_beyond_the_end_is_ignored(encoding):
    fields = random_fields(encoding, 4, 4)
    longer = np.append(fields[0], np.uint8([7, 7, 7]))
    np.testing.assert_array_equal(decode(longer, *fields[1:]), decode(*fields))


def refusal(data, height, width, step, encoding):
    with pytest.raises(ImageError) as caught:
        view(data, height, width, step, encoding, False)
    assert caught.value.reason in IMAGE_REASONS
    return caught.value.reason, str(caught.value)


@pytest.mark.parametrize('encoding', ['16UC1', '32FC1', '64FC1'])
def test_depth_is_refused_as_such(encoding):
    reason, message = refusal(bytes(128), 4, 4, 16, encoding)
    assert reason == 'unknown_encoding'
    assert encoding in message and 'depth image' in message and 'colour topic' in message


@pytest.mark.parametrize(
    'encoding, width, height, words',
    [
        ('yuv422', 5, 4, ['5 x 4', 'yuv422', '2 x 1']),
        ('yuyv', 5, 4, ['2 x 1']),
        ('nv21', 4, 3, ['4 x 3', '2 x 2']),
        ('nv12', 3, 4, ['2 x 2']),
        ('bayer_rggb8', 2, 4, ['at least 3']),
        ('bayer_grbg16', 4, 2, ['at least 3']),
    ],
)
def test_sizes_that_an_encoding_cannot_have(encoding, width, height, words):
    reason, message = refusal(bytes(256), height, width, 16, encoding)
    assert reason == 'unsupported_size'
    assert all(word in message for word in words), message


@pytest.mark.parametrize(
    'encoding, size, expected', [('nv21', 95, 96), ('nv24', 191, 192), ('yuv422', 63, 64)]
)
def test_short_planes(encoding, size, expected):
    reason, message = refusal(bytes(size), 8, 4, 8, encoding)
    assert reason == 'short_data'
    assert f'{size} bytes' in message and f'expected {expected}' in message


# Files

RGB = cv2.GaussianBlur(np.random.default_rng(3).integers(0, 256, (24, 32, 3), np.uint8), (0, 0), 2)


def encode(extension, pixels=RGB[..., ::-1]):
    return cv2.imencode(extension, pixels)[1].tobytes()


def reason_of(data, file_format='rgb8; jpeg compressed bgr8'):
    with pytest.raises(ImageError) as caught:
        decode_compressed(data, file_format)
    assert repr(file_format) in str(caught.value) or 'depth' in str(caught.value)
    return caught.value.reason


@pytest.mark.parametrize(
    'file_format', ['png', 'rgb8; png compressed bgr8', 'bgr8; png compressed ', '']
)
def test_png_is_bit_exact(file_format):
    rgb = decode_compressed(encode('.png'), file_format)
    assert rgb.flags.c_contiguous
    np.testing.assert_array_equal(rgb, RGB)


def test_jpeg_is_the_picture():
    for data in (encode('.jpg'), bytearray(encode('.jpg')), encode('.jpg') + bytes(100)):
        rgb = decode_compressed(data, 'jpeg')
        assert rgb.dtype == np.uint8 and rgb.flags.c_contiguous
        np.testing.assert_allclose(rgb.astype(int), RGB, atol=12)


@pytest.mark.parametrize('extension', ['.jpg', '.png'])
def test_grey_files(extension):
    grey = RGB[..., 0]
    rgb = decode_compressed(encode(extension, grey), f'mono8; {extension[1:]} compressed ')
    np.testing.assert_allclose(rgb.astype(int), grey[..., np.newaxis].repeat(3, 2), atol=12)


def test_png_of_16_bits_and_of_four_channels():
    wide = np.random.default_rng(0).integers(0, 65536, (5, 7, 3), np.uint16)
    expected = ((wide[..., ::-1].astype(np.uint32) + 128) // 257).astype(np.uint8)
    np.testing.assert_array_equal(decode_compressed(encode('.png', wide), 'png'), expected)
    rgb = decode_compressed(encode('.png', wide[..., 1]), 'mono16; png compressed ')
    np.testing.assert_array_equal(rgb, expected[..., 1:2].repeat(3, 2))
    four = np.dstack([RGB[..., ::-1], RGB[..., 0]])
    np.testing.assert_array_equal(decode_compressed(encode('.png', four), 'png'), RGB)


@pytest.mark.parametrize('encoding', BAYER)
def test_compressed_mosaics(encoding):
    wide = encoding.endswith('16')
    mosaic = mosaic_of(encoding, (200, 90, 17), 6, 8) * (257 if wide else 1)
    data = encode('.png', mosaic.astype(np.uint16 if wide else np.uint8))
    rgb = decode_compressed(data, f'{encoding}; png compressed ')
    np.testing.assert_array_equal(rgb, np.broadcast_to((200, 90, 17), rgb.shape))


def exif_with_orientation(orientation):
    tiff = b'II*\x00\x08\x00\x00\x00' + struct.pack('<HHHIHHI', 1, 0x112, 3, 1, orientation, 0, 0)
    return b'\xff\xe1' + struct.pack('>H', len(tiff) + 8) + b'Exif\x00\x00' + tiff


def test_orientation_does_not_turn_the_calibrated_image():
    plain = encode('.jpg')
    turned = plain[:2] + exif_with_orientation(6) + plain[2:]
    assert cv2.imdecode(np.frombuffer(turned, np.uint8), cv2.IMREAD_COLOR).shape == (32, 24, 3)
    np.testing.assert_array_equal(decode_compressed(turned), decode_compressed(plain))


@pytest.mark.parametrize('extension', ['.jpg', '.png'])
def test_files_that_end_early(extension):
    data = encode(extension)
    for share in (0.01, 0.1, 0.5, 0.9, 0.99):
        assert reason_of(data[: int(len(data) * share)]) == 'corrupt_data'


def test_missing_end_of_a_jpeg_is_seen_whatever_opencv_makes_of_it(monkeypatch):
    # OpenCV 4 gives a picture that is grey from where the data ends.
    monkeypatch.setattr(cv2, 'imdecode', lambda *_: RGB)
    decode_compressed(encode('.jpg'))
    assert reason_of(encode('.jpg')[:-10]) == 'corrupt_data'


def test_thumbnail_does_not_hide_a_missing_end():
    plain = encode('.jpg')
    thumbnail = encode('.jpg', RGB[:8, :8])
    header = b'\xff\xe2' + struct.pack('>H', len(thumbnail) + 2) + thumbnail
    whole = plain[:2] + header + plain[2:]
    np.testing.assert_array_equal(decode_compressed(whole), decode_compressed(plain))
    assert reason_of(whole[:-40]) == 'corrupt_data'


def test_damaged_png():
    data = bytearray(encode('.png'))
    data[len(data) // 2] ^= 4
    assert reason_of(data) == 'corrupt_data'


def test_file_that_claims_to_be_huge():
    def chunk(kind, body):
        return (
            struct.pack('>I', len(body)) + kind + body + struct.pack('>I', zlib.crc32(kind + body))
        )

    header = struct.pack('>IIBBBBB', 60000, 60000, 8, 2, 0, 0, 0)
    data = b'\x89PNG\r\n\x1a\n' + chunk(b'IHDR', header) + chunk(b'IEND', b'')
    assert reason_of(data) == 'unsupported_size'


@pytest.mark.parametrize('data', [b'', b'no file at all', bytes(1000)])
def test_other_bytes(data):
    assert reason_of(data, 'jpeg') == 'corrupt_data'
    assert reason_of(data, 'h264') == 'unknown_encoding'


def test_random_damage_never_escapes():
    rng = np.random.default_rng(0)
    for extension in ('.jpg', '.png'):
        for _ in range(30):
            data = bytearray(encode(extension))
            for at in rng.integers(0, len(data), 4):
                data[at] = rng.integers(256)
            try:
                assert decode_compressed(data, 'jpeg').dtype == np.uint8
            except ImageError as error:
                assert error.reason in IMAGE_REASONS


@pytest.mark.parametrize('file_format', ['16UC1; png compressed ', '32FC1; compressedDepth png'])
def test_compressed_depth_is_refused(file_format):
    data = encode('.png', np.full((4, 4), 1500, np.uint16))
    assert reason_of(data, file_format) == 'unknown_encoding'


def test_millimetres():
    depth = np.array([[1.5, np.nan, np.inf], [0.0004, 65.535, 65.536]], np.float32)
    np.testing.assert_array_equal(to_millimetres(depth), [[1500, 0, 0], [0, 65535, 0]])
