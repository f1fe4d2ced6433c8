"""Frames pass at a rate by their stamps, whatever the camera does."""

from monodepth_ros.ros.rate_limit import RateLimit
import numpy as np
import pytest


def passed(stamps, hertz):
    limit = RateLimit()
    return [stamp for stamp in stamps if limit.accepts(int(stamp), hertz)]


def camera(hertz, seconds, start=0.0, jitter=0.0):
    stamps = start + np.arange(round(hertz * seconds)) / hertz
    stamps += np.random.default_rng(0).uniform(-jitter, jitter, len(stamps)) / hertz
    return stamps * 1e9


def test_no_limit():
    stamps = camera(30, 2)
    assert passed(stamps, 0.0) == list(stamps)


@pytest.mark.parametrize('fps, hertz', [(30, 10), (30, 20), (30, 7), (30, 15), (25, 10)])
def test_rate_is_the_limit(fps, hertz):
    assert len(passed(camera(fps, 20), hertz)) == pytest.approx(20 * hertz, abs=1)


@pytest.mark.parametrize('fps', [10, 9.9, 5])
def test_a_camera_at_or_below_the_limit_loses_nothing(fps):
    stamps = camera(fps, 30, jitter=0.1)
    assert passed(stamps, 10.0) == list(stamps)


def test_a_camera_just_above_the_limit_loses_a_few():
    assert len(passed(camera(10.5, 60), 10.0)) == pytest.approx(600, abs=1)


def test_even_steps():
    steps = np.diff(passed(camera(30, 5), 10.0))
    np.testing.assert_allclose(steps, 1e8, atol=2)


def test_a_bag_that_loops_goes_on_at_once():
    stamps = [*camera(30, 3, start=100.0), *camera(30, 3, start=100.0)]
    through = passed(stamps, 10.0)
    assert len(through) == pytest.approx(60, abs=2)
    assert through.count(100e9) == 2
    # Shorter than the period of the limit.
    assert passed(stamps, 0.2) == [100e9, 100e9]


def test_a_pause_is_not_made_up_for():
    through = passed([*camera(30, 1), *camera(30, 2, start=60.0)], 10.0)
    late = [stamp for stamp in through if stamp >= 60e9]
    assert late[0] == 60e9
    assert len(late) == pytest.approx(20, abs=1)


def test_the_limit_may_change_at_any_time():
    limit = RateLimit()
    assert limit.accepts(0, 0.1)
    assert not limit.accepts(1_000_000_000, 0.1)
    assert limit.accepts(1_100_000_000, 10.0)
    assert not limit.accepts(1_150_000_000, 10.0)
    assert limit.accepts(1_160_000_000, 0.0)
    assert limit.accepts(1_170_000_000, 0.0)
    assert limit.accepts(1_180_000_000, 1.0)
    assert not limit.accepts(1_280_000_000, 1.0)
