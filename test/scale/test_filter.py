"""The filter: prior, convergence, time constant, gate, scene change, gaps, time that jumps."""

import math

from monodepth_ros.scale.bend import Bend
from monodepth_ros.scale.bend_filter import FIRST_SHARE
from monodepth_ros.scale.deviation import MEMORY_S
from monodepth_ros.scale.filter import (
    CHANGE_S,
    FRAME_ERROR,
    PRIOR_ERROR,
    ScaleFilter,
)
from monodepth_ros.scale.votes import Vote
import numpy as np
import pytest

SECOND = 1_000_000_000
TENTH = SECOND // 10


def _vote(factor, spread=0.05):
    return Vote(math.log(factor), spread, 500)


def _feed(scale, factor, seconds, start=0, spread=0.05):
    """Give votes at 10 Hz and return the stamp after the last one."""
    for i in range(round(seconds * 10)):
        scale.add(_vote(factor, spread), start + i * TENTH)
    return start + round(seconds * 10) * TENTH


def test_it_starts_from_its_prior_without_a_vote():
    estimate = ScaleFilter(1.2).estimate
    assert estimate.factor == pytest.approx(1.2)
    assert estimate.spread == PRIOR_ERROR
    assert (estimate.votes, estimate.voted_ns) == (0, None)


def test_the_first_vote_and_the_prior_are_weighed_by_their_variances():
    scale = ScaleFilter()
    assert scale.add(_vote(1.3, spread=0.1), 5 * SECOND)
    vote_variance = FRAME_ERROR**2 + 0.1**2
    share = PRIOR_ERROR**2 / (PRIOR_ERROR**2 + vote_variance)
    assert math.log(scale.estimate.factor) == pytest.approx(share * math.log(1.3))
    assert (scale.estimate.votes, scale.estimate.voted_ns) == (1, 5 * SECOND)


@pytest.mark.parametrize('factor', [0.6, 1.0, 1.5])
def test_steady_votes_are_met_within_two_percent_in_two_seconds(factor):
    scale = ScaleFilter()
    _feed(scale, factor, 2)
    assert scale.estimate.factor == pytest.approx(factor, rel=0.02)


def test_a_step_is_followed_with_the_time_constant():
    scale = ScaleFilter(time_constant=2.0)
    now = _feed(scale, 1.0, 30)
    # 2 s after a step that passes the gate, 1/e of it is left.
    _feed(scale, 1.2, 2, now)
    left = 1 - math.log(scale.estimate.factor) / math.log(1.2)
    assert left == pytest.approx(math.exp(-1), abs=0.02)


