"""Videos and bags as images without truth: which frames, whose camera, made once."""

from bag_kit import BagKit, IMAGE, INFO, room_images, stamp, write_room_bag
import cv2
from monodepth_ros.errors import ConfigError, DatasetError
from monodepth_ros.training.config import make_config
from monodepth_ros.training.datasets import open_dataset, recorded
from monodepth_ros.training.datasets.recorded import Thinning
from monodepth_ros.training.training_data import TrainingData
import numpy as np
import pytest

SIZE = (160, 120)
ALL = Thinning(min_change=0.0)


@pytest.fixture(autouse=True)
def cache(tmp_path, monkeypatch):
    """Keep the frames out of the user's cache."""
    monkeypatch.setenv('XDG_CACHE_HOME', str(tmp_path / 'cache'))
    return tmp_path / 'cache' / 'monodepth_ros' / 'frames'


@pytest.fixture
def video(tmp_path):
    """Return a video: six frames of one picture each, each of them twice."""
    path = tmp_path / 'walk.avi'
    writer = cv2.VideoWriter(str(path), cv2.VideoWriter_fourcc(*'MJPG'), 10, SIZE)
    for image in room_images(3, SIZE):
        for _ in range(2):
            writer.write(image[..., ::-1])
    writer.release()
    return path


def _open(path, thinning=None, **options):
    return open_dataset('unlabelled', path, 'train', thinning=thinning, **options)


def _differ(image, other):
    return float(np.abs(image.astype(float) - other).mean())


def test_a_video_gives_its_frames_without_truth(video):
    data = _open(video, ALL, hfov=60.0)
    assert data.ids == [f'{number:07}.jpg' for number in range(6)]
    # Any of them, in any order.
    for index in (5, 0, 3):
        sample = data[index]
        assert _differ(sample.image, room_images(3, SIZE)[index // 2]) < 6
        assert not sample.depth.any() and (sample.label == 255).all()
    assert data.camera.matrix[0] == pytest.approx(80 / np.tan(np.radians(30)), rel=1e-3)


def test_frames_alike_are_left_out(video):
    assert _open(video, hfov=60.0).ids == ['0000000.jpg', '0000002.jpg', '0000004.jpg']
    assert len(_open(video, Thinning(min_change=0.9), hfov=60.0)) == 1


def test_each_so_many_th_frame_is_looked_at(video):
    thinning = Thinning(every=4, min_change=0.0)
    assert _open(video, thinning, hfov=60.0).ids == ['0000000.jpg', '0000004.jpg']


def test_frames_are_made_once_until_something_changes(video, cache, monkeypatch):
    _open(video, hfov=60.0)
    (folder,) = cache.iterdir()
    with monkeypatch.context() as patched:
        patched.setattr(recorded, 'open_sources', None)
        assert len(_open(video, hfov=60.0)) == 3
        with pytest.raises(TypeError):
            _open(video, hfov=61.0)
    video.write_bytes(video.read_bytes() + b'\0')
    _open(video, hfov=60.0)
    assert len(list(cache.iterdir())) == 2 and folder.is_dir()


def test_a_run_that_is_killed_leaves_no_half(video, cache, monkeypatch):
    def die(*args):
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(recorded._Writer, 'write', die)
        with pytest.raises(KeyboardInterrupt):
            _open(video, hfov=60.0)
    assert list(cache.iterdir()) == []
    assert len(_open(video, hfov=60.0)) == 3


def test_a_calibration_beside_a_video_rectifies_it(video):
    text = recorded._calibration(_open(video, hfov=60.0).camera.rectified)
    (video.parent / 'camera.yaml').write_text(
        text.replace('[0.0, 0.0, 0.0,', '[-0.2, 0.0, 0.0,', 1)
    )
    data = _open(video)
    assert not data.camera.is_distorted
    straight = _open(video, hfov=60.0)[0].image
    # The middle stays, what is towards the corners moves.
    assert _differ(data[0].image[55:65, 75:85], straight[55:65, 75:85]) < 6
    outside = [np.s_[:40, :40], np.s_[:40, -40:], np.s_[-40:, :40], np.s_[-40:, -40:]]
    assert max(_differ(data[0].image[part], straight[part]) for part in outside) > 6


@pytest.mark.parametrize('storage', ['mcap', 'sqlite3'])
def test_a_bag_gives_images_and_intrinsics(tmp_path, storage):
    pytest.importorskip('rosbags')
    write_room_bag(tmp_path / 'drive', 4, SIZE, storage)
    data = _open(tmp_path / 'drive')
    assert len(data) == 4 and (data.camera.width, data.camera.height) == SIZE
    assert _differ(data[2].image, room_images(4, SIZE)[2]) < 6


def test_the_topic_of_several_is_named(tmp_path):
    pytest.importorskip('rosbags')
    with BagKit(tmp_path / 'two') as bag:
        for index, image in enumerate(room_images(2, SIZE)):
            bag.info(stamp(index), SIZE)
            bag.image(image, stamp(index))
            bag.image(255 - image, stamp(index), '/other/image_raw')
    with pytest.raises(ConfigError, match='/other/image_raw'):
        _open(tmp_path / 'two')
    assert len(_open(tmp_path / 'two', Thinning(IMAGE))) == 2
    assert INFO.startswith(IMAGE.rpartition('/')[0])


def test_large_frames_are_made_smaller(tmp_path, monkeypatch):
    monkeypatch.setattr(recorded, 'LONGEST_SIDE', 80)
    pytest.importorskip('rosbags')
    write_room_bag(tmp_path / 'drive', 1, SIZE)
    data = _open(tmp_path / 'drive')
    assert data[0].image.shape == (60, 80, 3)
    assert data.camera.matrix[0] == pytest.approx(
        _open_full(tmp_path, monkeypatch).camera.matrix[0] / 2
    )


def _open_full(tmp_path, monkeypatch):
    monkeypatch.setattr(recorded, 'LONGEST_SIDE', 1024)
    monkeypatch.setattr(recorded, 'MADE_BY', 0)
    return _open(tmp_path / 'drive')


def test_what_lacks_intrinsics_or_frames_is_said(video, tmp_path):
    with pytest.raises(
        DatasetError, match='no intrinsics; put camera.yaml beside it, or set hfov'
    ):
        _open(video)
    broken = tmp_path / 'broken.avi'
    broken.write_bytes(b'RIFF' + bytes(100))
    with pytest.raises(DatasetError, match='broken.avi'):
        _open(broken, hfov=60.0)


def test_it_is_a_share_of_a_mixture(video, tiny_folder):
    sources = [
        {'dataset': 'folder', 'root': str(tiny_folder), 'weight': 1},
        {'dataset': 'unlabelled', 'root': str(video), 'weight': 3, 'hfov': 60.0, 'every': 2},
    ]
    config = make_config({'network': 'tiny', 'mixture': sources, 'width': 64, 'height': 64})
    data = TrainingData(config, '/', limit=None)
    assert data.training.counts[1] == 3
    assert data.training.shares == pytest.approx((0.25, 0.75))


@pytest.mark.parametrize(('key', 'value'), [('every', 0), ('min_change', 1.5), ('topic', 3)])
def test_values_that_are_none_are_refused(key, value):
    source = {'dataset': 'unlabelled', key: value}
    with pytest.raises(ConfigError, match=f'mixture.0..{key} is {value}'):
        make_config({'network': 'tiny', 'mixture': [source]})
