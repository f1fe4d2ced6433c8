"""Images and videos as sources of jobs, and which input is what."""

import os
import pickle

from bag_kit import room_images, write_video
import cv2
from image_kit import corner_image, squeeze_video, turn_video, turned
from monodepth_ros.camera import load_calibration
from monodepth_ros.errors import CalibrationError, ConfigError, DatasetError, ImageError
from monodepth_ros.offline.images import ImageSource
from monodepth_ros.offline.jobs import Intrinsics
from monodepth_ros.offline.sources import open_sources
from monodepth_ros.offline.videos import VideoSource
import numpy as np
import pytest
from tiny_folder import write_tiny_folder


def opened(*paths):
    return open_sources([str(path) for path in paths], Intrinsics())


def test_images_of_a_folder_and_by_name(tmp_path):
    for name in ('b.JPG', 'a.png', 'notes.txt'):
        (tmp_path / name).write_text('')
    (tmp_path / 'folder.png').mkdir()
    (source,) = opened(tmp_path / 'notes.txt', tmp_path)
    assert [job.name for job in source.jobs()] == ['notes', 'a', 'b']
    assert [job.label for job in source.jobs()][1] == str(tmp_path / 'a.png')
    with pytest.raises(ConfigError, match='/none.png does not exist'):
        opened('/none.png')
    with pytest.raises(ConfigError, match='no images and no bag in .*folder.png; known endings'):
        opened(tmp_path / 'folder.png')


def test_results_never_replace_each_other(tmp_path):
    for name in ('a/x.png', 'b/x.png'):
        (tmp_path / name).parent.mkdir()
        (tmp_path / name).write_text('')
    with pytest.raises(ConfigError, match='b/x.png would replace those of .*a/x.png'):
        opened(tmp_path / 'a', tmp_path / 'b')
    for name in ('a/y.avi', 'b/y.avi'):
        write_video(tmp_path / name, room_images(2, (64, 48)), codec='MJPG')
    with pytest.raises(ConfigError, match='b/y.avi would replace those of .*a/y.avi'):
        opened(tmp_path / 'a' / 'y.avi', tmp_path / 'b' / 'y.avi')


def test_image_with_intrinsics(tmp_path):
    root = write_tiny_folder(tmp_path / 'data', count=1)
    intrinsics = Intrinsics(load_calibration(root / 'camera.yaml'))
    (job,) = ImageSource({root / 'rgb' / '0000.png': '0000'}, intrinsics).jobs()
    frame, note = pickle.loads(pickle.dumps(job)).load()
    expected = cv2.imread(str(root / 'rgb' / '0000.png'))[..., ::-1]
    np.testing.assert_array_equal(frame.image, expected)
    assert (frame.camera.matrix[0], note) == (100.0, '')


def test_images_that_cannot_be_used(tmp_path):
    (tmp_path / 'empty.png').write_bytes(b'')
    (tmp_path / 'text.png').write_bytes(b'no image at all')
    cv2.imwrite(str(tmp_path / 'wide.png'), np.zeros((48, 90, 3), np.uint8))
    calibration = load_calibration(write_tiny_folder(tmp_path / 'data', count=1) / 'camera.yaml')
    names = ('empty.png', 'text.png', 'gone.png', 'wide.png')
    source = ImageSource({tmp_path / name: name for name in names}, Intrinsics(calibration))
    empty, text, gone, wide = source.jobs()
    with pytest.raises(ImageError, match='^0 bytes that are no whole image'):
        empty.load()
    with pytest.raises(ImageError, match='15 bytes that are no whole image'):
        text.load()
    with pytest.raises(DatasetError, match='cannot be read: No such file'):
        gone.load()
    with pytest.raises(CalibrationError, match='90 x 48'):
        wide.load()


