"""Intrinsics from messages and files; what is wrong with them is told, not raised."""

from bench import make_camera_info
from monodepth_ros.camera import CameraModel
from monodepth_ros.errors import CalibrationError
from monodepth_ros.ros import calibration
from monodepth_ros.ros.calibration import Calibration, resolve_url
import pytest

YAML = """image_width: 64
image_height: 48
camera_name: test
camera_matrix: {rows: 3, cols: 3, data: [55.0, 0, 31.5, 0, 55.0, 23.5, 0, 0, 1]}
distortion_model: plumb_bob
distortion_coefficients: {rows: 1, cols: 5, data: [0, 0, 0, 0, 0]}
rectification_matrix: {rows: 3, cols: 3, data: [1, 0, 0, 0, 1, 0, 0, 0, 1]}
projection_matrix: {rows: 3, cols: 4, data: [55.0, 0, 31.5, 0, 0, 55.0, 23.5, 0, 0, 0, 1, 0]}
"""


def test_nothing_known_yet():
    known = Calibration()
    assert known.state == 'waiting' and known.error is None
    assert known.camera(64, 48) is None
    assert known.state == known.error.reason == 'uncalibrated'
    assert 'camera.info_url' in str(known.error)


def test_message_and_resize():
    known = Calibration()
    known.update(make_camera_info(64, 48))
    assert known.camera(64, 48).rectified.fx == pytest.approx(0.866 * 64)
    assert known.camera(32, 24).rectified.fx == pytest.approx(0.866 * 32)
    assert known.error is None


def test_other_aspect_is_refused_until_mended():
    known = Calibration()
    known.update(make_camera_info(64, 48))
    assert known.camera(64, 64) is None
    assert known.error.reason == 'bad_size'
    known.update(make_camera_info(64, 64))
    assert known.state == 'waiting' and known.error is None
    assert known.camera(64, 64) is not None
    assert known.state == 'ok'


def test_same_message_again_is_not_resolved_again(monkeypatch):
    calls = []
    convert = CameraModel.from_camera_info
    monkeypatch.setattr(CameraModel, 'from_camera_info', lambda *a: calls.append(a) or convert(*a))
    known = Calibration()
    for _ in range(5):
        known.update(make_camera_info())
        first = known.camera(64, 48)
    assert len(calls) == 1
    assert known.camera(64, 48) is first
    known.update(make_camera_info(64, 48, d=[0.1, 0.0, 0.0, 0.0, 0.0]))
    assert known.camera(64, 48).is_distorted
    assert len(calls) == 2


@pytest.mark.parametrize('prefix', ['', 'file://'])
def test_file(tmp_path, prefix):
    path = tmp_path / 'a camera.yaml'
    path.write_text(YAML)
    known = Calibration()
    known.load(prefix + (str(path) if not prefix else str(path).replace(' ', '%20')))
    assert known.camera(64, 48).rectified.fx == pytest.approx(55)
    assert known.camera(128, 96).rectified.fx == pytest.approx(110)
    assert known.camera(100, 10) is None and known.error.reason == 'bad_size'


@pytest.mark.parametrize('url', ['http://host/camera.yaml', 'file://host/camera.yaml'])
def test_other_urls_are_refused(url):
    with pytest.raises(CalibrationError, match='expected a path') as caught:
        resolve_url(url)
    assert caught.value.reason == 'bad_file' and url in str(caught.value)


def test_package_url(monkeypatch, tmp_path):
    share = tmp_path / 'share' / 'robot'
    monkeypatch.setattr(
        calibration, 'package_share_directory', lambda p: share if p == 'robot' else None
    )
    assert resolve_url('package://robot/config/camera.yaml') == share / 'config/camera.yaml'
    with pytest.raises(CalibrationError, match='no file inside the package'):
        resolve_url('package://robot/../other/camera.yaml')
    with pytest.raises(CalibrationError, match="no ROS package 'nowhere'"):
        resolve_url('package://nowhere/camera.yaml')


def test_package_url_cannot_leave_the_package(monkeypatch, tmp_path):
    share = tmp_path / 'share' / 'robot'
    monkeypatch.setattr(calibration, 'package_share_directory', lambda p: share)
    for path in ('/../../x.yaml', '/%2e%2e/x.yaml', '/a/../../x.yaml', '', '/', '/.'):
        with pytest.raises(CalibrationError, match='no file inside') as caught:
            resolve_url(f'package://robot{path}')
        assert caught.value.reason == 'bad_file'
    # An absolute path is one inside the package.
    assert resolve_url('package://robot//etc/passwd') == share / 'etc/passwd'
    assert resolve_url('package://robot/a/../b.yaml') == share / 'b.yaml'


def test_package_built_with_links(monkeypatch, tmp_path):
    # colcon build --symlink-install: the file lies in the sources.
    source, share = tmp_path / 'src', tmp_path / 'install' / 'share' / 'robot'
    source.mkdir()
    share.mkdir(parents=True)
    (source / 'camera.yaml').write_text(YAML)
    (share / 'camera.yaml').symlink_to(source / 'camera.yaml')
    monkeypatch.setattr(calibration, 'package_share_directory', lambda p: share)
    known = Calibration()
    known.load('package://robot/camera.yaml')
    assert known.camera(64, 48).rectified.fx == pytest.approx(55)


def test_home_and_relative_paths(monkeypatch, tmp_path):
    monkeypatch.setenv('HOME', str(tmp_path))
    assert resolve_url('~/camera.yaml') == tmp_path / 'camera.yaml'
    (tmp_path / 'camera.yaml').write_text(YAML)
    monkeypatch.chdir(tmp_path)
    known = Calibration()
    known.load('camera.yaml')
    assert (known.expected.width, known.expected.height) == (64, 48)


def test_missing_file_is_named(tmp_path):
    with pytest.raises(CalibrationError, match='gone.yaml'):
        Calibration().load(str(tmp_path / 'gone.yaml'))
