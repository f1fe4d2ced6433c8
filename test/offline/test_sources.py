"""Images and videos as sources of jobs, and which input is what."""

import pickle

from bag_kit import room_images, write_video
import cv2
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
