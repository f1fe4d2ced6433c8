"""The camera's height by its way: how it is measured, and when it takes the place of the known."""

from dataclasses import replace
import math

from monodepth_ros.errors import ScaleError
from monodepth_ros.scale.estimator import ScaleEstimator, ScaleSettings
from monodepth_ros.scale.ground import FEWEST_FLOOR, ROUGHEST
from monodepth_ros.scale.motion_check import MEASURED_S, motion_vote
from monodepth_ros.scale.plane import GroundPlane
from monodepth_ros.scale.votes import Height, vote_of
import numpy as np
import pytest
from scale_kit import CAMERA, FLOOR, make_view, PLANE, WALL

TENTH, MINUTE = 100_000_000, 60_000_000_000
VIEW = make_view()


def _points(plane=PLANE, noise=0.0, on=FLOOR, count=60, seed=0):
    """Return points, (n, 3) metres, seen on the floor or the wall, each distance a little off."""
    rng = np.random.default_rng(seed)
    depth = np.where(VIEW.label == FLOOR, plane.depth(CAMERA), VIEW.depth)
    rows, columns = np.nonzero(VIEW.label == on)
    chosen = rng.choice(rows.size, count, replace=False)
    z = depth[rows, columns][chosen] * np.exp(rng.normal(0.0, noise, count))
    rays = CAMERA.rays()[rows, columns][chosen]
    return np.column_stack([rays * z[:, None], z])


@pytest.mark.parametrize('ratio', [0.7, 1.0, 1.4])
def test_points_on_the_floor_tell_how_high_the_camera_is(ratio):
    # Points of the wall, which are as many, say nothing of it.
    floor = replace(PLANE, height=ratio * PLANE.height)
    points = np.concatenate([_points(floor, 0.05), _points(on=WALL)])
    height = motion_vote(VIEW, points, PLANE, (FLOOR,)).height
    assert height.measured == pytest.approx(ratio * PLANE.height, rel=0.02)
    assert height.known == PLANE


@pytest.mark.parametrize(
    'case', ['wall', 'few', 'rough', 'unsure', 'no labels', 'other class', 'no floor known']
)
def test_without_floor_that_is_sure_nothing_is_said_of_the_height(case):
    view, plane, labels, points = VIEW, PLANE, (FLOOR,), _points()
    if case == 'wall':
        points = _points(on=WALL)
    elif case == 'few':
        points = np.concatenate([_points(count=FEWEST_FLOOR - 1), _points(on=WALL)])
    elif case == 'rough':
        points = _points(noise=2 * ROUGHEST, count=200)
    elif case == 'unsure':
        view = replace(view, confidence=np.full_like(view.confidence, 100))
    elif case == 'no labels':
        view = replace(view, label=None, confidence=None)
    elif case == 'other class':
        labels = (FLOOR + 1,)
    else:
        plane = None
    vote = motion_vote(view, points, plane, labels)
    assert vote.height is None
    assert vote.factor == pytest.approx(1.0, rel=0.1)


class _Robot:
    """A robot whose camera is `off` times as high as its pose says, with a perfect network."""

    def __init__(self, off, order=('motion', 'ground')):
        self.estimator, self.order = ScaleEstimator(), order
        self.off, self.known, self.stamp = off, PLANE, 0
        self.rng = np.random.default_rng(0)

    def run(self, frames, moves=True, nods=0.0, noise=0.0, prior=1.0):
        """Serve frames at 10 Hz, whose looks are off by some noise; return the last state."""
        for frame in range(frames):
            self.stamp += TENTH
            nod = 1 + nods * (-1) ** frame
            known = replace(self.known, height=self.known.height * nod)
            true = self.known.height * self.off * nod
            wrong = math.exp(self.rng.normal(0, noise))
            witnesses = {
                'ground': self._ground(self.estimator.floor(known, self.stamp).height / true),
                'motion': self._motion(Height(true * wrong, known)) if moves else _stands,
                'points': self._ground(1.1),
            }
            asked = {name: witnesses[name] for name in self.order}
            state = self.estimator.update(VIEW, self.stamp, asked, ScaleSettings(prior))
        return state

    def floor(self):
        """Return the height of the floor that votes, as a share of the known one."""
        return self.estimator.floor(self.known, self.stamp).height / self.known.height

    def _ground(self, factor):
        predicted = np.linspace(1.0, 2.0, 200)
        vote = vote_of(factor * predicted, predicted, np.linspace(0, 1, 200))
        return lambda view: replace(vote, tilt=1.0)

    def _motion(self, height):
        predicted = np.linspace(2.0, 5.0, 200)
        vote = vote_of(predicted, predicted, np.linspace(0.2, 0.8, 200))
        return lambda view: replace(vote, height=height)


def _stands(view):
    raise ScaleError('no_motion', 'it stands')


@pytest.mark.parametrize('off', [0.7, 1.3])
def test_a_height_that_the_way_contradicts_gives_way_to_the_measured_one(off):
    robot = _Robot(off)
    state = robot.run(30)
    # The floor goes on to vote, by that height.
    assert state.source == 'motion,ground'
    assert robot.floor() == pytest.approx(off, abs=0.005)
    said = f'{off * PLANE.height:.2f} m over the floor, {off:.2f} times as high as its pose says'
    assert len(state.warnings) == 1 and said in state.warnings[0]
    assert state.warnings[0].endswith('this height is used until then')
    assert robot.run(300).estimate.factor == pytest.approx(1.0, rel=0.02)


