"""A frame's own scale: steady networks are averaged, unsteady ones followed, gaps fall back."""

import math

from monodepth_ros.scale.deviation import Deviation, MEMORY_S
from monodepth_ros.scale.filter import PRIOR_ERROR, ScaleFilter, TRUSTED_S
from monodepth_ros.scale.votes import Vote
import numpy as np
import pytest

SECOND = 1_000_000_000
TENTH = SECOND // 10


def _wandering(rng, frames, deviation, memory_s=MEMORY_S):
    """Return the logarithms of a scale that wanders about 0, at 10 Hz."""
    kept = math.exp(-0.1 / memory_s)
    steps = deviation * math.sqrt(1 - kept**2) * rng.normal(size=frames)
    logs = [0.0]
    for step in steps[1:]:
        logs.append(kept * logs[-1] + step)
    return np.array(logs)


def _run(true, noise, rng):
    """Return the logarithms of the mean and of the frame's factor at each frame."""
    scale, mean, frame = ScaleFilter(), [], []
    for number, log in enumerate(true + noise * rng.normal(size=len(true))):
        scale.add(Vote(log, 0.05, 500), number * TENTH)
        mean.append(math.log(scale.estimate.factor))
        frame.append(math.log(scale.at(number * TENTH).factor))
    return np.array(mean), np.array(frame)


def _error(found, true):
    return float(np.sqrt(np.mean((found - true)[50:] ** 2)))


@pytest.mark.parametrize('offset', [-0.2, 0.3])
def test_a_network_that_is_unsure_of_each_view_is_followed(offset):
    rng = np.random.default_rng(1)
    true = offset + _wandering(rng, 600, 0.3)
    mean, frame = _run(true, 0.03, rng)
    assert _error(frame, true) < 0.5 * _error(mean, true)


def test_noise_of_votes_is_averaged_where_the_network_is_steady():
    rng = np.random.default_rng(2)
    true = np.full(600, 0.2)
    mean, frame = _run(true, 0.05, rng)
    assert _error(frame, true) < 0.4 * 0.05
    assert np.std(np.diff(frame[50:])) < 0.25 * 0.05 * math.sqrt(2)
    assert _error(mean, true) < 0.4 * 0.05


def test_without_votes_the_deviation_falls_back_and_its_variance_grows():
    one, rng = Deviation(), np.random.default_rng(3)
    logs = [*_wandering(rng, 100, 0.3), 0.35, 0.35, 0.35]
    for number, log in enumerate(logs):
        one.add(float(log), number * TENTH)
    now = (len(logs) - 1) * TENTH
    seen, later, latest = (one.at(now + round(s * MEMORY_S * SECOND)) for s in (0, 1, 20))
    assert seen[0] > 0.05
    assert later[0] == pytest.approx(seen[0] / math.e)
    assert latest[0] == pytest.approx(0, abs=1e-6)
    assert seen[1] < later[1] < latest[1]


def test_without_votes_the_factor_falls_back_to_the_mean_and_its_spread_grows():
    scale, rng = ScaleFilter(), np.random.default_rng(3)
    for number, log in enumerate(0.2 + _wandering(rng, 1200, 0.3)):
        scale.add(Vote(float(log), 0.05, 500), number * TENTH)
    now = 1199 * TENTH
    seen, later, latest = (scale.at(now + s * SECOND) for s in (0, 1, 60))
    # Two minutes are four times what the mean lasts, of which its own half is kept.
    mean = math.log(scale.estimate.factor)
    kept = scale.time_constant / (scale.time_constant + TRUSTED_S)
    assert math.log(latest.factor) == pytest.approx(kept * mean, rel=0.02)
    assert scale.estimate.spread < seen.spread < later.spread < latest.spread
    assert (latest.votes, latest.voted_ns) == (scale.estimate.votes, now)


@pytest.mark.parametrize('wanders', [False, True])
def test_a_mean_of_ten_seconds_is_held_by_a_network_that_is_steady(wanders):
    rng = np.random.default_rng(6)
    scale = ScaleFilter(prior=1.1)
    logs = 0.4 + (_wandering(rng, 100, 0.3) if wanders else np.zeros(100))
    for number, log in enumerate(logs):
        scale.add(Vote(float(log), 0.05, 500), number * TENTH)
    mean, prior = math.log(scale.estimate.factor), math.log(1.1)
    held = (math.log(scale.at(round((9.9 + s) * SECOND)).factor) for s in (5, 300))
    share, last = ((log - prior) / (mean - prior) for log in held)
    # The ten seconds are 8.5 of the mean's, which fade.
    own = 8.5 / (8.5 + TRUSTED_S)
    assert share == pytest.approx(1 - (1 - own) * (1 - math.exp(-2.5)) if wanders else 1, abs=0.02)
    assert last == pytest.approx(own if wanders else 1.0, abs=0.01)


