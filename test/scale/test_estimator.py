"""Sources in order, limits, faults and doubts: what is applied and what is said."""

from dataclasses import replace
from functools import partial
from itertools import count
import math

from monodepth_ros.errors import SCALE_REASONS, ScaleError
from monodepth_ros.scale.estimator import OUT_OF_VIEW, ScaleEstimator, ScaleSettings
from monodepth_ros.scale.ground import ground_vote, GroundSettings
from monodepth_ros.scale.plane import GroundPlane
from monodepth_ros.scale.votes import Height, Vote, vote_of
import numpy as np
import pytest
from scale_kit import FLOOR, make_view, PLANE

TENTH = 100_000_000
SETTINGS = ScaleSettings()
VIEW = make_view()


def _says(factor, tilt=1.0):
    return lambda view: Vote(math.log(factor), 0.02, 300, tilt)


def _fails(reason, text='because'):
    def witness(view):
        raise ScaleError(reason, text)

    return witness


def _run(estimator, witnesses, frames=40, start=0, settings=SETTINGS, of=None):
    """Feed frames at 10 Hz; return the last state."""
    for i in range(frames):
        state = estimator.update(VIEW, start + i * TENTH, witnesses, settings, of)
    return state


def test_the_first_source_that_votes_counts():
    estimator = ScaleEstimator()
    state = _run(estimator, {'ground': _fails('no_floor'), 'points': _says(1.1)})
    assert state.estimate.factor == pytest.approx(1.1, rel=0.01)
    assert (state.source, state.reason, state.warnings) == ('points', '', ())
    state = _run(ScaleEstimator(), {'points': _says(1.1), 'ground': _says(1.05, 2.0)})
    assert state.source == 'points'
    assert state.estimate.factor == pytest.approx(1.1, rel=0.01)


def test_a_floor_out_of_view_holds_the_scale_and_is_no_fault():
    estimator = ScaleEstimator()
    _run(estimator, {'ground': _says(1.1, 3.0)})
    state = _run(estimator, {'ground': _fails('no_floor', 'none seen')}, 50, 40 * TENTH)
    assert state.estimate.factor == pytest.approx(1.1, rel=0.01)
    assert state.age_s == pytest.approx(5.0)
    assert (state.source, state.tilt) == ('ground', 3.0)
    assert (state.reason, state.problem) == ('no_floor', 'ground: none seen')
    assert state.warnings == ()


def test_without_any_vote_the_scale_is_the_users():
    state = _run(ScaleEstimator(), {'ground': _fails('no_floor')}, settings=ScaleSettings(1.3))
    assert state.estimate.factor == pytest.approx(1.3)
    assert (state.source, state.age_s, state.estimate.votes) == ('', None, 0)


def test_a_view_of_its_own_scale_is_followed_and_no_reason_to_doubt_the_pose():
    estimator = ScaleEstimator()
    for start in range(0, 400, 20):
        _run(estimator, {'ground': _says(1.0)}, 10, start * TENTH)
        state = _run(estimator, {'ground': _says(1.25)}, 10, (start + 10) * TENTH)
        if start >= 100:
            assert state.estimate.factor > 1.2
            assert state.warnings == ()


@pytest.mark.parametrize('reason', sorted(set(SCALE_REASONS) - set(OUT_OF_VIEW)))
def test_a_fault_that_lasts_a_second_is_a_warning(reason):
    estimator = ScaleEstimator()
    _run(estimator, {'ground': _says(1.1)})
    witnesses = {'ground': _fails(reason, 'do this')}
    state = _run(estimator, witnesses, 10, 40 * TENTH)
    assert state.warnings == ()
    state = _run(estimator, witnesses, 1, 50 * TENTH)
    assert state.warnings == ('without votes the scale is 1.1 now: ground: do this',)
    state = _run(estimator, {'ground': _says(1.1)}, 1, 51 * TENTH)
    assert state.warnings == ()


