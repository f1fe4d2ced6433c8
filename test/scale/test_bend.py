"""The bend of a frame: found in spite of outliers, small where little is known, undone again."""

from monodepth_ros.scale.bend import Bend, fit_bend, LARGEST, RIDGE, STEEPEST
import numpy as np
import pytest

BEND = Bend(2.0, 0.4, 0.2, -0.3)
LIMITED = (0.5, 6.0), (0.2, 0.9)


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
    assert (point.depth, point.column) == pytest.approx((2.0, 0.5))


def test_few_samples_show_less_of_a_slope():
    seen, columns, logs = _samples(0.4, 0.0)
    few = fit_bend(logs[:10], seen[:10], columns[:10]).by_depth
    assert few < 0.85 * fit_bend(logs, seen, columns).by_depth


@pytest.mark.parametrize('bad', [np.nan, np.inf, -np.inf])
def test_a_sample_that_is_no_number_says_nothing(bad):
    seen, columns, logs = _samples(0.2, -0.3, count=800)
    wanted = fit_bend(logs[1:], seen[1:], columns[1:])
    logs[0] = bad
    found = fit_bend(logs, seen, columns)
    assert vars(found) == {key: pytest.approx(value) for key, value in vars(wanted).items()}
    assert fit_bend(logs[:1], seen[:1], columns[:1]) is None


def test_a_bend_adds_nothing_to_its_samples_in_the_median():
    # Near things all over, and far ones at the left: depth and column go together.
    rng = np.random.default_rng(5)
    seen = np.where(np.arange(1000) < 600, rng.uniform(0.5, 0.8, 1000), rng.uniform(3, 6, 1000))
    columns = np.where(np.arange(1000) < 600, rng.uniform(0, 1, 1000), rng.uniform(0, 0.3, 1000))
    logs = 0.3 * np.log(seen) - 0.2 * columns
    bend = fit_bend(logs, seen, columns)
    gain = bend.by_depth * np.log(seen / bend.depth) + bend.by_column * (columns - bend.column)
    assert np.median(logs - gain) == pytest.approx(np.median(logs), abs=1e-9)


def test_slopes_end_a_little_beyond_what_was_seen():
    rng = np.random.default_rng(6)
    seen, columns = rng.uniform(1, 2, 2000), rng.uniform(0.3, 0.5, 2000)
    bend = fit_bend(0.3 * np.log(seen) + 0.3 * columns, seen, columns)
    depth = np.array([[0.1, 0.6, 1.5, 3.0, 30.0]] * 2, np.float32).repeat(20, axis=1)
    gain = np.log(bend.factors(depth))[0, :]
    by_depth = gain - np.log(bend.factors(np.full_like(depth, 1.5)))[0, :]
    near, _, _, far, farthest = by_depth.reshape(5, 20).mean(axis=1)
    assert farthest == pytest.approx(far, abs=1e-6) and far > 0.1
    limits = [bend.by_depth * np.log(d / 1.5) for d in bend.depths]
    assert (near, far) == pytest.approx(limits, abs=1e-5)
    assert bend.columns == pytest.approx((0.31 - 0.1, 0.49 + 0.1), abs=0.01)
    level = np.log(bend.factors(np.full((1, 100), 1.5, np.float32)))[0]
    assert np.ptp(level[:20]) < 1e-6 and np.ptp(level[60:]) < 1e-6 and level[70] > level[5]


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
    bend = Bend(2.0, 0.4, 0.2, -0.3, *LIMITED)
    scaled = bend.scaled(1.7).factors(np.float32(1.7) * depth)
    np.testing.assert_allclose(scaled, bend.factors(depth), rtol=1e-5)


def test_no_slope_leads_beyond_the_largest_gain():
    far = np.array([[1e-6, 1e6]], np.float32)
    np.testing.assert_allclose(np.log(BEND.factors(far)), [[-LARGEST, LARGEST]], atol=1e-6)


def test_what_is_no_distance_stays_none():
    depth = np.array([[np.nan, 0.0, -1.0, np.inf]], np.float32)
    bent = depth * BEND.factors(depth)
    assert not np.any((bent > 0) & (bent < np.inf))


@pytest.mark.parametrize('by_depth', [-STEEPEST, -0.1, 0.0, 0.3, STEEPEST])
@pytest.mark.parametrize('ends', [(), LIMITED])
def test_a_bend_is_undone(by_depth, ends):
    bend = Bend(2.0, 0.4, by_depth, 0.3, *ends)
    depth = np.exp(np.random.default_rng(4).uniform(-4, 4, (20, 30))).astype(np.float32)
    bent = depth * bend.factors(depth)
    np.testing.assert_allclose(bend.removed(bent), depth, rtol=1e-5)


def test_slopes_are_shared_and_added():
    both = BEND.times(0.5).plus(Bend(9.0, 0.9, 0.1, 0.2))
    assert both == Bend(2.0, 0.4, pytest.approx(0.2), pytest.approx(0.05))