def test_after_a_gap_the_first_vote_is_followed_at_once():
    for steady in (True, False):
        scale, rng = ScaleFilter(), np.random.default_rng(4)
        logs = np.full(100, -0.2) if steady else -0.2 + _wandering(rng, 100, 0.3)
        for number, log in enumerate(logs):
            scale.add(Vote(float(log), 0.05, 500), number * TENTH)
        later = 400 * SECOND
        assert math.log(scale.at(later).factor) > math.log(scale.estimate.factor) - 1e-9
        assert scale.add(Vote(0.1, 0.05, 500), later)
        assert math.log(scale.at(later).factor) == pytest.approx(0.1, abs=0.05)


def test_a_jump_back_in_time_is_a_gap():
    one = Deviation()
    for number in range(20):
        one.add(0.3, 1000 * SECOND + number * TENTH)
    assert one.at(1000 * SECOND + 19 * TENTH)[0] > 0.2
    assert one.at(3 * SECOND)[0] == pytest.approx(0, abs=1e-6)


def test_a_prior_without_votes_is_what_it_was():
    at = ScaleFilter(1.3).at(5 * SECOND)
    assert at == ScaleFilter(1.3).estimate
    assert at.spread == PRIOR_ERROR


def test_a_network_is_taken_for_steady_until_votes_show_otherwise():
    scale = ScaleFilter()
    scale.add(Vote(math.log(1.4), 0.05, 500), 0)
    mean, frame = scale.estimate, scale.at(0)
    assert frame.factor == pytest.approx(mean.factor, rel=0.02)
    assert frame.spread == pytest.approx(mean.spread, rel=0.05)


def test_an_outlier_moves_no_frame():
    scale = ScaleFilter()
    for number in range(50):
        scale.add(Vote(0.1, 0.05, 500), number * TENTH)
    before = scale.at(50 * TENTH)
    assert not scale.add(Vote(math.log(3), 0.05, 500), 50 * TENTH)
    assert scale.at(50 * TENTH).factor == before.factor


def test_after_a_change_of_scene_it_learns_anew():
    scale, rng = ScaleFilter(), np.random.default_rng(5)
    for number, log in enumerate(_wandering(rng, 100, 0.2)):
        scale.add(Vote(float(log), 0.05, 500), number * TENTH)
    assert scale.at(200 * TENTH).spread > 1.3 * scale.estimate.spread
    for number in range(100, 140):
        scale.add(Vote(1.8, 0.05, 500), number * TENTH)
    found = scale.at(139 * TENTH)
    assert math.log(found.factor) == pytest.approx(1.8, abs=0.01)
    # What the scene before has taught would make this another one.
    assert found.spread < 1.1 * scale.estimate.spread


def test_a_change_of_scene_is_seen_in_time_by_a_network_that_wanders():
    late = []
    for seed in range(20):
        scale, rng = ScaleFilter(), np.random.default_rng(seed)
        logs = _wandering(rng, 200, 0.2) + np.where(np.arange(200) < 100, 0.0, 1.6)
        for number, log in enumerate(logs):
            scale.add(Vote(float(log), 0.05, 500), number * TENTH)
            if number >= 100 and math.log(scale.estimate.factor) > 0.8:
                late.append((number - 100) * 0.1)
                break
    assert len(late) == 20
    assert max(late) < 4.0


@pytest.mark.parametrize('hz', [0.5, 1.0, 1.9, 5.0])
def test_a_steady_network_is_averaged_at_any_rate(hz):
    scale, rng = ScaleFilter(time_constant=20.0), np.random.default_rng(6)
    frame, mean = [], []
    for number in range(300):
        stamp = round(number / hz * SECOND)
        scale.add(Vote(0.1 * rng.normal(), 0.05, 500), stamp)
        frame.append(math.log(scale.at(stamp).factor))
        mean.append(math.log(scale.estimate.factor))
    assert np.std(frame[50:]) < np.std(mean[50:]) + 0.02


def test_votes_that_are_no_numbers_never_take_over():
    scale = ScaleFilter()
    for number in range(60):
        assert not scale.add(Vote(math.nan, 0.05, 500), number * TENTH)
    assert scale.at(60 * TENTH).factor == 1.0


def test_time_that_jumps_back_or_stands_still_costs_nothing():
    one = Deviation()
    for stamp in (1000 * SECOND, 3 * SECOND, 3 * SECOND):
        one.add(0.2, stamp)
        log, variance = one.at(stamp)
        assert 0 < log <= 0.2
        assert 0 < variance < 0.1
    assert one.at(3 * SECOND + 10 * round(MEMORY_S * SECOND))[0] < 1e-4