def test_a_fault_says_more_than_what_is_out_of_view():
    witnesses = {'ground': _fails('no_floor'), 'points': _fails('no_transform', 'no TF')}
    assert _run(ScaleEstimator(), witnesses).problem == 'points: no TF'
    witnesses = {'points': _fails('no_transform', 'no TF'), 'ground': _fails('tilted')}
    assert _run(ScaleEstimator(), witnesses).problem == 'points: no TF'


def test_a_vote_beyond_the_limits_is_not_applied():
    estimator = ScaleEstimator()
    _run(estimator, {'ground': _says(1.1)})
    state = _run(estimator, {'ground': _says(3.0)}, 40, 40 * TENTH)
    assert state.estimate.factor == pytest.approx(1.1, rel=0.01)
    assert state.reason == 'beyond_limits'
    assert 'multiplied by 3, expected 0.4..2.5 of scale.limits' in state.warnings[0]


def test_limits_are_relative_to_what_the_user_has_found():
    settings = ScaleSettings(prior=3.0)
    state = _run(ScaleEstimator(), {'ground': _says(3.3)}, settings=settings)
    assert state.estimate.factor == pytest.approx(3.3, rel=0.01)
    assert state.warnings == ()
    state = _run(ScaleEstimator(), {'ground': _says(1.0)}, settings=settings)
    assert state.estimate.factor == pytest.approx(3.0)


def test_a_large_correction_by_the_floor_is_applied_and_said():
    state = _run(ScaleEstimator(), {'ground': _says(1.3)}, 20)
    assert state.estimate.factor == pytest.approx(1.3, rel=0.02)
    assert "check the camera's height and pitch" in state.warnings[0]
    # A scanner does not err like that.
    assert _run(ScaleEstimator(), {'points': _says(1.3)}).warnings == ()
    settings = ScaleSettings(prior=1.3)
    assert _run(ScaleEstimator(), {'ground': _says(1.3)}, settings=settings).warnings == ()


@pytest.mark.parametrize(
    ('height', 'pitch'),
    [(0.6 * 1.3, 12), (0.6 * 0.7, 12), (0.6, 22), (0.6, 2), (0.78, 22), (0.42, 2)],
)
def test_a_wrong_pose_is_said_within_two_seconds(height, pitch):
    plane = GroundPlane.from_camera(height, pitch, roll=3)
    witness = partial(ground_vote, plane=plane, settings=GroundSettings((FLOOR,)))
    state = _run(ScaleEstimator(), {'ground': witness}, 20)
    assert state.warnings != ()
    right = partial(ground_vote, plane=PLANE, settings=GroundSettings((FLOOR,)))
    assert _run(ScaleEstimator(), {'ground': right}, 20).warnings == ()


def test_the_tilt_is_an_average_over_frames():
    estimator = ScaleEstimator()
    _run(estimator, {'ground': _says(1.0, 2.0)})
    state = _run(estimator, {'ground': _says(1.0, 12.0)}, 2, 40 * TENTH)
    # A fifth of the way, twice: 2 + 10 (1 - 0.8^2).
    assert state.tilt == pytest.approx(5.6)
    assert state.warnings == ()
    state = _run(estimator, {'ground': _says(1.0, 12.0)}, 20, 42 * TENTH)
    assert 'leans by 12 degrees' in state.warnings[0]
    state = _run(estimator, {'ground': _says(1.0, 12.0)}, 1, settings=ScaleSettings(max_tilt=21))
    assert state.warnings == ()


def test_sources_that_disagree_are_named_with_what_they_say():
    witnesses = {'ground': _says(0.9), 'points': _says(1.15)}
    state = _run(ScaleEstimator(), witnesses)
    assert 'disagree (ground 0.9, points 1.15)' in state.warnings[-1]
    witnesses['points'] = _says(1.0)
    assert _run(ScaleEstimator(), witnesses).warnings == ()


def _sees(factor, depths, columns, height=None):
    """Return a witness whose samples are at some depths of the network and columns."""

    def witness(view):
        predicted = np.linspace(*depths, 200)
        vote = vote_of(factor * predicted, predicted, np.linspace(*columns, 200))
        return replace(vote, height=height and Height(height * PLANE.height, PLANE), tilt=1.0)

    return witness


