"""Scale and shift from known places: each kind, noise and outliers, and what fixes no shift."""

import math

from monodepth_ros.errors import ScaleError
from monodepth_ros.scale.affine import fit_affine, INVERSE, KINDS, RelativeDepth
from monodepth_ros.scale.ground import ground_vote, GroundSettings
from monodepth_ros.scale.plane import GroundPlane
from monodepth_ros.scale.points import points_vote
from monodepth_ros.scale.tape import tape_vote
from monodepth_ros.scale.votes import View
import numpy as np
import pytest
from scale_kit import CAMERA, FLOOR, make_depth, PLANE, relative_numbers

SCALES = {'up_to_scale': 3.0, 'up_to_scale_and_shift': 4.0, INVERSE: 0.002}
SETTINGS = GroundSettings((FLOOR,))


def _relative(kind):
    return RelativeDepth(kind, 0.1, 50.0)


def _samples(kind, n=300, seed=0, noise=0.03, wrong=0.2, low=0.8, high=6.0):
    """Return known depths, and the network's numbers: noisy, some of them of other places."""
    random = np.random.default_rng(seed)
    true = random.uniform(low, high, n)
    seen = true * np.exp(random.normal(0, noise, n))
    bad = random.random(n) < wrong
    seen[bad] = random.uniform(0.3, 15.0, bad.sum())
    return true, relative_numbers(seen, kind, SCALES[kind], 0.2)


def _error(vote, kind, depths=(1.0, 2.0, 5.0)):
    """Return the largest relative error of depths after the fit."""
    depths = np.array(depths)
    found = _relative(kind).metres(
        relative_numbers(depths, kind, SCALES[kind], 0.2), vote.scale, vote.shift
    )
    return float(np.abs(found / depths - 1).max())


@pytest.mark.parametrize('kind', KINDS)
def test_without_noise_the_fit_is_exact(kind):
    vote = fit_affine(*_samples(kind, noise=0.0, wrong=0.0), _relative(kind))
    assert vote.scale == pytest.approx(SCALES[kind], rel=1e-4)
    assert vote.shift == pytest.approx(0.2 if 'shift' in kind else 0.0, abs=1e-4)
    assert _error(vote, kind) < 1e-3 and vote.spread < 1e-3 and vote.count == 300


@pytest.mark.parametrize('kind', KINDS)
@pytest.mark.parametrize('seed', range(5))
def test_noise_and_a_fifth_of_outliers_cost_three_percent(kind, seed):
    vote = fit_affine(*_samples(kind, seed=seed), _relative(kind))
    assert _error(vote, kind) < 0.03
    assert 0.02 < vote.spread < 0.08


@pytest.mark.parametrize('kind', KINDS)
def test_a_third_of_outliers_on_one_side_changes_little(kind):
    true, seen = _samples(kind, noise=0.02, wrong=0.0)
    seen[::3] = relative_numbers(np.full(100, 0.4), kind, SCALES[kind], 0.2)
    assert _error(fit_affine(true, seen, _relative(kind)), kind) < 0.02


def test_what_lies_at_one_depth_fixes_a_scale_alone():
    for kind in KINDS:
        samples = _samples(kind, noise=0.01, wrong=0.1, low=2.9, high=3.3)
        if kind == 'up_to_scale':
            assert _error(fit_affine(*samples, _relative(kind)), kind) < 0.01
            continue
        with pytest.raises(
            ScaleError, match='from 2.9. to 3.2. m away, which fixes no shift'
        ) as e:
            fit_affine(*samples, _relative(kind))
        assert e.value.reason == 'one_depth'


@pytest.mark.parametrize('seen', [np.full(50, 2.0), np.repeat([2.0, 3.0], [49, 1])])
def test_numbers_that_are_all_alike_are_no_fit(seen):
    with pytest.raises(ScaleError) as error:
        fit_affine(np.linspace(1, 4, 50), seen, _relative(INVERSE))
    assert error.value.reason in ('no_fit', 'one_depth')


def test_a_kind_that_is_the_other_way_round_is_no_fit():
    true, seen = _samples(INVERSE, wrong=0.0)
    with pytest.raises(ScaleError, match='said to be up_to_scale_and_shift, explains') as error:
        fit_affine(true, seen, _relative('up_to_scale_and_shift'))
    assert error.value.reason == 'no_fit' and 'correct depth.kind' in str(error.value)


