"""Scale and shift over time: the start, the time constant, the gate, changes, gaps, jumps."""

import math

from monodepth_ros.scale.affine import fit_affine, INVERSE, RelativeDepth
from monodepth_ros.scale.affine_filter import AffineFilter
from monodepth_ros.scale.filter import FRAME_ERROR
import numpy as np
import pytest
from scale_kit import relative_numbers

SECOND = 1_000_000_000
TENTH = SECOND // 10
DEPTHS = np.linspace(0.8, 6.0, 100)


def _vote(scale=0.002, shift=0.1, error=1.0, kind=INVERSE):
    """Return the vote of a frame whose numbers come of these, and whose depths are off by one."""
    relative = RelativeDepth(kind, 0.1, 50.0)
    seen = relative_numbers(DEPTHS, kind, scale, shift)
    return fit_affine(DEPTHS * error, seen, relative)


def _feed(line, seconds, start=0, **changes):
    """Give votes at 10 Hz and return the stamp after the last one."""
    for i in range(round(seconds * 10)):
        line.add(_vote(**changes), start + i * TENTH)
    return start + round(seconds * 10) * TENTH


def test_there_is_nothing_before_three_votes_agree():
    line = AffineFilter()
    assert math.isnan(line.estimate.factor) and line.estimate.votes == 0
    assert [line.add(_vote(), i * TENTH) for i in range(3)] == [False, False, True]
    found = line.estimate
    assert found.factor == pytest.approx(0.002, rel=1e-3)
    assert found.shift == pytest.approx(0.1, abs=1e-3)
    assert (found.votes, found.voted_ns) == (3, 2 * TENTH)
    assert found.spread == pytest.approx(FRAME_ERROR, rel=0.05)


def test_the_first_votes_have_to_agree():
    line = AffineFilter()
    for i, scale in enumerate((0.002, 0.02, 0.002, 0.02)):
        assert not line.add(_vote(scale), i * TENTH)
    assert math.isnan(line.estimate.factor)


def test_an_outlier_changes_nothing():
    line = AffineFilter()
    now = _feed(line, 2)
    assert not line.add(_vote(error=2.0), now)
    assert line.estimate.factor == pytest.approx(0.002, rel=1e-3)
    assert line.add(_vote(), now + TENTH)


def test_a_small_step_is_followed_with_the_time_constant():
    line = AffineFilter(time_constant=2.0)
    now = _feed(line, 20)
    _feed(line, 2, now, error=1.1)
    # 1 / depth of all places falls to 1 / 1.1 of it, and 1/e of the step is left.
    left = (line.estimate.factor / 0.002 - 1 / 1.1) / (1 - 1 / 1.1)
    assert left == pytest.approx(math.exp(-1), abs=0.05)


def test_each_frame_has_its_own_line_where_they_vary():
    line, rng = AffineFilter(), np.random.default_rng(0)
    own, mean = [], []
    for number in range(300):
        error = 1 + 0.25 * math.sin(number / 5)
        line.add(_vote(error=error * math.exp(0.01 * rng.normal())), number * TENTH)
        if number > 50:
            # Of inverse depth, the line of an error is divided by it.
            truth = (0.002 / error, 0.1 / error)
            for found, errors in ((line.at(number * TENTH), own), (line.estimate, mean)):
                errors.append(np.log([found.factor / truth[0], found.shift / truth[1]]))
    assert np.std(own) < 0.4 * np.std(mean)
    later = line.at(330 * TENTH)
    assert later.factor == pytest.approx(line.estimate.factor, rel=0.01)
    assert later.spread > line.at(299 * TENTH).spread > line.estimate.spread


def test_another_unit_takes_over_after_the_time_constant():
    line = AffineFilter(time_constant=1.0)
    now = _feed(line, 3)
    now = _feed(line, 0.9, now, scale=0.02, shift=-0.1)
    assert line.estimate.factor == pytest.approx(0.002, rel=1e-3)
    _feed(line, 0.3, now, scale=0.02, shift=-0.1)
    assert line.estimate.factor == pytest.approx(0.02, rel=1e-3)
    assert line.estimate.shift == pytest.approx(-0.1, abs=1e-3)


def test_a_gap_and_a_jump_back_hold_it():
    line = AffineFilter()
    _feed(line, 2, start=1000 * SECOND)
    assert line.add(_vote(), 2000 * SECOND)
    assert line.add(_vote(), 5 * SECOND)
    assert line.estimate.factor == pytest.approx(0.002, rel=1e-3)
    assert line.estimate.voted_ns == 5 * SECOND


def test_a_kind_without_a_shift_has_none():
    line = AffineFilter()
    _feed(line, 1, scale=3.0, kind='up_to_scale')
    now = _feed(line, 10, SECOND, scale=3.3, kind='up_to_scale')
    assert line.estimate.factor == pytest.approx(3.3, rel=0.01)
    assert line.estimate.shift == 0.0 and now == 11 * SECOND


def test_two_that_disagree_at_an_end_are_told():
    one, other, same = AffineFilter(), AffineFilter(), AffineFilter()
    _feed(one, 1)
    _feed(other, 1, error=1.3)
    _feed(same, 1, error=1.1)
    ends = _vote().ends
    assert one.disagrees(other, ends, 1.2) and not one.disagrees(same, ends, 1.2)