NEAR, FAR = ((1.0, 2.0), (0.0, 1.0)), ((2.0, 5.0), (0.2, 0.8))


@pytest.mark.parametrize('order', [('ground', 'motion'), ('motion', 'ground')])
def test_floor_and_motion_vote_together(order):
    both = {'ground': _sees(1.0, *NEAR), 'motion': _sees(1.2, *FAR)}
    state = _run(ScaleEstimator(), {name: both[name] for name in order}, 60)
    assert state.source == ','.join(order)
    # As many samples of one as of the other: between them, and bent from one to the other.
    assert 1.02 < state.estimate.factor < 1.18
    assert state.estimate.bend.by_depth > 0.05
    assert state.warnings == ()


def test_motion_votes_alone_where_no_floor_is_in_view():
    witnesses = {'ground': _fails('no_floor'), 'motion': _sees(1.2, *FAR)}
    state = _run(ScaleEstimator(), witnesses, 60)
    assert (state.source, state.reason) == ('motion', '')
    assert state.estimate.factor == pytest.approx(1.2, rel=0.02)


def test_points_count_before_motion_and_without_it():
    witnesses = {'points': _sees(1.1, *NEAR), 'motion': _sees(1.3, *FAR)}
    state = _run(ScaleEstimator(), witnesses, 60)
    assert (state.source, state.warnings) == ('points', ())
    assert state.estimate.factor == pytest.approx(1.1, rel=0.02)


def test_a_height_that_the_way_confirms_is_no_reason_to_doubt_a_large_factor():
    witnesses = {'ground': _sees(1.4, *NEAR), 'motion': _sees(1.4, *FAR, height=1.04)}
    state = _run(ScaleEstimator(), witnesses, 30)
    assert state.warnings == () and state.height == pytest.approx(1.04)
    # Neither points on the floor, nor things that both see.
    without = {'ground': _sees(1.4, *NEAR), 'motion': _sees(1.4, *FAR)}
    assert "check the camera's height" in _run(ScaleEstimator(), without, 30).warnings[0]
    same = {'ground': _sees(1.4, *NEAR), 'motion': _sees(1.3, *NEAR)}
    assert _run(ScaleEstimator(), same, 30).warnings == ()


def test_a_few_looks_at_the_height_are_not_enough():
    witnesses = {'ground': _sees(1.0, *NEAR), 'motion': _sees(1.0, *FAR, height=1.5)}
    assert _run(ScaleEstimator(), witnesses, 4).warnings == ()


def test_a_height_that_was_corrected_is_doubted_no_more():
    estimator = ScaleEstimator()
    wrong = {'ground': _sees(1.0, *NEAR), 'motion': _sees(1.0, *FAR, height=1.3)}
    assert _run(estimator, wrong, 20).warnings != ()
    right = {**wrong, 'motion': _sees(1.0, *FAR, height=1.0)}
    assert _run(estimator, right, 20, 20 * TENTH).warnings == ()
    # Where it stands nothing else is known.
    _run(estimator, wrong, 40, 40 * TENTH)
    stands = {'ground': _sees(1.0, *NEAR), 'motion': _fails('no_motion')}
    assert _run(estimator, stands, 5, 2000 * TENTH).height == pytest.approx(1.3, rel=1e-3)
    # Without motion nothing is known by it.
    state = _run(estimator, {'ground': _sees(1.0, *NEAR)}, 1, 2040 * TENTH)
    assert (state.warnings, state.height) == ((), None)


@pytest.mark.parametrize(('by_motion', 'said'), [(1.4, '1.40'), (0.7, '0.70')])
def test_a_way_that_says_another_distance_of_the_same_things_is_said(by_motion, said):
    both = {'ground': _sees(1.0, *NEAR), 'motion': _sees(by_motion, *NEAR)}
    state = _run(ScaleEstimator(), both, 20)
    assert f'things are {said} times as far away as by the floor' in state.warnings[-1]
    assert state.source == 'ground'
    assert state.estimate.factor == pytest.approx(1.0, rel=0.06)
    # What differs with the distance is no contradiction.
    both['motion'] = _sees(by_motion, *FAR)
    assert _run(ScaleEstimator(), both, 20).source == 'ground,motion'