def test_numbers_that_have_nothing_to_do_with_depth_are_no_fit():
    random = np.random.default_rng(1)
    with pytest.raises(ScaleError) as error:
        fit_affine(
            random.uniform(0.3, 9, 400), random.uniform(1, 2, 400), _relative('up_to_scale')
        )
    assert error.value.reason == 'no_fit'


def test_metres_end_where_the_inverse_does():
    values = np.array([10, 0, -5, -10, -20, np.nan, np.inf], np.float32)
    depth = _relative(INVERSE).metres(values, 0.1, 1.0)
    np.testing.assert_allclose(depth, [0.5, 1, 2, np.nan, np.nan, np.nan, np.nan])
    # 0.01 / m is 100 m, beyond the farthest that it knows.
    assert np.isnan(_relative(INVERSE).metres(np.float32([0.01]), 1.0, 0.0)).all()


def _view(kind, noise=0.0):
    depth, label = make_depth()
    random = np.random.default_rng(3)
    depth = depth * np.exp(random.normal(0, noise, depth.shape)).astype(np.float32)
    numbers = relative_numbers(depth, kind, SCALES[kind], 0.2)
    return View(numbers, CAMERA, label, np.full(label.shape, 255, np.uint8), _relative(kind))


@pytest.mark.parametrize('kind', KINDS)
def test_a_floor_gives_scale_and_shift(kind):
    view = _view(kind, 0.02)
    # A fifth of the floor is something else that is called floor.
    view.depth[:, ::5] = relative_numbers(np.float32(0.7), kind, SCALES[kind], 0.2)
    vote = ground_vote(view, PLANE, SETTINGS)
    assert _error(vote, kind) < 0.03
    assert vote.tilt < 2


def test_a_roll_that_is_wrong_still_shows_as_a_tilt():
    plane = GroundPlane.from_camera(0.6, 12, roll=13)
    with pytest.raises(ScaleError) as error:
        ground_vote(_view(INVERSE), plane, GroundSettings((FLOOR,), 5.0))
    assert error.value.reason == 'tilted'


@pytest.mark.parametrize('kind', KINDS)
def test_points_give_scale_and_shift(kind):
    depth, _ = make_depth()
    random = np.random.default_rng(5)
    rows, columns = random.integers(2, 118, 400), random.integers(2, 158, 400)
    z = depth[rows, columns] * np.exp(random.normal(0, 0.02, 400))
    bad = random.random(400) < 0.2
    z[bad] = random.uniform(0.3, 15, bad.sum())
    points = np.column_stack([CAMERA.rays()[rows, columns] * z[:, None], z])
    assert _error(points_vote(_view(kind), points), kind, (1.0, 2.0, 3.0)) < 0.02


def test_points_beside_edges_do_not_vote():
    kind = INVERSE
    depth = np.full((120, 160), 1.0, np.float32)
    depth[:, 80:] = 4.0
    view = View(relative_numbers(depth, kind, SCALES[kind], 0.2), CAMERA, relative=_relative(kind))
    rows = np.arange(5, 115)
    z = np.full(110, 4.0)
    points = np.column_stack([CAMERA.rays()[rows, 80] * z[:, None], z])
    with pytest.raises(ScaleError) as error:
        points_vote(view, points)
    assert error.value.reason == 'few_points'


def test_a_tape_fixes_a_scale_and_no_shift():
    distance = 3.0 * math.hypot(1, *CAMERA.rays()[60, 80])
    depth = np.full((120, 160), 3.0, np.float32)
    for kind in KINDS:
        numbers = relative_numbers(depth, kind, SCALES[kind], 0.2)
        view = View(numbers, CAMERA, relative=_relative(kind))
        if kind == 'up_to_scale':
            assert tape_vote(view, distance, 80, 60).scale == pytest.approx(3.0, rel=1e-3)
            continue
        with pytest.raises(ScaleError):
            tape_vote(view, distance, 80, 60)


def test_a_thinned_view_is_of_the_same_kind():
    assert _view(INVERSE).thinned(500).relative == _relative(INVERSE)
