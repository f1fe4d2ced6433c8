"""What a file is, by its first bytes."""

from bag_kit import room_images, write_video
from image_kit import encoded
from monodepth_ros.image_formats import format_of, LONGEST_HEAD
import pytest


@pytest.mark.parametrize(
    ('ending', 'name'),
    [('.jpg', 'JPEG'), ('.png', 'PNG'), ('.bmp', 'BMP'), ('.tif', 'TIFF'), ('.webp', 'WebP')],
)
def test_images(ending, name):
    form = format_of(encoded(ending)[:LONGEST_HEAD])
    assert (form.name, form.kind, form.remedy) == (name, 'image', '')


@pytest.mark.parametrize(
    ('ending', 'codec', 'name'),
    [
        ('.mp4', 'mp4v', 'MP4'),
        ('.avi', 'MJPG', 'AVI'),
        ('.mkv', 'MJPG', 'Matroska or WebM'),
        ('.ts', 'mp4v', 'MPEG transport stream'),
        ('.wmv', 'WMV2', 'Windows Media'),
        ('.flv', 'FLV1', 'Flash Video'),
    ],
)
def test_videos(tmp_path, ending, codec, name):
    path = tmp_path / f'walk{ending}'
    write_video(path, room_images(12, (64, 48)), 25, codec)
    form = format_of(path.read_bytes()[:LONGEST_HEAD])
    assert (form.name, form.kind) == (name, 'video')


def brands(*names):
    body = b'ftyp' + names[0] + b'\0\0\0\0' + b''.join(names[1:])
    return (len(body) + 4).to_bytes(4, 'big') + body


@pytest.mark.parametrize(
    ('data', 'name', 'kind'),
    [
        (brands(b'heic', b'mif1'), 'HEIC', 'image'),
        (brands(b'mif1', b'heic'), 'HEIC', 'image'),
        (brands(b'mif1', b'avif'), 'AVIF', 'image'),
        (brands(b'avis', b'msf1'), 'AVIF', 'image'),
        (brands(b'qt  '), 'QuickTime', 'video'),
        (brands(b'isom', b'av01'), 'MP4', 'video'),
        (b'GIF89a', 'GIF', 'video'),
        (b'\0' * 4 + b'GGG', '', 'other'),
        ((b'\0\0\0\0G' + b'\xff' * 187) * 3, 'MPEG transport stream', 'video'),
        (b'#ROSBAG V2.0\n', 'ROS 1 bag', 'bag'),
        (b'\x89MCAP0\r\n', 'MCAP', 'bag'),
        (b'%PDF-1.7', 'PDF', 'other'),
        (b'\xef\xbb\xbf\n <!DOCTYPE html>', 'HTML or XML page', 'other'),
        (b'<svg xmlns', 'SVG', 'other'),
        (b'version https://git-lfs.github.com/spec/v1\n', 'Git LFS pointer', 'other'),
        (b'', '', 'other'),
        (b'notes', '', 'other'),
    ],
)
def test_names(data, name, kind):
    form = format_of(data)
    assert (form.name, form.kind) == (name, kind)