def test_the_time_constant_is_of_time_and_not_of_frames():
    slow, fast = ScaleFilter(), ScaleFilter()
    for scale, rate in ((slow, 5), (fast, 50)):
        for i in range(20 * rate):
            scale.add(_vote(1.0), i * SECOND // rate)
        for i in range(2 * rate):
            scale.add(_vote(1.2), (20 * rate + i) * SECOND // rate)
    assert slow.estimate.factor == pytest.approx(fast.estimate.factor, rel=0.02)


def test_uncertain_votes_weigh_less():
    scale = ScaleFilter()
    for i in range(100):
        scale.add(_vote(*((1.0, 0.0), (1.2, 0.3))[i % 2]), i * TENTH)
    # Weights 1 / 0.01 and 1 / 0.1, which is 10 to 1.
    assert math.log(scale.estimate.factor) == pytest.approx(math.log(1.2) / 11, rel=0.15)


def test_noise_is_averaged_and_the_spread_is_that_of_a_frame():
    scale, rng = ScaleFilter(), np.random.default_rng(0)
    found = []
    for i in range(300):
        scale.add(Vote(math.log(1.3) + rng.normal(0, 0.1), 0.05, 500), i * TENTH)
        found.append(scale.estimate.factor)
    assert np.std(np.log(found[100:])) < 0.03
    assert scale.estimate.spread == pytest.approx(math.hypot(FRAME_ERROR, 0.05), rel=1e-3)


def test_an_outlier_is_left_out_and_said():
    scale = ScaleFilter()
    now = _feed(scale, 1.1, 5)
    before = scale.estimate
    assert not scale.add(_vote(3.0), now)
    assert scale.estimate == before
    assert scale.add(_vote(1.1), now + TENTH)


@pytest.mark.parametrize('time_constant', [CHANGE_S, 60.0])
def test_a_scene_change_takes_over_after_two_seconds(time_constant):
    scale = ScaleFilter(time_constant=time_constant)
    now = _feed(scale, 1.0, 10)
    later = _feed(scale, 2.5, 1.9, now)
    assert scale.estimate.factor == pytest.approx(1.0, rel=0.01)
    _feed(scale, 2.5, 0.3, later)
    assert scale.estimate.factor == pytest.approx(2.5, rel=0.01)
    assert 20 <= scale.estimate.votes <= 22


def test_outliers_that_do_not_agree_take_nothing_over():
    scale = ScaleFilter()
    now = _feed(scale, 1.0, 10)
    for i in range(100):
        scale.add(_vote((0.2, 5.0)[i % 2], spread=0), now + i * TENTH)
    assert scale.estimate.factor == pytest.approx(1.0, rel=0.01)


def test_outliers_among_good_votes_take_nothing_over():
    scale = ScaleFilter()
    for i in range(200):
        scale.add(_vote(3.0 if i % 3 == 0 else 1.0, spread=0), i * TENTH)
    assert scale.estimate.factor == pytest.approx(1.0, rel=0.01)


def test_it_holds_without_votes_and_takes_up_quickly_after_a_pause():
    scale = ScaleFilter(time_constant=2.0)
    now = _feed(scale, 1.3, 10)
    held = scale.estimate
    assert held.factor == pytest.approx(1.3, rel=0.01)
    # Nothing for 10 s; the first vote then counts almost alone.
    scale.add(_vote(1.5), now + 10 * SECOND)
    assert scale.estimate.factor == pytest.approx(1.5, rel=0.02)


def test_a_jump_back_in_time_costs_nothing():
    scale = ScaleFilter(time_constant=2.0)
    _feed(scale, 1.3, 10, start=1000 * SECOND)
    scale.add(_vote(1.3), 3 * SECOND)
    estimate = scale.estimate
    assert estimate.factor == pytest.approx(1.3, rel=0.01)
    assert estimate.voted_ns == 3 * SECOND
    # And time goes on from there.
    _feed(scale, 1.45, 10, start=3 * SECOND)
    assert scale.estimate.factor == pytest.approx(1.45, rel=0.01)


def test_an_outlier_from_before_is_never_in_the_future():
    scale = ScaleFilter()
    _feed(scale, 1.0, 5, start=1000 * SECOND)
    assert not scale.add(_vote(4.0), 2 * SECOND)
    assert scale.estimate.voted_ns == 2 * SECOND


def test_a_rival_does_not_survive_a_jump_back():
    scale = ScaleFilter(time_constant=2.0)
    now = _feed(scale, 1.0, 5)
    now = _feed(scale, 3.0, 1.9, now)
    scale.add(_vote(3.0), 0)
    scale.add(_vote(3.0), now + TENTH)
    assert scale.estimate.factor == pytest.approx(1.0, rel=0.01)


def test_frames_with_one_stamp_count_each():
    scale = ScaleFilter()
    for _ in range(5):
        assert scale.add(_vote(1.2), 0)
    assert scale.estimate.votes == 5


BENT = Vote(0.1, 0.05, 500, bend=Bend(2.0, 0.5, 0.3, -0.2))


def test_the_first_bend_counts_by_its_share_and_fades():
    scale = ScaleFilter()
    assert scale.at(0).bend is None
    scale.add(BENT, 0)
    now, later = (scale.at(round(s * MEMORY_S * SECOND)).bend for s in (0, 1))
    assert (now.depth, now.column) == (2.0, 0.5)
    slopes = 0.3 * FIRST_SHARE, -0.2 * FIRST_SHARE
    assert (now.by_depth, now.by_column) == pytest.approx(slopes)
    assert later.by_depth == pytest.approx(now.by_depth / math.e)


@pytest.mark.parametrize('hz', [2, 10, 30])
def test_a_bend_that_lasts_is_met_and_another_one_followed(hz):
    scale, step = ScaleFilter(), SECOND // hz
    for i in range(4 * hz):
        scale.add(BENT, i * step)
    met = scale.at((4 * hz - 1) * step).bend
    assert 0.75 * 0.3 < met.by_depth <= 0.3
    other = Bend(3.0, 0.4, -0.1, 0.2)
    # Of the bend before hardly any is left after 0.3 s.
    for i in range(4 * hz, 4 * hz + max(1, round(0.3 * hz))):
        scale.add(Vote(0.1, 0.05, 500, bend=other), i * step)
    found = scale.at(i * step).bend
    assert (found.depth, found.column) == (3.0, 0.4)
    assert -0.105 < found.by_depth < -0.06


def test_what_is_left_out_bends_nothing():
    scale = ScaleFilter()
    now = _feed(scale, 1.1, 5)
    assert not scale.add(Vote(math.log(3), 0.05, 500, bend=BENT.bend), now)
    assert scale.at(now).bend is None


def test_a_jump_back_in_time_loses_what_is_a_frames_own():
    scale = ScaleFilter(prior=1.1)
    for i in range(100):
        scale.add(Vote(0.4 + 0.1 * (-1) ** (i // 5), 0.05, 500, bend=BENT.bend), i * TENTH)
    scale.restart_clock(-1000 * SECOND)
    back = scale.at(-1000 * SECOND)
    assert back.factor == pytest.approx(scale.estimate.factor) and back.bend is None
    # And the mean is forgotten from there on, whatever stamps there were before.
    logs = [math.log(scale.at((s - 1000) * SECOND).factor / 1.1) for s in (0, 2, 10, 1005)]
    assert logs == sorted(logs, reverse=True) and logs[-1] < 0.8 * logs[0]


def test_a_vote_after_a_jump_back_finds_the_mean_as_it_was():
    scale = ScaleFilter()
    for i in range(100):
        scale.add(_vote(1.5 * math.exp(0.2 * math.sin(i / 8))), 10**14 + i * TENTH)
    before = scale.estimate.factor
    assert scale.add(_vote(before), 0)
    assert scale.estimate.factor == pytest.approx(before)


def test_a_vote_that_fits_what_is_left_of_the_mean_is_taken_after_a_gap():
    scale = ScaleFilter()
    for i in range(100):
        scale.add(_vote(1.9 * math.exp(0.25 * math.sin(i / 8))), i * TENTH)
    later = 100 * TENTH + 30 * SECOND
    left = scale.at(later)
    assert left.factor < 1.6
    assert scale.add(_vote(left.factor / 1.3), later)
    assert scale.at(later).factor == pytest.approx(left.factor / 1.3, rel=0.15)


def test_a_vote_that_is_refused_after_a_gap_leaves_the_mean():
    scale = ScaleFilter()
    now = _feed(scale, 1.3, 10) + 5 * SECOND
    before = scale.estimate
    assert not scale.add(_vote(6.0), now)
    assert scale.estimate == before


def test_what_took_over_just_now_is_not_the_cameras_own():
    scale = ScaleFilter()
    now = _feed(scale, 1.0, 20)
    now = _feed(scale, 3.0, CHANGE_S + 0.3, now)
    assert scale.estimate.factor == pytest.approx(3.0, rel=0.01)
    assert scale.at(now + 20 * SECOND).factor < 1.2
