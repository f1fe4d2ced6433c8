"""What scripts/scale_check measures: the true floor, poses that are wrong, scans, its table."""

from dataclasses import replace
import json
import math

from monodepth_ros.camera import CameraModel, PinholeCamera
from monodepth_ros.errors import ConfigError
from monodepth_ros.scale.plane import GroundPlane
from monodepth_ros.training.datasets import Sample
import numpy as np
import pytest
from scale_kit import make_depth, make_view, POSE, RoomEngine
from script_kit import load_script

F = 0.866 * 64
CAMERA = CameraModel.from_intrinsics(64, 48, (F, 0, 31.5, 0, F, 23.5, 0, 0, 1))
PLANE = GroundPlane.from_pose(POSE)
FLOOR = 2


@pytest.fixture(scope='module')
def script():
    return load_script('scale_check')


class Room:
    """A data set of one image, whose floor and wall are known."""

    classes = ('bed', 'chair', 'floor', 'wall')
    camera, crop, max_depth = CAMERA, None, 10.0

    def __len__(self):
        return 1

    def __getitem__(self, index):
        depth, label = make_depth(CAMERA.rectified, POSE)
        label = np.where(label == 4, FLOOR, 3).astype(np.uint8)
        return Sample('room', np.zeros((48, 64, 3), np.uint8), depth, label, CAMERA)


@pytest.mark.parametrize('step', [1, 2])
def test_the_true_plane_is_that_of_the_labelled_floor(script, step):
    sample = Room()[0]
    sample = replace(sample, depth=sample.depth[::step, ::step])
    plane = script.true_plane(sample, (FLOOR,), 0.01)
    assert plane.height == pytest.approx(0.6, rel=1e-3)
    assert plane.angle_to(PLANE) < 0.1


def test_too_little_floor_and_a_wall_for_one_are_none(script):
    sample = Room()[0]
    assert script.true_plane(sample, (0,), 0.01) is None
    assert script.true_plane(sample, (3,), 0.01) is None


@pytest.mark.parametrize('seed', range(5))
def test_a_wrong_pose_is_wrong_by_as_much_as_asked(script, seed):
    found = script.wrong(PLANE, 10, 0.3, seed)
    assert found.angle_to(PLANE) == pytest.approx(10)
    assert found.height / PLANE.height == pytest.approx(1.3) or found.height / PLANE.height == (
        pytest.approx(0.7)
    )
    assert np.linalg.norm(found.up) == pytest.approx(1)


def test_a_scan_is_a_row_of_the_true_depth_with_its_faults(script):
    points = script.scan_of(Room()[0], CAMERA.rectified, 0)
    assert points.shape == (script.RAYS, 3)
    grid: PinholeCamera = CAMERA.rectified
    columns = np.rint(points[:, 0] / points[:, 2] * grid.fx + grid.cx).astype(int)
    true = Room()[0].depth[24, columns]
    near = np.abs(points[:, 2] / true - 1) < 5 * script.NOISE
    assert 0.75 < near.mean() < 0.95
    np.testing.assert_allclose(points[:, 1] / points[:, 2], (24 - grid.cy) / grid.fy, atol=1e-6)


def _run(script, tmp_path, monkeypatch, *arguments):
    monkeypatch.setattr(script, 'make_engine', lambda options: RoomEngine(1.5))
    monkeypatch.setattr(script, 'open_dataset', lambda *_: Room())
    out = tmp_path / 'figures.json'
    assert script.main(['--root', 'x', '--out', str(out), *arguments]) == 0
    return json.loads(out.read_text())


@pytest.mark.parametrize('source', ['ground', 'points'])
def test_an_image_that_is_off_by_a_factor_is_mended(script, tmp_path, monkeypatch, capsys, source):
    found = _run(script, tmp_path, monkeypatch, '--source', source, '--degrees', '0')
    row = found['rows']['with a vote']
    assert row['n_images'] == 1 and row['delta1_before'] < 0.1
    assert row['delta1_after'] == row['delta1_best'] == 1.0
    assert row['rmse_after'] < row['rmse_before'] / 3
    assert found['rows']['without one']['n_images'] == 0
    assert (row['floor_close_before'], row['floor_close_after']) == (0.0, 1.0)
    text = capsys.readouterr().out
    assert '| with a vote | 1 | 0.0' in text
    words = (
        'after 2 s, depth of the floor within 8% on 100% of 1 images with 5% of it (before: 0%)'
    )
    assert f'all that can be judged: {words}' in text and f'with a vote: {words}' in text
    assert ('votes within 3% of that of an exact scan: 100%' in text) == (source == 'points')
    assert ('scan_off_median' in row) == (source == 'points')


def test_a_scan_that_is_off_is_said(script):
    view = make_view(1.5)
    exact = script.scan_of(Room()[0], CAMERA.rectified, 0, 0.0, 0.0)
    assert script.disagreement(view, 1.1 * exact, exact) == pytest.approx(0.1, abs=1e-6)
    assert math.isnan(script.disagreement(view, exact[:3], exact))


def test_a_wrong_pose_is_counted_as_warned_of(script, tmp_path, monkeypatch):
    found = _run(script, tmp_path, monkeypatch, '--degrees', '20')
    row = found['rows']['without one']
    assert row['n_images'] == 1 and row['warned'] == 1.0
    assert (row['floor_close_before'], row['floor_close_after']) == (0.0, 0.0)
    assert row['delta1_after'] == row['delta1_before']


def test_a_data_set_without_floor_is_refused(script, monkeypatch):
    room = Room()
    room.classes = ('bed', 'wall')
    monkeypatch.setattr(script, 'make_engine', lambda options: RoomEngine())
    monkeypatch.setattr(script, 'open_dataset', lambda *_: room)
    with pytest.raises(ConfigError, match='no class floor'):
        script.main(['--root', 'x'])
