"""Any Image, CompressedImage and CameraInfo that the middleware carries, good ones too."""

from __future__ import annotations

import array
import math
from random import Random
import struct
from typing import Union
import zlib

from builtin_interfaces.msg import Time
import cv2
from fuzz_bytes import EXTREMES, mutate, noise
from monodepth_ros.image_encodings import ENCODINGS
import numpy as np
from sensor_msgs.msg import CameraInfo, CompressedImage, Image, RegionOfInterest
from std_msgs.msg import Header

Message = Union[Image, CompressedImage, CameraInfo]

ODD_TEXTS = (
    '',
    ' ',
    'rgb8 ',
    'RGB8',
    '8UC17',
    '8UC0',
    '32FC1',
    '16UC1',
    '64FC1',
    'bayer_',
    'bayer_xyzw8',
    'jpeg',
    'rgb8; jpeg compressed bgr8',
    '../../etc/passwd',
    '%s%n{0}',
    'a\nb\tc\x1b[31m',
    'é世界\U0001f600',
    'plumb_bob',
    'x' * 70_000,
)
FORMATS = (
    'jpeg',
    'png',
    'rgb8; jpeg compressed bgr8',
    'mono16; png compressed ',
    'bayer_rggb8; png compressed ',
    'bayer_grbg16; png compressed ',
    '16UC1; compressedDepth',
    '16UC1; compressedDepth png',
    '32FC1; compressedDepth rvl',
    '32FC1',
    'tiff',
)
LENSES = {
    'plumb_bob': 5,
    'rational_polynomial': 8,
    'equidistant': 4,
    'fisheye': 4,
    'none': 0,
    '': 0,
}
ODD_NUMBERS = (
    0.0,
    -0.0,
    1.0,
    -1.0,
    1e-300,
    5e-324,
    1e-6,
    1e6,
    1e18,
    1e300,
    -1e300,
    1.7e308,
    math.nan,
    math.inf,
    -math.inf,
)
SIZES = ((64, 48), (64, 48), (64, 48), (32, 24), (80, 60), (65, 47), (1, 1), (2, 2), (3, 3))
THIN = ((33_000, 1), (1, 33_000), (70_000, 2), (2, 70_000), (4000, 3), (3, 4000))
"""Beyond the 16 bits that some functions of OpenCV address pixels with."""
MOST_BYTES = 400_000


def random_message(rng: Random, compressed: bool) -> Message:
    """Return an image of a transport or, each third time, a CameraInfo."""
    if rng.random() < 0.35:
        return random_camera_info(rng)
    return random_compressed(rng) if compressed else random_image(rng)


def random_header(rng: Random) -> Header:
    """Return a header whose stamp is 0, negative, huge, backwards or no time at all."""
    seconds = rng.choice((0, 1, -1, 5, -(2**31), 2**31 - 1, rng.randint(0, 2_000_000_000)))
    nanoseconds = rng.choice((0, 1, 999_999_999, rng.randrange(10**9)))
    if rng.random() < 0.05:
        nanoseconds = rng.choice((10**9, 2**32 - 1))
    frame_id = rng.choice(('camera', 'camera', _text(rng)))
    return Header(stamp=Time(sec=seconds, nanosec=nanoseconds), frame_id=frame_id)


