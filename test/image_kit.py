"""Image and video files with tags that OpenCV does not write."""

import struct
import zlib

import cv2
import numpy as np

SIZE = (64, 48)


def corner_image():
    """Return (48, 64, 3) uint8 RGB, black but for its red upper left quarter."""
    image = np.zeros((*SIZE[::-1], 3), np.uint8)
    image[:24, :32, 0] = 255
    return image


def encoded(ending, image=None, *options):
    image = corner_image() if image is None else image
    pixels = image[..., ::-1] if image.ndim == 3 else image
    return cv2.imencode(ending, pixels, options)[1].tobytes()


def exif(orientation, order='<'):
    """Return a TIFF structure with the orientation alone."""
    mark = b'II*\0' if order == '<' else b'MM\0*'
    entry = struct.pack(f'{order}HHIHH', 274, 3, 1, orientation, 0)
    return mark + struct.pack(f'{order}IH', 8, 1) + entry + b'\0' * 4


def chunk(name, body):
    """Return a chunk of a PNG file."""
    return struct.pack('>I', len(body)) + name + body + struct.pack('>I', zlib.crc32(name + body))


def _jpeg(orientation, order):
    data, body = encoded('.jpg'), b'Exif\0\0' + exif(orientation, order)
    # After the JFIF segment, as cameras have it.
    end = 4 + int.from_bytes(data[4:6], 'big')
    return data[:end] + b'\xff\xe1' + struct.pack('>H', len(body) + 2) + body + data[end:]


def with_png_chunk(data, name, body):
    """Return a PNG file with a chunk after its header."""
    return data[:33] + chunk(name, body) + data[33:]


def _webp(orientation, order):
    def part(name, body):
        return name + struct.pack('<I', len(body)) + body + b'\0' * (len(body) % 2)

    head = bytes([8, 0, 0, 0]) + (SIZE[0] - 1).to_bytes(3, 'little')
    head += (SIZE[1] - 1).to_bytes(3, 'little')
    pixels = encoded('.webp', None, cv2.IMWRITE_WEBP_QUALITY, 101)[12:]
    if pixels.startswith(b'VP8X'):  # some versions write the longer form themselves
        pixels = pixels[18:]
    body = b'WEBP' + part(b'VP8X', head) + pixels + part(b'EXIF', exif(orientation, order))
    return b'RIFF' + struct.pack('<I', len(body)) + body


def _tiff(orientation, order):
    """Return an uncompressed TIFF file, written here since OpenCV's has no such tag."""
    pixels = corner_image()
    height, width = pixels.shape[:2]
    entries = [(256, 4, width), (257, 4, height), (258, 3, 8), (259, 3, 1), (262, 3, 2)]
    offset = 8 + 2 + 12 * 10 + 4
    entries += [(273, 4, offset), (274, 3, orientation), (277, 3, 3), (278, 4, height)]
    entries += [(279, 4, pixels.nbytes)]
    body = b''
    for tag, kind, value in entries:
        number = struct.pack(order + {3: 'HH', 4: 'I'}[kind], *([value, 0][: 5 - kind]))
        body += struct.pack(f'{order}HHI', tag, kind, 1) + number
    mark = b'II*\0' if order == '<' else b'MM\0*'
    head = mark + struct.pack(f'{order}IH', 8, len(entries))
    return head + body + b'\0' * 4 + pixels.tobytes()


def turned(ending, orientation, order='<'):
    """Return the corner image as a file whose pixels are as they are, and whose tag turns them."""
    if ending == '.png':
        return with_png_chunk(encoded('.png'), b'eXIf', exif(orientation, order))
    return {'.jpg': _jpeg, '.webp': _webp, '.tif': _tiff}[ending](orientation, order)


TURNS = {0: (1, 0, 0, 1), 90: (0, 1, -1, 0), 180: (-1, 0, 0, -1)}


def _size(data, place):
    return struct.unpack_from('>I', data, place)[0]


def turn_video(path, degrees):
    """Have players turn an MP4 file, by the matrix of its track (ISO 14496-12, 8.3.2)."""
    data = bytearray(path.read_bytes())
    place = data.find(b'tkhd') + 4 + 40
    a, b, c, d = (value << 16 for value in TURNS[degrees])
    struct.pack_into('>9i', data, place, a, b, 0, c, d, 0, 0, 0, 1 << 30)
    path.write_bytes(data)


def squeeze_video(path, horizontal, vertical):
    """Give an MP4 file, whose moov is its end, pixels of another shape (box pasp)."""
    data = bytearray(path.read_bytes())
    entry = data.find(b'mp4v', data.find(b'stsd')) - 4
    end = entry + _size(data, entry)
    data[end:end] = struct.pack('>I4sII', 16, b'pasp', horizontal, vertical)
    for name in (b'moov', b'trak', b'mdia', b'minf', b'stbl', b'stsd', b'mp4v'):
        place = data.find(name, data.find(b'moov')) - 4
        struct.pack_into('>I', data, place, _size(data, place) + 16)
    path.write_bytes(data)
