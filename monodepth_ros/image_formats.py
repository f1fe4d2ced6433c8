"""What a file is, by its first bytes: the name people give it, and how to get an image of it."""

from __future__ import annotations

from dataclasses import dataclass

IMAGE, VIDEO, BAG, OTHER = 'image', 'video', 'bag', 'other'

LONGEST_HEAD = 1024
"""Bytes that are enough to tell."""


@dataclass(frozen=True)
class Format:
    """A kind of file.

    Attributes:
        name: what people call it.
        kind: `IMAGE`, `VIDEO`, `BAG` or `OTHER`.
        remedy: what to do where an image is wanted and OpenCV cannot read it, or ''.

    """

    name: str
    kind: str
    remedy: str = ''


_BY_FFMPEG = 'convert it: ffmpeg -i FILE FILE.png'
_UNPACK = 'unpack it first'

_STARTS = (
    (b'\xff\xd8\xff', Format('JPEG', IMAGE)),
    (b'\x89PNG\r\n\x1a\n', Format('PNG', IMAGE)),
    (b'BM', Format('BMP', IMAGE)),
    (b'II*\0', Format('TIFF', IMAGE)),
    (b'MM\0*', Format('TIFF', IMAGE)),
    (b'II+\0', Format('BigTIFF', IMAGE)),
    (b'MM\0+', Format('BigTIFF', IMAGE)),
    (b'\xff\x0a', Format('JPEG XL', IMAGE, 'convert it: djxl FILE FILE.png')),
    (b'\0\0\0\x0cJXL ', Format('JPEG XL', IMAGE, 'convert it: djxl FILE FILE.png')),
    (b'\0\0\0\x0cjP  ', Format('JPEG 2000', IMAGE, _BY_FFMPEG)),
    (b'v/1\x01', Format('OpenEXR', IMAGE, _BY_FFMPEG)),
    (b'8BPS', Format('Photoshop', IMAGE, _BY_FFMPEG)),
    (b'GIF8', Format('GIF', VIDEO)),
    (b'\x1aE\xdf\xa3', Format('Matroska or WebM', VIDEO)),
    (b'0&\xb2u\x8ef\xcf\x11', Format('Windows Media', VIDEO)),
    (b'FLV\x01', Format('Flash Video', VIDEO)),
    (b'OggS', Format('Ogg', VIDEO)),
    (b'\0\0\x01\xba', Format('MPEG program stream', VIDEO)),
    (b'\0\0\x01\xb3', Format('MPEG video', VIDEO)),
    (b'#ROSBAG V', Format('ROS 1 bag', BAG)),
    (b'\x89MCAP0\r\n', Format('MCAP', BAG)),
    (b'SQLite format 3\0', Format('SQLite', BAG)),
    (b'%PDF', Format('PDF', OTHER, 'extract its images: pdfimages -png FILE NAME')),
    (b'PK\x03\x04', Format('ZIP', OTHER, _UNPACK)),
    (b'\x1f\x8b', Format('gzip', OTHER, _UNPACK)),
    (b'(\xb5/\xfd', Format('Zstandard', OTHER, 'unpack it first: zstd -d FILE')),
    (b'7z\xbc\xaf', Format('7-Zip', OTHER, _UNPACK)),
    (b'\x93NUMPY', Format('NumPy', OTHER, 'write its arrays as PNG files')),
    (b'\x89HDF', Format('HDF5', OTHER, 'write its arrays as PNG files')),
    (
        b'version https://git-lfs',
        Format('Git LFS pointer', OTHER, 'fetch the file itself: git lfs pull'),
    ),
    (b'<svg', Format('SVG', OTHER, 'draw it as PNG')),
    (b'<', Format('HTML or XML page', OTHER, 'download the image itself')),
)

_AVIF = Format('AVIF', IMAGE, 'convert it: avifdec FILE FILE.png')
_HEIC = Format('HEIC', IMAGE, 'convert it: heif-convert FILE FILE.png')
_UNKNOWN = Format('', OTHER)

_MPEG_PACKET = 188
"""Bytes of an MPEG transport stream from one 0x47 to the next (ISO 13818-1); cameras put a time
of four bytes before each."""


def format_of(data: bytes) -> Format:
    """Return the format of a file that begins with these bytes; its name is '' where unknown."""
    if data[4:8] == b'ftyp':
        return _of_brands(data)
    if data[:4] == b'RIFF':
        return _of_riff(data)
    for size, first in ((_MPEG_PACKET, 0), (_MPEG_PACKET + 4, 4)):
        if bytes(data[first::size][:3]) == b'GGG':
            return Format('MPEG transport stream', VIDEO)
    # Texts may begin with spaces or a byte order mark.
    text = data[:LONGEST_HEAD].lstrip(b'\xef\xbb\xbf \r\n\t')
    found = (form for start, form in _STARTS if data.startswith(start) or text.startswith(start))
    return next(found, _UNKNOWN)


def _of_brands(data):
    """Return which of the ISO base media formats it is (ISO 14496-12, 4.3)."""
    end = min(int.from_bytes(data[:4], 'big'), len(data), LONGEST_HEAD)
    brands = {data[8:12], *(data[16:end][place:][:4] for place in range(0, end, 4))}
    if brands & {b'avif', b'avis'}:
        return _AVIF
    if brands & {b'heic', b'heix', b'heim', b'heis', b'hevc', b'hevx', b'mif1', b'msf1'}:
        return _HEIC
    if data[8:12] == b'crx ':
        return Format('Canon raw', IMAGE, 'convert it to PNG or JPEG')
    return Format('QuickTime' if data[8:12] == b'qt  ' else 'MP4', VIDEO)


def _of_riff(data):
    known = {b'WEBP': Format('WebP', IMAGE), b'AVI ': Format('AVI', VIDEO)}
    return known.get(data[8:12], Format('RIFF', OTHER))
