"""Where a calibration is: what a driver's own URL means here."""

from monodepth_ros.errors import CalibrationError
from monodepth_ros.ros import calibration_url
from monodepth_ros.ros.calibration_url import resolve_url
import pytest


@pytest.mark.parametrize(
    'url', ['http://host/camera.yaml', 'file://host/camera.yaml', 'flash:///camera']
)
def test_other_urls_are_refused(url):
    with pytest.raises(CalibrationError, match='expected a path') as caught:
        resolve_url(url)
    assert caught.value.reason == 'bad_file' and url in str(caught.value)


def test_package_url(monkeypatch, tmp_path):
    share = tmp_path / 'share' / 'robot'
    monkeypatch.setattr(
        calibration_url, 'package_share_directory', lambda p: share if p == 'robot' else None
    )
    assert resolve_url('package://robot/config/camera.yaml') == share / 'config/camera.yaml'
    with pytest.raises(CalibrationError, match='no file inside the package'):
        resolve_url('package://robot/../other/camera.yaml')
    with pytest.raises(CalibrationError, match="no ROS package 'nowhere'"):
        resolve_url('package://nowhere/camera.yaml')


def test_package_url_cannot_leave_the_package(monkeypatch, tmp_path):
    share = tmp_path / 'share' / 'robot'
    monkeypatch.setattr(calibration_url, 'package_share_directory', lambda p: share)
    for path in ('/../../x.yaml', '/%2e%2e/x.yaml', '/a/../../x.yaml', '', '/', '/.'):
        with pytest.raises(CalibrationError, match='no file inside') as caught:
            resolve_url(f'package://robot{path}')
        assert caught.value.reason == 'bad_file'
    # An absolute path is one inside the package.
    assert resolve_url('package://robot//etc/passwd') == share / 'etc/passwd'
    assert resolve_url('package://robot/a/../b.yaml') == share / 'b.yaml'


def test_home_and_relative_paths(monkeypatch, tmp_path):
    monkeypatch.setenv('HOME', str(tmp_path))
    assert resolve_url('~/camera.yaml') == tmp_path / 'camera.yaml'
    assert str(resolve_url('camera.yaml')) == 'camera.yaml'


def test_home_of_ros(monkeypatch, tmp_path):
    monkeypatch.setenv('HOME', str(tmp_path))
    monkeypatch.delenv('ROS_HOME', raising=False)
    url = 'file://${ROS_HOME}/camera_info/front.yaml'
    assert resolve_url(url) == tmp_path / '.ros' / 'camera_info' / 'front.yaml'
    monkeypatch.setenv('ROS_HOME', '/var/ros')
    assert str(resolve_url(url)) == '/var/ros/camera_info/front.yaml'


def test_name_of_the_camera(tmp_path):
    url = f'file://{tmp_path}/${{NAME}}.yaml'
    assert resolve_url(url, 'front') == tmp_path / 'front.yaml'
    with pytest.raises(CalibrationError, match='has no name, and no file fits; write it'):
        resolve_url(url)
    (tmp_path / 'only.yaml').touch()
    assert resolve_url(url) == tmp_path / 'only.yaml'
    (tmp_path / 'other.yaml').touch()
    with pytest.raises(CalibrationError, match='2 files fit') as caught:
        resolve_url(url)
    assert caught.value.reason == 'bad_file' and 'other.yaml' in str(caught.value)


@pytest.mark.parametrize('variable', ['${name}', '${HOME}', '${NAME'])
def test_other_variables_are_refused(variable):
    with pytest.raises(CalibrationError, match='is not known, expected .*NAME. or .*ROS_HOME'):
        resolve_url(f'file:///x/{variable}.yaml', 'front')


def test_a_dollar_alone_is_one():
    assert str(resolve_url('/x/$NAME/$.yaml')) == '/x/$NAME/$.yaml'


def test_scheme_in_capitals():
    assert str(resolve_url('FILE:///x/camera.yaml')) == '/x/camera.yaml'
    assert str(resolve_url('file://localhost/x/camera.yaml')) == '/x/camera.yaml'


def test_a_name_with_per_cent_is_taken_as_drivers_take_it(tmp_path):
    assert resolve_url(f'file://{tmp_path}/a%20b.yaml') == tmp_path / 'a b.yaml'
    (tmp_path / 'a%20b.yaml').touch()
    assert resolve_url(f'file://{tmp_path}/a%20b.yaml') == tmp_path / 'a%20b.yaml'
