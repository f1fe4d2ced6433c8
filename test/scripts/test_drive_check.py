"""What scripts/drive_check measures: floors by poses, who is held when, summary, errors."""

from dataclasses import replace
from functools import partial
import json
import math

import cv2
from monodepth_ros.camera import CameraModel
from monodepth_ros.errors import ConfigError
from monodepth_ros.scale.ground import ground_vote, GroundSettings
from monodepth_ros.scale.pose import Pose
from monodepth_ros.training.datasets import Sample
import numpy as np
import pytest
from scale_kit import FLOOR, make_depth, make_view, PLANE, POSE, RelativeRoomEngine, RoomEngine
from script_kit import load_script

HEADER = 'id,' + ','.join(f'm{r}{c}' for r in range(4) for c in range(4))


F = 0.866 * 64
CAMERA = CameraModel.from_intrinsics(64, 48, (F, 0, 31.5, 0, F, 23.5, 0, 0, 1))


class StillDrive:
    """A data set of 30 images of one room, as a camera sees it that does not move."""

    ids = [f'{number:04d}' for number in range(30)]
    crop, max_depth = None, 10.0
    unknown = False

    def __len__(self):
        return len(self.ids)

    def __getitem__(self, index):
        depth, label = make_depth(CAMERA.rectified, POSE)
        depth = np.zeros_like(depth) if self.unknown else depth
        image = np.zeros((48, 64, 3), np.uint8)
        return Sample(self.ids[index], image, depth, label, CAMERA)


@pytest.fixture(scope='module')
def script():
    return load_script('drive_check')


def _row(name, pose):
    rows = np.column_stack([np.array(pose.rotation), pose.translation])
    return ','.join([name, *(f'{v:.6f}' for v in rows.ravel()), '0,0,0,1'])


def test_the_floor_is_that_of_the_poses(script, tmp_path):
    pose = Pose.of_camera(0.4, 10.0, 3.0)
    (tmp_path / 'poses.csv').write_text(f'{HEADER}\n{_row("a", pose)}\n')
    (found,) = script.read_poses(tmp_path).values()
    plane = script.GroundPlane.from_pose(found)
    assert plane.height == pytest.approx(0.4)
    expected = script.GroundPlane.from_camera(0.4, 10.0, 3.0)
    np.testing.assert_allclose(plane.up, expected.up, atol=1e-6)


@pytest.mark.parametrize('text', ['', 'id,m00\na,1\n', HEADER + '\na' + ',x' * 16 + '\n'])
def test_poses_that_say_nothing_are_named(script, tmp_path, text):
    if text:
        (tmp_path / 'poses.csv').write_text(text)
    with pytest.raises(ConfigError, match='poses.csv does not say how the cameras stand'):
        script.read_poses(tmp_path)


def test_a_camera_below_the_floor_is_refused(script, tmp_path):
    (tmp_path / 'poses.csv').write_text(f'{HEADER}\n{_row("a", Pose.of_camera(-0.4))}\n')
    with pytest.raises(ConfigError, match='above'):
        script.read_poses(tmp_path)


def test_half_the_time_ends_without_floor_for_each_of_two(script):
    hz, hidden = 10.0, 2.0
    drive, view = script.Drive(hz, hidden), make_view(factor=1.2)

    def witness(view):
        return ground_vote(view, PLANE, GroundSettings((FLOOR,)))

    found = [drive.update(view, n, lambda estimator: {'ground': witness}) for n in range(120)]
    seen = np.array([state.estimate.factor for state, _ in found])
    held = np.array([held.factor if held else math.nan for _, held in found])
    assert seen[20:] == pytest.approx(1.2, rel=0.02)
    late = np.isfinite(held)
    # The last half second of each two; one of the two has had no vote yet at the start.
    assert [n for n in range(40, 80) if late[n]] == [55, 56, 57, 58, 59, 75, 76, 77, 78, 79]
    assert held[late] == pytest.approx(1.2, rel=0.03)


def test_the_summary_counts_frames_within_eight_percent(script):
    nan = math.nan

    def track(number, factor, needed, floor_needed):
        numbers = (number / 10, factor, 0.1, 5, 2.2, 2.0, 2.3, needed, floor_needed, 0.1, 0.1)
        return script.ScaleSample(*numbers)

    moments = [
        script.Moment(track(0, 1.15, 1.1, 1.2), (1.2, 1.1), nan, (0.5, 0.6, 0.7, 0.8, nan)),
        script.Moment(track(1, 1.2, 1.1, 1.2), (1.2, 1.1), 1.21, (0.5, 0.8, 0.9, 0.8, 0.6)),
        script.Moment(track(2, 1.5, 1.0, None), (nan, 1.0), nan, (0.2, 0.1, 0.2, 0.8, nan)),
    ]
    chart = script.plot([moment.track for moment in moments])
    assert chart.ndim == 3 and np.count_nonzero(chart.min(axis=2) < 200) > 500
    rows = script.summary(moments)
    alone, factored, seen, best, then, held = rows.values()
    assert alone['floor_close'] == 0.0 and alone['image_close'] == pytest.approx(1 / 3)
    assert seen['floor_close'] == 1.0 and seen['image_close'] == pytest.approx(1 / 3)
    assert seen['delta1'] == pytest.approx(0.6) and factored['delta1'] == pytest.approx(0.5)
    assert best['image_off_median'] == 0.0
    assert (then['n_images'], held['n_images']) == (1, 1)
    assert (then['delta1'], held['delta1']) == (0.5, 0.6)
    assert held['floor_close'] == 1.0
    assert '| held without floor | 1 | 0.600 | 0.8% | 100.0% |' in script.table(rows)


