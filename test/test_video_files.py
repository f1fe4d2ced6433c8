"""Videos of any name, codec and shape of pixels."""

import os
from types import SimpleNamespace

from bag_kit import room_images, write_video
from image_kit import squeeze_video
from monodepth_ros.video_files import codec_of, name_for_opencv, open_video, pixel_aspect
import pytest

NOT_UTF8 = os.fsdecode(b'caf\xe9')


@pytest.mark.parametrize('name', ['walk.avi', 'café.avi', f'{NOT_UTF8}.avi', f'{NOT_UTF8}/x.avi'])
def test_names(tmp_path, name):
    path = tmp_path / name
    path.parent.mkdir(exist_ok=True)
    write_video(tmp_path / 'plain.avi', room_images(2, (64, 48)), codec='MJPG')
    (tmp_path / 'plain.avi').rename(path)
    capture = open_video(path)
    assert [capture.read()[0] for _ in range(3)] == [True, True, False]


def test_a_name_to_write_to(tmp_path):
    path = tmp_path / f'{NOT_UTF8}.mp4'
    with name_for_opencv(path) as name:
        assert name.endswith('.mp4') and name.encode()
        open(name, 'wb').close()
    assert path.exists() and not os.path.exists(name)


@pytest.mark.parametrize(
    ('letters', 'codec'),
    [
        (b'av01', 'AV1'),
        (b'hvc1', 'H.265'),
        (b'FMP4', 'FMP4'),
        (b'\0\0\0\0', ''),
        (b'\xff' * 4, '\ufffd' * 4),
    ],
)
def test_codecs(letters, codec):
    code = float(int.from_bytes(letters, 'little', signed=True))
    assert codec_of(SimpleNamespace(get=lambda _: code)) == codec


def test_pixel_aspect(tmp_path):
    path = tmp_path / 'walk.mp4'
    write_video(path, room_images(2, (64, 48)))
    assert pixel_aspect(open_video(path)) == 1
    squeeze_video(path, 4, 3)
    capture = open_video(path)
    assert pixel_aspect(capture) == pytest.approx(4 / 3)
    assert capture.read()[1].shape == (48, 64, 3)


def test_no_pixel_aspect():
    assert pixel_aspect(SimpleNamespace(get=lambda _: 0.0)) == 1
