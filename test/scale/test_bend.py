"""The bend of a frame: found in spite of outliers, small where little is known, undone again."""

from monodepth_ros.scale.bend import Bend, fit_bend, LARGEST, RIDGE, STEEPEST
import numpy as np
import pytest

BEND = Bend(2.0, 0.4, 0.2, -0.3)


def _samples(by_depth, by_column, seed=0, count=2000):
    """Return the network's depths, columns, and the logarithms of true over network's depth."""
    rng = np.random.default_rng(seed)
    seen, columns = np.exp(rng.uniform(-0.5, 1.5, count)), rng.uniform(0, 1, count)
    return seen, columns, 0.1 + by_depth * np.log(seen) + by_column * columns


@pytest.mark.parametrize('slopes', [(0.2, -0.3), (-0.3, 0.1), (0.0, 0.4)])
@pytest.mark.parametrize('outliers', [0.0, 0.3])
def test_slopes_are_found_whatever_a_minority_says(slopes, outliers):
    seen, columns, logs = _samples(*slopes)
    rng = np.random.default_rng(1)
    wrong = rng.random(logs.size) < outliers
    logs[wrong] = rng.uniform(-2, 2, np.count_nonzero(wrong))
    bend = fit_bend(logs + rng.normal(0, 0.03, logs.size), seen.astype(np.float32), columns)
    # The ridge takes 3 % of a slope by depth, and 11 % of one by column.
    assert bend.by_depth == pytest.approx(0.97 * slopes[0], abs=0.02)
    assert bend.by_column == pytest.approx(0.89 * slopes[1], abs=0.03)
    assert bend.depth == pytest.approx(np.median(seen), rel=0.1) and 0.4 < bend.column < 0.6


def test_samples_that_are_near_to_each_other_show_half_of_a_slope_or_less():
    rng = np.random.default_rng(2)
    seen = 2 * np.exp(rng.normal(0, RIDGE**0.5, 5000))
    bend = fit_bend(0.4 * np.log(seen), seen, rng.uniform(0, 1, 5000))
    # The rest of a slope that is not believed looks like errors, which weigh less.
    assert 0.1 < bend.by_depth <= 0.2
    point = fit_bend(np.array([0.3]), np.array([2.0]), np.array([0.5]))
    assert (point.by_depth, point.by_column) == (0, 0)


def test_depth_rises_with_that_of_the_network_however_steep_the_samples():
    seen, columns, logs = _samples(-1.5, 0.0)
    assert fit_bend(logs, seen, columns).by_depth == -STEEPEST
    seen, columns, logs = _samples(1.5, 0.0)
    assert fit_bend(logs, seen, columns).by_depth == STEEPEST


def test_a_pixel_is_bent_by_its_depth_and_its_column():
    depth = np.full((2, 5), 2.0, np.float32)
    depth[1] = 4.0
    # Columns are at 0.1, 0.3, 0.5, 0.7 and 0.9 of the width.
    logs = np.log(BEND.factors(depth))
    np.testing.assert_allclose(logs[0], -0.3 * (np.arange(0.1, 1, 0.2) - 0.4), atol=1e-6)
    np.testing.assert_allclose(logs[1] - logs[0], 0.2 * np.log(2), atol=1e-6)


def test_the_bend_of_a_scaled_depth_is_that_of_the_depth():
    depth = np.random.default_rng(3).uniform(0.3, 9, (6, 8)).astype(np.float32)
    scaled = BEND.scaled(1.7).factors(np.float32(1.7) * depth)
    np.testing.assert_allclose(scaled, BEND.factors(depth), rtol=1e-5)


def test_no_slope_leads_beyond_the_largest_gain():
    far = np.array([[1e-6, 1e6]], np.float32)
    np.testing.assert_allclose(np.log(BEND.factors(far)), [[-LARGEST, LARGEST]], atol=1e-6)


def test_what_is_no_distance_stays_none():
    depth = np.array([[np.nan, 0.0, -1.0, np.inf]], np.float32)
    bent = depth * BEND.factors(depth)
    assert not np.any((bent > 0) & (bent < np.inf))


@pytest.mark.parametrize('by_depth', [-STEEPEST, -0.1, 0.0, 0.3, STEEPEST])
def test_a_bend_is_undone(by_depth):
    bend = Bend(2.0, 0.4, by_depth, 0.3)
    depth = np.exp(np.random.default_rng(4).uniform(-4, 4, (20, 30))).astype(np.float32)
    bent = depth * bend.factors(depth)
    limited = np.abs(np.log(bend.factors(depth))) > LARGEST - 1e-5
    assert limited.any() == (by_depth != 0)
    np.testing.assert_allclose(bend.removed(bent), depth, rtol=1e-5)


def test_slopes_are_shared_and_added():
    both = BEND.times(0.5).plus(Bend(9.0, 0.9, 0.1, 0.2))
    assert both == Bend(2.0, 0.4, pytest.approx(0.2), pytest.approx(0.05))