@pytest.mark.parametrize('off', [0.7, 1.3])
def test_what_the_wrong_floor_has_said_counts_no_more(off):
    robot = _Robot(off)
    while robot.floor() == 1.0:
        state = robot.run(1)
    # The look that tells has been joined with no floor.
    assert robot.stamp == (1 + 10 * MEASURED_S) * TENTH and state.source == 'motion'
    state = robot.run(1)
    assert (state.source, state.estimate.votes) == ('motion,ground', 2)
    assert state.estimate.factor == pytest.approx(1.0, rel=0.01)


def test_what_another_sensor_has_said_counts_on():
    robot = _Robot(1.3, ('points', 'motion', 'ground'))
    state = robot.run(40)
    assert robot.floor() == pytest.approx(1.3, abs=0.005)
    assert (state.source, state.estimate.votes) == ('points', 40)


def test_the_measured_height_holds_while_the_camera_stands():
    robot = _Robot(1.3)
    robot.run(200)
    robot.stamp += 10 * MINUTE
    state = robot.run(30, moves=False)
    assert (state.source, state.height) == ('ground', pytest.approx(1.3))
    assert state.estimate.factor == pytest.approx(1.0, rel=0.02)
    assert len(state.warnings) == 1 and '1.30 times as high' in state.warnings[0]


def test_a_pose_that_was_corrected_is_believed_at_once():
    robot = _Robot(1.3)
    robot.run(30)
    robot.known, robot.off = replace(PLANE, height=1.3 * PLANE.height), 1.0
    # Also where the camera stands.
    state = robot.run(1, moves=False)
    assert (robot.floor(), state.height, state.warnings) == (1.0, None, ())
    state = robot.run(10)
    assert (robot.floor(), state.height, state.warnings) == (1.0, pytest.approx(1.0), ())


@pytest.mark.parametrize(
    'known',
    [
        replace(PLANE, height=1.05 * PLANE.height),
        replace(PLANE, height=0.96 * PLANE.height),
        GroundPlane.from_camera(PLANE.height, 15, 3),
    ],
)
def test_a_small_correction_is_believed_while_the_camera_stands(known):
    robot = _Robot(1.3)
    robot.run(40)
    robot.run(30, moves=False)
    assert robot.floor() == pytest.approx(1.3, abs=0.005)
    robot.known = known
    state = robot.run(1, moves=False)
    assert (robot.floor(), state.height, state.warnings) == (1.0, None, ())


def test_looks_that_are_over_soon_replace_nothing():
    robot = _Robot(1.5)
    robot.run(10)
    state = robot.run(30, moves=False)
    assert robot.floor() == 1.0
    assert any('1.50 times as high' in warning for warning in state.warnings)


@pytest.mark.parametrize('off', [1.08, 1.12, 1.16, 0.88])
def test_noisy_looks_do_not_move_the_floor_to_and_fro(off):
    robot, moved = _Robot(off), []
    for _ in range(300):
        robot.run(10, noise=0.05)
        moved.append(robot.floor() != 1.0)
    assert np.count_nonzero(np.diff(moved)) <= 1
    assert robot.floor() == 1.0 or robot.floor() == pytest.approx(off, rel=0.08)


def test_another_prior_leaves_the_measured_height():
    """As ~/calibrate_scale sets it."""
    robot = _Robot(1.3)
    robot.run(40)
    state = robot.run(30, moves=False, prior=1.02)
    assert (robot.floor(), state.height) == (pytest.approx(1.3), pytest.approx(1.3))
    assert state.estimate.factor == pytest.approx(1.0, rel=0.02)


def test_motion_alone_keeps_its_scale_whatever_the_height():
    robot = _Robot(1.3, ('motion',))
    state = robot.run(40)
    assert (robot.floor(), state.estimate.votes) == (pytest.approx(1.3), 40)


def test_a_robot_that_nods_keeps_what_was_measured():
    robot = _Robot(1.3)
    state = robot.run(40, nods=0.03)
    assert state.height == pytest.approx(1.3) and robot.floor() == pytest.approx(1.3, abs=0.005)


def test_a_floor_that_is_trusted_more_than_the_way_keeps_its_height():
    robot = _Robot(1.3, ('ground', 'motion'))
    state = robot.run(60)
    assert (robot.floor(), state.source) == (1.0, 'ground')
    assert state.estimate.factor == pytest.approx(1 / 1.3, rel=0.03)
    assert '1.30 times as high' in state.warnings[-1]
    assert 'used until then' not in state.warnings[-1]


def test_without_motion_among_the_sources_the_known_height_counts():
    robot = _Robot(1.3)
    robot.run(30)
    robot.order = ('ground',)
    robot.run(1)
    assert robot.floor() == 1.0


@pytest.mark.parametrize('off', [0.9, 1.0, 1.1])
def test_a_height_that_the_way_confirms_stays_the_known_one(off):
    robot = _Robot(off)
    state = robot.run(60)
    assert (robot.floor(), state.warnings) == (1.0, ())