def _now_and_then(witness, each):
    """Return a witness who votes at each so many-th frame."""
    calls = count()

    def votes(view):
        if next(calls) % each:
            raise ScaleError('between_looks', 'later')
        return witness(view)

    return votes


@pytest.mark.parametrize('order', [('ground', 'motion'), ('motion', 'ground')])
def test_a_vote_of_motion_is_joined_until_the_next_one(order):
    def factors(each):
        both = {
            'ground': _sees(1.0, *NEAR),
            'motion': _now_and_then(_sees(1.3, *FAR), each),
        }
        estimator, found = ScaleEstimator(), []
        for frame in range(60):
            witnesses = {name: both[name] for name in order}
            state = estimator.update(VIEW, frame * TENTH // 3, witnesses, SETTINGS)
            assert state.source == ','.join(order) or frame == 0
            found.append(state.estimate.factor * state.estimate.bend.factors(np.full((1, 1), 5.0)))
        return np.array(found)[30:]

    assert factors(3) == pytest.approx(factors(1), rel=1e-6)


def test_a_vote_of_motion_is_not_joined_for_long():
    both = {'ground': _sees(1.0, *NEAR), 'motion': _sees(1.3, *FAR)}
    estimator = ScaleEstimator()
    _run(estimator, both, 20)
    stands = {**both, 'motion': _fails('no_motion')}
    assert _run(estimator, stands, 5, 20 * TENTH).source == 'ground,motion'
    assert _run(estimator, stands, 1, 25 * TENTH).source == 'ground'


def test_a_fault_of_one_source_is_said_while_another_votes():
    witnesses = {'ground': _says(1.1), 'motion': _fails('no_transform', 'no odometry')}
    assert _run(ScaleEstimator(), witnesses, 10).warnings == ()
    state = _run(ScaleEstimator(), witnesses, 12)
    assert state.warnings == ('motion has no vote: no odometry',)
    assert (state.source, state.reason) == ('ground', '')
    witnesses['motion'] = _fails('no_motion')
    assert _run(ScaleEstimator(), witnesses, 12).warnings == ()


def test_a_new_camera_or_prior_starts_anew():
    estimator = ScaleEstimator()
    _run(estimator, {'ground': _says(1.1)}, of='one')
    state = _run(estimator, {'ground': _fails('no_floor')}, 1, of='other')
    assert (state.estimate.factor, state.source) == (1.0, '')
    state = _run(estimator, {'ground': _fails('no_floor')}, 1, settings=ScaleSettings(1.5))
    assert state.estimate.factor == pytest.approx(1.5)


def test_a_jump_back_in_time_is_no_fault_and_keeps_the_scale():
    estimator = ScaleEstimator()
    _run(estimator, {'ground': _says(1.1)}, start=10**12)
    state = _run(estimator, {'ground': _fails('no_transform')}, 5)
    assert state.estimate.factor == pytest.approx(1.1, rel=0.01)
    assert state.warnings == ()
    # Time goes on from the first frame after the jump.
    assert state.age_s == pytest.approx(0.4)


def test_votes_are_shown_before_they_are_judged():
    estimator, seen = ScaleEstimator(), []
    estimator.watch = seen.append
    _run(estimator, {'ground': _says(3.0)}, 3)
    _run(estimator, {'ground': _fails('no_floor')}, 3)
    assert [vote.factor for vote in seen] == pytest.approx([3.0] * 3)


def test_a_tilted_floor_is_no_warning_where_the_edges_agree_with_the_pose():
    def upright(view):
        return Vote(0.0, 0.02, 300, 12.0, upright=True)

    assert 'leans by 12 degrees' in _run(ScaleEstimator(), {'ground': _says(1, 12.0)}).warnings[0]
    assert _run(ScaleEstimator(), {'ground': upright}).warnings == ()