@pytest.mark.parametrize(
    ('intrinsics', 'known'),
    [(Intrinsics(), False), (Intrinsics(hfov=60.0), True)],
)
def test_known_intrinsics(tmp_path, intrinsics, known):
    assert ImageSource({}, intrinsics).calibrated == known


def test_video(tmp_path):
    images = room_images(5, (64, 48))
    write_video(tmp_path / 'walk.avi', images, fps=12.5, codec='MJPG')
    (source,) = opened(tmp_path / 'walk.avi')
    assert (source.name, source.fps, len(source)) == ('walk', 12.5, 5)
    jobs = list(source.jobs())
    assert [job.name for job in jobs] == [f'walk_00000{index}' for index in range(5)]
    for job, image in zip(jobs, images):
        frame, _ = pickle.loads(pickle.dumps(job)).load()
        # JPEG loses a little; with red and blue swapped the difference is many times as large.
        assert np.abs(frame.image.astype(int) - image).mean() < 6
        assert np.abs(frame.image[..., ::-1].astype(int) - image).mean() > 8


def test_truncated_video(tmp_path):
    path = tmp_path / 'walk.avi'
    write_video(path, room_images(30, (64, 48)), codec='MJPG')
    data = path.read_bytes()
    path.write_bytes(data[: len(data) // 2])
    jobs = list(VideoSource(path, Intrinsics()).jobs())
    assert 5 < len(jobs) < 25
    assert all(job.load()[0].image.shape == (48, 64, 3) for job in jobs[:-1])
    with pytest.raises(DatasetError, match=f'ends after {len(jobs) - 1} of 30 frames'):
        jobs[-1].load()


@pytest.mark.parametrize('keep', [0, 20, 2000])
def test_video_that_cannot_be_opened(tmp_path, keep):
    path = tmp_path / 'walk.mp4'
    write_video(path, room_images(10, (64, 48)))
    path.write_bytes(path.read_bytes()[:keep])
    with pytest.raises(DatasetError, match=f'video {path} cannot be opened; it is truncated'):
        opened(path)


def test_images_come_first_then_each_video(tmp_path):
    for name in ('one.avi', 'two.avi'):
        write_video(tmp_path / name, room_images(2, (64, 48)), codec='MJPG')
    root = write_tiny_folder(tmp_path / 'data', count=2)
    sources = opened(tmp_path / 'one.avi', root / 'rgb', tmp_path / 'two.avi')
    assert [(source.name, len(source)) for source in sources] == [
        ('images', 2),
        ('one', 2),
        ('two', 2),
    ]
    assert [source.default_kinds for source in sources][1:] == [('video',), ('video',)]


@pytest.mark.parametrize('degrees', [90, 180])
def test_frames_of_a_turned_video_come_as_they_are_stored(tmp_path, degrees):
    path = tmp_path / 'walk.mp4'
    write_video(path, [corner_image()] * 3)
    turn_video(path, degrees)
    # What is to be told from: OpenCV by itself turns them.
    turned_by_opencv = cv2.VideoCapture(str(path)).read()[1][..., ::-1]
    assert turned_by_opencv.shape != (48, 64, 3) or turned_by_opencv[8, 8, 0] < 50
    (source,) = opened(path)
    frame, note = next(source.jobs()).load()
    assert frame.image.shape == (48, 64, 3)
    assert frame.image[8, 8, 0] > 200 > 50 > frame.image[40, 60, 0]
    assert f'players turn them by {degrees} degrees' in note or degrees == 90 and '270' in note


def test_turned_image_keeps_its_calibration(tmp_path):
    path = tmp_path / 'photo.jpg'
    path.write_bytes(turned('.jpg', 6))
    root = write_tiny_folder(tmp_path / 'data', count=1)
    calibration = load_calibration(root / 'camera.yaml').resized(64, 48)
    (source,) = open_sources([str(path)], Intrinsics(calibration))
    frame, note = next(source.jobs()).load()
    assert frame.image[8, 8, 0] > 200 and frame.camera == calibration
    assert '(orientation 6)' in note


def test_pixels_of_a_video_that_are_not_square(tmp_path):
    path = tmp_path / 'walk.mp4'
    write_video(path, room_images(2, (64, 48)))
    squeeze_video(path, 4, 3)
    (source,) = open_sources([str(path)], Intrinsics(hfov=90.0))
    camera = next(source.jobs()).load()[0].camera.rectified
    assert (camera.fx, camera.fy) == (pytest.approx(32.0), pytest.approx(32 * 4 / 3))


@pytest.mark.parametrize(
    ('name', 'codec'),
    [('a.ts', 'mp4v'), ('a.wmv', 'WMV2'), ('a.flv', 'FLV1'), ('a.mkv', 'MJPG'), ('a', 'MJPG')],
)
def test_videos_of_any_ending(tmp_path, name, codec):
    path = tmp_path / f'{name}{"" if "." in name else ".avi"}'
    write_video(path, room_images(30, (64, 48)), 25, codec)
    path = path.rename(tmp_path / name)
    (source,) = opened(path)
    assert isinstance(source, VideoSource)
    loaded = [job.load()[0].image.shape for job in source.jobs()]
    assert set(loaded) == {(48, 64, 3)} and len(loaded) >= 28


def test_a_page_in_place_of_a_video(tmp_path):
    (tmp_path / 'walk.mp4').write_bytes(b'<!DOCTYPE html>' + b' ' * 999)
    with pytest.raises(DatasetError, match=r'no video \(HTML or XML page\), or needs a codec'):
        opened(tmp_path / 'walk.mp4')


def test_video_with_a_name_that_is_not_utf8(tmp_path):
    path = tmp_path / os.fsdecode(b'caf\xe9.avi')
    write_video(tmp_path / 'x.avi', room_images(2, (64, 48)), codec='MJPG')
    (tmp_path / 'x.avi').rename(path)
    (source,) = opened(path)
    assert len(list(source.jobs())) == 2 and source.name == path.stem


def test_hidden_files_and_results_are_no_inputs(tmp_path):
    for name in ('a.png', '.b.png', '._a.png', 'a_panel.png', 'a_depth.png', 'a_label.png'):
        (tmp_path / name).write_text('')
    assert [job.name for job in opened(tmp_path)[0].jobs()] == ['a']
    # By its name anything is an input.
    (source,) = opened(tmp_path / 'a_depth.png', tmp_path / '.b.png')
    assert [job.name for job in source.jobs()] == ['a_depth', '.b']


@pytest.mark.parametrize(
    ('name', 'words'),
    [('a_depth.png', 'has results of this command only'), ('a.mp4', 'has videos only, the first')],
)
def test_folders_of_something_else(tmp_path, name, words):
    (tmp_path / name).write_text('')
    with pytest.raises(ConfigError, match=words):
        opened(tmp_path)


def test_inputs_of_one_stem_get_their_endings(tmp_path):
    for name in ('x.png', 'x.JPG', 'y.png'):
        (tmp_path / name).write_text('')
    assert [job.name for job in opened(tmp_path)[0].jobs()] == ['x_JPG', 'x_png', 'y']
    for name in ('walk.avi', 'walk.mkv'):
        write_video(tmp_path / name, room_images(2, (64, 48)), codec='MJPG')
    sources = opened(tmp_path / 'walk.avi', tmp_path / 'walk.mkv')
    assert [source.name for source in sources] == ['walk_avi', 'walk_mkv']
    assert next(sources[1].jobs()).name == 'walk_mkv_000000'


def test_a_heic_photo_in_a_folder_is_named(tmp_path):
    (tmp_path / 'photo.heic').write_bytes(b'\0\0\0\x10ftypheic\0\0\0\0')
    (job,) = opened(tmp_path)[0].jobs()
    with pytest.raises(ImageError, match='is HEIC, .*heif-convert'):
        job.load()
