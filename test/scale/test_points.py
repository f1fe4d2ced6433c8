"""Votes of a scanner's points: noise, outliers, edges, points out of view, no points."""

from dataclasses import replace
import math

from monodepth_ros.camera import PinholeCamera
from monodepth_ros.errors import ScaleError
from monodepth_ros.scale.points import depth_points, MOST, points_vote, scan_points
from monodepth_ros.scale.votes import View
import numpy as np
import pytest
from scale_kit import CAMERA, make_view, POSE, WALL_AT


def _scan(count=180, seed=0, noise=0.0, outliers=0.0):
    """Return points in the optical frame of a level scanner 20 cm up that sees wall and more."""
    rng = np.random.default_rng(seed)
    angles = np.linspace(-math.pi / 2, math.pi / 2, count)
    ranges = WALL_AT / np.maximum(np.cos(angles), 0.1)
    ranges *= 1 + noise * rng.normal(size=count)
    wrong = rng.random(count) < outliers
    ranges[wrong] = rng.uniform(0.2, 10, wrong.sum())
    points = scan_points(ranges, angles[0], angles[1] - angles[0])
    return POSE.inverse().apply(points + (0, 0, 0.2))


@pytest.mark.parametrize('factor', [0.5, 1.0, 1.9])
def test_a_wall_that_is_scanned_tells_the_factor(factor):
    vote = points_vote(make_view(factor), _scan())
    assert vote.factor == pytest.approx(factor, rel=2e-3)
    assert vote.tilt is None and vote.count > 30


@pytest.mark.parametrize('seed', range(8))
def test_noise_and_outliers_move_it_by_less_than_three_percent(seed):
    vote = points_vote(make_view(1.3), _scan(180, seed, noise=0.02, outliers=0.2))
    assert vote.factor == pytest.approx(1.3, rel=0.03)


@pytest.mark.parametrize('seed', range(5))
def test_ranges_that_are_all_too_long_do_not_move_it_where_the_network_is_uneven(seed):
    view = make_view(1.3)
    # Off by 15 % here and there, as networks are, in steps that are no edges.
    uneven = np.exp(0.15 * np.sin(np.arange(160) / 8))
    view = replace(view, depth=(view.depth * uneven).astype(np.float32))
    exact, wrong = _scan(), _scan()
    wrong[seed::5] *= 2.5
    votes = [points_vote(view, points) for points in (exact, wrong)]
    assert votes[1].factor == pytest.approx(votes[0].factor, rel=0.03)
    assert votes[1].count < votes[0].count


def test_a_cloud_is_thinned():
    z = np.random.default_rng(0).uniform(1, 2, 100_000)
    view = View(np.full((120, 160), 1.0, np.float32), CAMERA)
    vote = points_vote(view, np.column_stack([0 * z, 0 * z, z]))
    assert vote.count <= 2_000
    assert vote.factor == pytest.approx(1.5, rel=0.05)


def test_edges_do_not_vote():
    depth = np.full((120, 160), 2.0, np.float32)
    depth[:, 80:] = 4.0
    columns = np.arange(60, 100)
    # What the scanner sees, it sees from the side: the near surface hides less of the far one.
    z = np.where(columns < 82, 2.0, 4.0)
    x = (columns - CAMERA.cx) / CAMERA.fx * z
    vote = points_vote(View(depth, CAMERA), np.column_stack([x, 0 * x, z]))
    # Columns 79 and 80 have both depths around them; 81 is wrong, and unlike all others.
    assert vote.count == 37
    assert vote.factor == pytest.approx(1)


@pytest.mark.parametrize(
    'points',
    [
        np.empty((0, 3)),
        np.full((50, 3), np.nan),
        np.full((50, 3), np.inf),
        np.zeros((50, 3)),
        np.tile((0.0, 0.0, -2.0), (50, 1)),
        np.tile((9.0, 0.0, 2.0), (50, 1)),
        np.tile((0.0, 0.0, 2.0), (9, 1)),
    ],
    ids=['none', 'nan', 'inf', 'at the camera', 'behind', 'beside', 'too few'],
)
def test_points_that_say_nothing_give_no_vote(points):
    with pytest.raises(ScaleError, match='points are in view and away from edges') as caught:
        points_vote(make_view(), points)
    assert caught.value.reason == 'few_points'


def test_depth_that_is_none_gives_no_vote():
    view = View(np.full((120, 160), np.nan, np.float32), CAMERA)
    with pytest.raises(ScaleError, match='^0 of 180'):
        points_vote(view, _scan())


def test_a_scan_leaves_out_what_is_no_range():
    ranges = np.array([math.nan, math.inf, -1.0, 0.0, 0.05, 2.0, 31.0, 4.0], np.float32)
    points = scan_points(ranges, 0.0, math.pi / 14, nearest=0.1, farthest=30.0)
    # The sixth is at 5 pi / 14, the eighth at a right angle.
    expected = [[2 * math.cos(5 * math.pi / 14), 2 * math.sin(5 * math.pi / 14), 0], [0, 4, 0]]
    np.testing.assert_allclose(points, expected, atol=1e-9)


def test_a_scan_whose_angles_are_none_has_no_points():
    assert scan_points(np.ones(5), math.nan, 0.1).shape == (0, 3)
    assert scan_points(np.empty(0), 0.0, 0.1).shape == (0, 3)


GRID = PinholeCamera(8, 6, 10.0, 10.0, 3.5, 2.5)


def test_pixels_of_depth_become_points():
    depth = np.full((6, 8), 2.0, np.float32)
    depth[0, 0] = 3.0
    points = depth_points(depth, GRID)
    assert points.shape == (48, 3)
    np.testing.assert_allclose(points[0], [-3.5 / 10 * 3, -2.5 / 10 * 3, 3])
    np.testing.assert_allclose(points[-1], [3.5 / 10 * 2, 2.5 / 10 * 2, 2])


def test_what_is_no_depth_is_no_point():
    depth = np.array([[1.0, 0.0, -1.0, 2.0]], np.float32)
    np.testing.assert_allclose(depth_points(depth, GRID)[:, 2], [1, 2])


def test_another_size_is_another_grid_of_the_same_view():
    points = depth_points(np.full((480, 640), 1.0, np.float32), GRID)
    assert MOST / 2 < len(points) < 1.2 * MOST
    assert 0.38 < points[:, 0].max() < 0.4 and -0.4 < points[:, 0].min() < -0.38
