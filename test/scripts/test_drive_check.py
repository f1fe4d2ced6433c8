"""What scripts/drive_check measures: floors by poses, who is held when, summary, errors."""

import math

from monodepth_ros.errors import ConfigError
from monodepth_ros.scale.ground import ground_vote, GroundSettings
from monodepth_ros.scale.pose import Pose
import numpy as np
import pytest
from scale_kit import FLOOR, make_view, PLANE
from script_kit import load_script

HEADER = 'id,' + ','.join(f'm{r}{c}' for r in range(4) for c in range(4))


@pytest.fixture(scope='module')
def script():
    return load_script('drive_check')


def _row(name, pose):
    rows = np.column_stack([np.array(pose.rotation), pose.translation])
    return ','.join([name, *(f'{v:.6f}' for v in rows.ravel()), '0,0,0,1'])


def test_the_floor_is_that_of_the_poses(script, tmp_path):
    pose = Pose.of_camera(0.4, 10.0, 3.0)
    (tmp_path / 'poses.csv').write_text(f'{HEADER}\n{_row("a", pose)}\n')
    (plane,) = script.read_planes(tmp_path).values()
    assert plane.height == pytest.approx(0.4)
    expected = script.GroundPlane.from_camera(0.4, 10.0, 3.0)
    np.testing.assert_allclose(plane.up, expected.up, atol=1e-6)


@pytest.mark.parametrize('text', ['', 'id,m00\na,1\n', HEADER + '\na' + ',x' * 16 + '\n'])
def test_poses_that_say_nothing_are_named(script, tmp_path, text):
    if text:
        (tmp_path / 'poses.csv').write_text(text)
    with pytest.raises(ConfigError, match='poses.csv does not say how the cameras stand'):
        script.read_planes(tmp_path)


def test_a_camera_below_the_floor_is_refused(script, tmp_path):
    (tmp_path / 'poses.csv').write_text(f'{HEADER}\n{_row("a", Pose.of_camera(-0.4))}\n')
    with pytest.raises(ConfigError, match='above'):
        script.read_planes(tmp_path)


def test_each_frame_is_once_at_the_end_of_the_time_without_floor(script):
    hz, hidden = 10.0, 2.0
    drive, view = script.Drive(hz, hidden), make_view(factor=1.2)

    def witness(view):
        return ground_vote(view, PLANE, GroundSettings((FLOOR,)))

    found = [drive.update(view, number, witness) for number in range(120)]
    seen, held = np.array([(estimate.factor, held) for estimate, held in found]).T
    assert seen[20:] == pytest.approx(1.2, rel=0.02)
    late = np.isfinite(held)
    # The last half second of each two; one of the two has had no vote yet at the start.
    assert [n for n in range(40, 80) if late[n]] == [55, 56, 57, 58, 59, 75, 76, 77, 78, 79]
    assert held[late] == pytest.approx(1.2, rel=0.03)


def test_the_summary_counts_frames_within_eight_percent(script):
    nan = math.nan
    rest = (0.1, 5, 2.2, 2.0)
    moments = [
        script.Moment(1.2, 1.1, 1.15, nan, (0.5, 0.7, nan, 0.8), *rest),
        script.Moment(1.2, 1.1, 1.2, 1.21, (0.5, 0.9, 0.6, 0.8), *rest),
        script.Moment(nan, 1.0, 1.5, nan, (0.2, 0.2, nan, 0.8), *rest),
    ]
    chart = script.draw(moments, 10.0)
    assert chart.ndim == 3 and np.count_nonzero(chart.min(axis=2) < 200) > 500
    rows = script.summary(moments)
    alone, seen, best, then, held = rows.values()
    assert alone['floor_close'] == 0.0 and alone['image_close'] == pytest.approx(1 / 3)
    assert seen['floor_close'] == 1.0 and seen['image_close'] == pytest.approx(1 / 3)
    assert seen['delta1'] == pytest.approx(0.6)
    assert best['image_off_median'] == 0.0
    assert (then['n_images'], held['n_images']) == (1, 1)
    assert (then['delta1'], held['delta1']) == (0.5, 0.6)
    assert held['floor_close'] == 1.0
    assert '| held without floor | 1 | 0.600 | 0.8% | 100.0% |' in script.table(rows)
