"""Files of frames, and videos."""

from bag_kit import make_predictor, room_images
import cv2
from monodepth_ros.camera import CameraModel
from monodepth_ros.errors import ConfigError
from monodepth_ros.frames import Frame, UNLABELLED
from monodepth_ros.offline.sinks import FILES, Products, VideoWriter
import numpy as np
import pytest

KINDS = tuple(FILES)


@pytest.fixture
def prediction():
    predictor = make_predictor()
    image = room_images(1, (320, 256))[0].copy()
    image[0, 0] = 250
    camera = CameraModel(320, 256, (259.43, 0, 159.5, 0, 259.43, 127.5, 0, 0, 1))
    return predictor.predict(Frame(image, camera))


@pytest.fixture
def facts():
    return make_predictor().engine.facts


def test_files_of_a_frame(tmp_path, prediction, facts):
    prediction.depth[0, :3] = np.nan, np.inf, 65.536
    prediction.depth[0, 3] = 65.535
    products = Products(tmp_path, KINDS, stride=4, calibrated=True)
    assert not products.are_complete('x')
    assert products.make('x', prediction, facts) == {}
    assert products.are_complete('x')
    assert {path.name for path in tmp_path.iterdir()} == {f'x{end}' for end in FILES.values()}

    depth = cv2.imread(str(tmp_path / 'x_depth.png'), cv2.IMREAD_UNCHANGED)
    assert depth.dtype == np.uint16
    assert depth[0, :4].tolist() == [0, 0, 0, 65535]
    # The formula: 1 m + red / 100.
    expected = 1000 + 10 * prediction.image[1:, :, 0].astype(int)
    assert np.abs(depth[1:].astype(int) - expected).max() <= 1
    label = cv2.imread(str(tmp_path / 'x_label.png'), cv2.IMREAD_UNCHANGED)
    np.testing.assert_array_equal(label, prediction.label)
    header = (tmp_path / 'x_cloud.ply').read_bytes()[:300].decode(errors='replace')
    # A quarter of 320 x 256, less the first pixel; pixels 1 to 3 are not in it.
    assert f'element vertex {80 * 64 - 1}\n' in header
    assert cv2.imread(str(tmp_path / 'x_panel.png')).shape[1] > 960


@pytest.mark.parametrize('kind', KINDS)
def test_each_missing_file_counts(tmp_path, prediction, facts, kind):
    products = Products(tmp_path, KINDS, calibrated=True)
    products.make('x', prediction, facts)
    (tmp_path / f'x{FILES[kind]}').unlink()
    assert not products.are_complete('x')
    others = tuple(other for other in KINDS if other != kind)
    assert Products(tmp_path, others, calibrated=True).are_complete('x')


def test_cloud_is_not_missed_without_intrinsics(tmp_path, facts):
    bare = make_predictor().predict(Frame(room_images(1, (64, 48))[0]))
    Products(tmp_path, KINDS).make('x', bare, facts)
    assert not (tmp_path / 'x_cloud.ply').exists()
    assert Products(tmp_path, KINDS).are_complete('x')
    assert not Products(tmp_path, KINDS, calibrated=True).are_complete('x')


def test_folder_that_is_gone(tmp_path, prediction, facts):
    with pytest.raises(ConfigError, match='cannot write .*x_label.png: No such file'):
        Products(tmp_path / 'gone', ('label',)).make('x', prediction, facts)


def test_half_a_file_is_none(tmp_path, prediction, facts, monkeypatch):
    """Like on a full disk: the first bytes are written and the next are not."""

    def write_half(path, cloud):
        path.write_bytes(b'ply')
        raise OSError(28, 'No space left on device')

    monkeypatch.setattr('monodepth_ros.offline.sinks.write_ply', write_half)
    with pytest.raises(ConfigError, match='cannot write .*x_cloud.ply: No space left on device'):
        Products(tmp_path, ('cloud',)).make('x', prediction, facts)
    assert list(tmp_path.iterdir()) == []


def test_video_panels_have_one_size(tmp_path, prediction, facts):
    products = Products(tmp_path, ('video',))
    first = products.make('x', prediction, facts)['video']
    prediction.label[:] = UNLABELLED
    prediction.depth[:] = np.nan
    prediction.depth[0] = np.inf
    assert products.make('x', prediction, facts)['video'].shape == first.shape


def read(path):
    capture = cv2.VideoCapture(str(path))
    frames = []
    while (found := capture.read())[0]:
        frames.append(found[1][..., ::-1])
    return capture.get(cv2.CAP_PROP_FPS), frames


def test_video(tmp_path):
    colors = [(200, 30, 30), (30, 200, 30), (30, 30, 200)]
    writer = VideoWriter(tmp_path / 'x.mp4', 12.5)
    for color in colors:
        writer.add(0, np.full((47, 63, 3), color, np.uint8))
    assert not (tmp_path / 'x.mp4').exists()
    writer.finish()
    assert [path.name for path in tmp_path.iterdir()] == ['x.mp4']
    fps, frames = read(tmp_path / 'x.mp4')
    assert fps == pytest.approx(12.5)
    assert [frame.shape for frame in frames] == [(48, 64, 3)] * 3
    for frame, color in zip(frames, colors):
        assert np.abs(frame[:40, :56].astype(int) - color).max() < 12


def test_picture_of_another_size_is_fitted(tmp_path):
    writer = VideoWriter(tmp_path / 'x.mp4', 10.0)
    writer.add(0, np.zeros((48, 64, 3), np.uint8))
    for shape in ((96, 64, 3), (48, 640, 3), (16, 16, 3)):
        writer.add(0, np.zeros(shape, np.uint8))
    writer.finish()
    _, frames = read(tmp_path / 'x.mp4')
    # Black pictures: 64 x 96 shrinks to 32 x 48, 640 x 48 to 64 x 5, 16 x 16 stays; white beside.
    corners = [(frame[2, 2].max() < 60, frame[-3, -3].min() > 195) for frame in frames]
    assert corners == [(True, False), (True, True), (True, True), (True, True)]


def test_aborted_and_empty_videos_leave_nothing(tmp_path):
    writer = VideoWriter(tmp_path / 'x.mp4', 10.0)
    writer.add(0, np.zeros((48, 64, 3), np.uint8))
    writer.abort()
    empty = VideoWriter(tmp_path / 'y.mp4', 10.0)
    empty.finish()
    empty.abort()
    assert list(tmp_path.iterdir()) == []


def test_video_that_cannot_be_written(tmp_path):
    writer = VideoWriter(tmp_path / 'gone' / 'x.mp4', 10.0)
    with pytest.raises(ConfigError, match='cannot write video .*x.mp4: the disk is full'):
        writer.add(0, np.zeros((48, 64, 3), np.uint8))
    writer.abort()


def test_damaged_video_is_not_given_its_name(tmp_path):
    writer = VideoWriter(tmp_path / 'x.mp4', 10.0)
    for value in range(20):
        writer.add(0, np.full((48, 64, 3), value, np.uint8))
    writer._writer.release()
    (tmp_path / 'x.partial.mp4').write_bytes(b'cut')
    with pytest.raises(ConfigError, match='cannot write video'):
        writer.finish()
    writer.abort()
    assert list(tmp_path.iterdir()) == []