@pytest.fixture
def drive(script, tmp_path, monkeypatch):
    """Return a function that measures a still drive with an engine, by the command line."""
    rows = [_row(name, POSE) for name in StillDrive.ids]
    (tmp_path / 'poses.csv').write_text('\n'.join([HEADER, *rows]) + '\n')

    def run(*arguments, engine=None, dataset=None):
        monkeypatch.setattr(script, 'make_engine', lambda options: engine or RoomEngine(1.5))
        monkeypatch.setattr(script, 'open_dataset', lambda *_: dataset or StillDrive())
        return script.main(['--root', str(tmp_path), *arguments])

    return run


def test_a_drive_that_is_off_by_a_factor_is_mended_and_drawn(drive, tmp_path, capsys):
    out, chart = tmp_path / 'figures.json', tmp_path / 'chart'
    options = ('--hz', '10', '--hidden', '1', '--out', str(out), '--plot', str(chart))
    assert drive(*options) == 0
    found = json.loads(out.read_text())
    alone, _, seen, _, then, held = found['rows'].values()
    assert alone['floor_close'] == 0.0 and alone['delta1'] < 0.1
    assert seen['floor_close'] > 0.9 and seen['delta1'] > 0.9
    assert then['n_images'] == held['n_images'] > 5
    assert held['floor_close'] == held['delta1'] == 1.0
    assert [m['held'] is None for m in found['moments'][:5]] == [True] * 5
    assert chart.read_bytes().startswith(b'\x89PNG')
    assert '| estimate | 30 |' in capsys.readouterr().out


class MovingDrive(StillDrive):
    """The camera goes along a wall with a picture on it, 5 cm a frame."""

    ids = [f'{number:04d}' for number in range(25)]
    camera = CameraModel.from_intrinsics(320, 240, (277, 0, 159.5, 0, 277, 119.5, 0, 0, 1))

    def __init__(self):
        noise = np.random.default_rng(0).integers(0, 255, (60, 160), np.uint8)
        wall = cv2.resize(noise, (1280, 480), interpolation=cv2.INTER_CUBIC)
        self.wall = cv2.cvtColor(wall, cv2.COLOR_GRAY2RGB)

    def __getitem__(self, index):
        matrix = np.array([[1, 0, -0.05 * index / 2.0 * 277], [0, 1, -100.0]])
        image = cv2.warpAffine(self.wall, matrix, (320, 240))
        depth = np.full((240, 320), 2.0, np.float32)
        return Sample(
            self.ids[index], image, depth, np.full((240, 320), 11, np.uint8), self.camera
        )


class WallEngine(RoomEngine):
    """See that wall so many times too near, and no floor."""

    def _infer(self, images):
        raw = super()._infer(images)
        depth = np.full_like(raw.depth, 2.0 / self.factor)
        return replace(raw, depth=depth, label=np.full_like(raw.label, 3))


def test_a_drive_without_floor_is_mended_by_its_way(drive, tmp_path, capsys):
    rows = []
    for number, name in enumerate(MovingDrive.ids):
        level = Pose.of_camera(0.5)
        rows.append(_row(name, replace(level, translation=(0.0, -0.05 * number, 0.5))))
    (tmp_path / 'poses.csv').write_text('\n'.join([HEADER, *rows]) + '\n')
    out = tmp_path / 'figures.json'
    exact = ('--way-error', '0', '--place-error', '0', '--nod', '0', '--hidden', '1')
    run = partial(drive, engine=WallEngine(1.5), dataset=MovingDrive())
    assert run(*exact, '--source', 'ground,motion', '--out', str(out)) == 0
    found = json.loads(out.read_text())
    assert found['source'] == 'ground,motion'
    alone, _, seen, *_ = found['rows'].values()
    assert alone['delta1'] < 0.1 and seen['delta1'] > 0.6
    # What the odometry is off by, the metres are.
    assert run(*exact, '--source', 'motion', '--way-error', '0.2', '--out', str(out)) == 0
    last = json.loads(out.read_text())['moments'][-1]
    factor, best = last['factor'], last['unbent'][1]
    assert factor == pytest.approx(best * 1.2, rel=0.04)
    assert 'warned on' in capsys.readouterr().out


def test_a_drive_is_refused_in_a_line(drive, tmp_path):
    with pytest.raises(ConfigError, match='--hidden 0.3, expected above 0 and above 0.5 s'):
        drive('--hidden', '0.3')
    with pytest.raises(ConfigError, match='gives no metres'):
        drive(engine=RelativeRoomEngine('up_to_scale'))
    with pytest.raises(ConfigError, match='--source is lidar, expected ground, motion or both'):
        drive('--source', 'lidar')
    blank = StillDrive()
    blank.unknown = True
    with pytest.raises(ConfigError, match='no image of .* has true depth'):
        drive('--every', '10', dataset=blank)
    with pytest.raises(OSError, match='chart.png'):
        drive('--every', '10', '--plot', str(tmp_path / 'no' / 'chart.png'))
    (tmp_path / 'poses.csv').write_text(f'{HEADER}\n{_row("0000", POSE)}\n')
    with pytest.raises(ConfigError, match='poses.csv has no pose of 0001'):
        drive()