def random_image(rng: Random) -> Image:
    """Return an Image that is whole, or with some of its fields wrong."""
    encoding = rng.choice(ENCODINGS)
    width, height = rng.choice(THIN if rng.random() < 0.03 else SIZES)
    step = width * _pixel_bytes(encoding) + rng.choice((0, 0, 1, 5))
    planes = {'nv12': 1.5, 'nv21': 1.5, 'nv24': 3.0}.get(encoding, 1.0)
    fields = {
        'width': width,
        'height': height,
        'step': step,
        'encoding': encoding,
        'is_bigendian': rng.choice((0, 0, 1, 255)),
    }
    size = min(int(step * height * planes), MOST_BYTES)
    for name in rng.sample(list(fields), rng.choice((0, 0, 1, 1, 2))):
        fields[name] = _wrong(rng, name, fields[name])
    if rng.random() < 0.2:
        size = rng.choice((0, 1, size - 1, size // 2, size + 1, size * 2))
    data = array.array('B', noise(rng, max(size, 0)))
    return Image(header=random_header(rng), data=data, **fields)


def _pixel_bytes(encoding):
    wide = 2 if encoding.endswith('16') else 1
    channels = {'rgb': 3, 'bgr': 3, '8UC3': 3, 'rgba': 4, 'bgra': 4, '8UC4': 4, 'yu': 2, 'uy': 2}
    return wide * max(
        (n for start, n in channels.items() if encoding.startswith(start)), default=1
    )


def _wrong(rng, name, value):
    if name == 'encoding':
        return rng.choice(ENCODINGS) if rng.random() < 0.3 else _text(rng)
    if name == 'is_bigendian':
        return rng.randrange(256)
    return rng.choice((value + 1, max(value - 1, 0), _number(rng)))


def _number(rng):
    return rng.choice(EXTREMES) % 2**32 if rng.random() < 0.8 else rng.getrandbits(32)


def _text(rng):
    if rng.random() < 0.7:
        return rng.choice(ODD_TEXTS)
    # Neither NUL, which ends a string in the middleware, nor halves of surrogate pairs.
    codes = (rng.choice((rng.randint(1, 0xD7FF), rng.randint(0xE000, 0x10FFFF))) for _ in range(9))
    return ''.join(map(chr, codes))


def random_compressed(rng: Random) -> CompressedImage:
    """Return a CompressedImage whose file is whole, damaged, too large, or none."""
    width, height = rng.choice(SIZES)
    channels = rng.choice(((), (3,), (3,), (4,)))
    extension = rng.choice(('.png', '.jpg'))
    deep = extension == '.png' and rng.random() < 0.3
    pixels = np.frombuffer(noise(rng, width * height * 4 * 2), np.uint16 if deep else np.uint8)[
        : width * height * math.prod(channels)
    ].reshape(height, width, *channels)
    if extension == '.jpg' and channels == (4,):
        pixels = pixels[..., :3]
    data = cv2.imencode(extension, pixels)[1].tobytes()
    damage = rng.random()
    if damage < 0.35:
        data = mutate(rng, data)
    elif damage < 0.45:
        data = claim_size(data, _number(rng), _number(rng))
    elif damage < 0.5:
        data = data[: rng.randint(0, len(data))]
    elif damage < 0.55:
        data = rng.choice((b'', b'\xff\xd8', b'\x89PNG\r\n\x1a\n', noise(rng, 200)))
    file_format = rng.choice(FORMATS) if rng.random() < 0.85 else _text(rng)
    return CompressedImage(
        header=random_header(rng), format=file_format, data=array.array('B', data)
    )


def claim_size(data: bytes, width: int, height: int) -> bytes:
    """Return a PNG or JPEG file whose header claims another size; the rest is as it was."""
    changed = bytearray(data)
    if data.startswith(b'\x89PNG'):
        changed[16:24] = width.to_bytes(4, 'big') + height.to_bytes(4, 'big')
        changed[29:33] = zlib.crc32(changed[12:29]).to_bytes(4, 'big')
        return bytes(changed)
    frame = data.find(b'\xff\xc0')
    if frame >= 0:
        size = (height % 2**16).to_bytes(2, 'big') + (width % 2**16).to_bytes(2, 'big')
        struct.pack_into('4s', changed, frame + 5, size)
    return bytes(changed)


def random_camera_info(rng: Random) -> CameraInfo:
    """Return a CameraInfo that is good for one of the sizes, or with some of its fields wrong."""
    width, height = rng.choice(SIZES)
    focal, cx, cy = 0.866 * width, (width - 1) / 2, (height - 1) / 2
    lens = rng.choice(tuple(LENSES))
    fields = {
        'k': [focal, 0.0, cx, 0.0, focal, cy, 0.0, 0.0, 1.0],
        'd': [rng.uniform(-0.1, 0.1) for _ in range(LENSES[lens])],
        'r': [1.0, 0.0, 0.0, 0.0, 1.0, 0.0, 0.0, 0.0, 1.0],
        'p': [focal, 0.0, cx, 0.0, 0.0, focal, cy, 0.0, 0.0, 0.0, 1.0, 0.0],
    }
    msg = CameraInfo(
        header=random_header(rng),
        width=width,
        height=height,
        distortion_model=lens if rng.random() < 0.9 else _text(rng),
        **fields,
    )
    for _ in range(rng.choice((0, 0, 1, 1, 2, 4))):
        rng.choice(_INFO_CHANGES)(rng, msg)
    return msg


def _change_numbers(rng, msg):
    name = rng.choice('kkrp')
    values = list(getattr(msg, name))
    for _ in range(rng.choice((1, 1, 2, len(values)))):
        values[rng.randrange(len(values))] = rng.choice(ODD_NUMBERS)
    setattr(msg, name, values)


def _change_distortion(rng, msg):
    count = rng.choice((0, 1, 4, 4, 5, 5, 8, 12, 14, 15, 1000))
    odd = rng.random() < 0.5
    msg.d = [rng.choice(ODD_NUMBERS) if odd else rng.uniform(-2, 2) for _ in range(count)]


def _change_size(rng, msg):
    setattr(msg, rng.choice(('width', 'height')), _number(rng))


def _change_binning(rng, msg):
    setattr(msg, rng.choice(('binning_x', 'binning_y')), rng.choice((1, 2, _number(rng))))


def _change_region(rng, msg):
    parts = [rng.choice((0, 1, 16, _number(rng))) for _ in range(4)]
    msg.roi = RegionOfInterest(
        x_offset=parts[0],
        y_offset=parts[1],
        width=parts[2],
        height=parts[3],
        do_rectify=rng.random() < 0.5,
    )


def _forget_calibration(_, msg):
    msg.k = [0.0] * 9


_INFO_CHANGES = (
    _forget_calibration,
    _change_numbers,
    _change_numbers,
    _change_distortion,
    _change_size,
    _change_binning,
    _change_region,
)
