"""Intrinsics from messages and files; what is wrong with them is told, not raised."""

from bench import make_camera_info
from monodepth_ros.camera import CameraModel
from monodepth_ros.errors import CalibrationError
from monodepth_ros.ros import calibration_url
from monodepth_ros.ros.calibration import Calibration
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


def test_package_built_with_links(monkeypatch, tmp_path):
    # colcon build --symlink-install: the file lies in the sources.
    source, share = tmp_path / 'src', tmp_path / 'install' / 'share' / 'robot'
    source.mkdir()
    share.mkdir(parents=True)
    (source / 'camera.yaml').write_text(YAML)
    (share / 'camera.yaml').symlink_to(source / 'camera.yaml')
    monkeypatch.setattr(calibration_url, 'package_share_directory', lambda p: share)
    known = Calibration()
    known.load('package://robot/camera.yaml')
    assert known.camera(64, 48).rectified.fx == pytest.approx(55)


def test_missing_file_is_named(tmp_path):
    with pytest.raises(CalibrationError, match='gone.yaml'):
        Calibration().load(str(tmp_path / 'gone.yaml'))


def test_field_of_view_stands_for_no_calibration_at_all():
    known = Calibration()
    known.assume(90.0)
    assert known.state == 'waiting' and known.notes == ()
    # Half of the width is as far from the axis as the image plane from the lens.
    assert known.camera(64, 48).rectified.fx == pytest.approx(32)
    assert known.camera(128, 96).rectified.fx == pytest.approx(64)
    assert known.state == 'assumed' and known.error is None
    assert known.notes == ('intrinsics are assumed: camera.hfov is 90 degrees',)


def test_another_field_of_view_holds_from_the_next_image_on():
    known = Calibration()
    assert known.camera(64, 48) is None
    for hfov, focal in ((90.0, 32), (60.0, 32 * 3**0.5)):
        known.assume(hfov)
        assert known.state == 'waiting'
        assert known.camera(64, 48).rectified.fx == pytest.approx(focal)
        assert known.state == 'assumed'
    known.assume(0.0)
    assert known.camera(64, 48) is None and known.state == 'uncalibrated'


def test_field_of_view_stands_for_the_message_of_an_uncalibrated_driver():
    known = Calibration()
    known.assume(90.0)
    known.update(make_camera_info(k=[0.0] * 9, p=[0.0] * 12))
    assert known.camera(64, 48).rectified.fx == pytest.approx(32)
    assert known.state == 'assumed'
    known.update(make_camera_info())
    assert known.camera(64, 48).rectified.fx == pytest.approx(0.866 * 64)
    assert known.state == 'ok' and known.notes == ()


def test_field_of_view_does_not_stand_for_a_calibration_that_cannot_be_used(tmp_path):
    known = Calibration()
    known.assume(90.0)
    known.update(make_camera_info(64, 64))
    assert known.camera(64, 48) is None and known.state == 'bad_size'
    (tmp_path / 'camera.yaml').write_text(YAML)
    known.load(str(tmp_path / 'camera.yaml'))
    assert known.camera(64, 48).rectified.fx == pytest.approx(55) and known.state == 'ok'


def test_what_was_guessed_of_a_message_is_told():
    known = Calibration()
    known.update(make_camera_info(0, 0, k=[55.0, 0, 31.5, 0, 55.0, 23.5, 0, 0, 1], p=[0.0] * 12))
    assert known.camera(64, 48).rectified.fx == pytest.approx(55)
    assert known.state == 'ok' and 'width and height of camera_info are 0' in known.notes[0]
    known.update(make_camera_info())
    assert known.notes == ()
