"""Scale and shift of a camera: sources in order, limits, faults, and what is said."""

from functools import partial
import math

from monodepth_ros.errors import ScaleError
from monodepth_ros.scale.affine import INVERSE, RelativeDepth
from monodepth_ros.scale.affine_estimator import AffineEstimator
from monodepth_ros.scale.estimator import ScaleSettings
from monodepth_ros.scale.ground import ground_vote, GroundSettings
from monodepth_ros.scale.plane import GroundPlane
from monodepth_ros.scale.votes import View
import numpy as np
import pytest
from scale_kit import CAMERA, FLOOR, make_depth, PLANE, relative_numbers

TENTH = 100_000_000
RELATIVE = RelativeDepth(INVERSE, 0.1, 50.0)


def _view(relative=RELATIVE):
    depth, label = make_depth()
    numbers = relative_numbers(depth, relative.kind)
    return View(numbers, CAMERA, label, np.full(label.shape, 255, np.uint8), relative)


def _floor(plane=PLANE):
    return partial(ground_vote, plane=plane, settings=GroundSettings((FLOOR,)))


def _fails(reason):
    def witness(view):
        raise ScaleError(reason, 'because')

    return witness


def _run(estimator, witnesses, frames=10, start=0, view=None, of=None):
    for i in range(frames):
        state = estimator.update(
            view or _view(), start + i * TENTH, witnesses, ScaleSettings(), of
        )
    return state


def test_a_floor_is_followed_and_held():
    estimator = AffineEstimator()
    state = _run(estimator, {'ground': _floor()})
    assert state.estimate.factor == pytest.approx(0.02, rel=0.01)
    assert (state.source, state.reason, state.warnings) == ('ground', '', ())
    state = _run(estimator, {'ground': _fails('one_depth')}, 30, 10 * TENTH)
    assert state.estimate.factor == pytest.approx(0.02, rel=0.01)
    assert (state.reason, state.warnings) == ('one_depth', ())
    state = _run(estimator, {'ground': _fails('no_transform')}, 12, 40 * TENTH)
    assert state.warnings[0].startswith('scale 0.02 and shift 0.3 are held: ground: because')


def test_a_fault_before_the_first_fit_is_said():
    state = _run(AffineEstimator(), {'ground': _fails('no_labels')}, 12)
    assert state.warnings == ('there are no metres yet: ground: because',)
    assert math.isnan(state.estimate.factor) and state.age_s is None


def test_a_fit_that_leaves_hardly_an_image_is_beyond_the_limits():
    far = RelativeDepth(INVERSE, 3.5, 50.0)
    state = _run(AffineEstimator(), {'ground': _floor()}, view=_view(far))
    assert state.reason == 'beyond_limits' and state.estimate.votes == 0
    assert 'only 0% of the image would be 3.5 to 50 m away' in state.problem


def test_a_floor_beyond_the_farthest_is_no_fit():
    near = RelativeDepth(INVERSE, 0.1, 0.5)
    state = _run(AffineEstimator(), {'ground': _floor()}, view=_view(near))
    assert state.reason == 'no_fit' and 'farther than 0.5 m' in state.problem


def test_sources_that_disagree_are_named():
    wrong = GroundPlane.from_camera(0.9, 12, roll=3)
    state = _run(AffineEstimator(), {'points': _floor(), 'ground': _floor(wrong)})
    assert 'the sources of scale and shift disagree (ground 0.0133' in state.warnings[-1]
    assert state.source == 'points'
    assert state.estimate.factor == pytest.approx(0.02, rel=0.01)
    state = _run(AffineEstimator(), {'points': _floor(), 'ground': _floor()})
    assert state.warnings == ()


def test_another_camera_starts_anew():
    estimator = AffineEstimator()
    _run(estimator, {'ground': _floor()}, of='one')
    state = _run(estimator, {'ground': _fails('no_floor')}, 1, of='other')
    assert math.isnan(state.estimate.factor)
