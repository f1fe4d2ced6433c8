"""The guessed error of depth, by hand and by what it has to tell apart; confidence and back."""

import math

from doubles import FormulaEngine, make_facts
from monodepth_ros.errors import ConfigError
from monodepth_ros.frames import Frame, RawOutput, Wanted
from monodepth_ros.pipeline import depth_error
from monodepth_ros.pipeline.depth_error import depth_confidence, likely_error
from monodepth_ros.pipeline.predictor import Predictor, PredictorOptions
import numpy as np
import pytest


def flat(depth=2.8, shape=(20, 30)):
    return np.full(shape, depth, np.float32)


def test_a_sure_flat_wall_at_the_usual_distance_has_the_least_error():
    error = likely_error(flat(), np.full((20, 30), 255, np.uint8))
    assert error.dtype == np.float32
    np.testing.assert_allclose(error, 0.108, rtol=1e-5)


def test_doubt_distance_and_steps_add_by_hand():
    depth = flat(5.6)
    depth[:, 15:] = 5.6 * math.exp(0.2)
    error = likely_error(depth, np.zeros((20, 30), np.uint8))
    far = 0.108 + 0.084 + 0.051 * math.log(2)
    np.testing.assert_allclose(error[:, :11], far, rtol=1e-5)
    # The square of 9 pixels reaches 4 to each side.
    np.testing.assert_allclose(error[:, 11:15], far + 0.158 * 0.2, rtol=1e-4)


def test_without_labels_the_doubt_is_the_usual_one():
    np.testing.assert_allclose(likely_error(flat()), 0.108 + 0.084 * 0.4, rtol=1e-5)


def test_one_large_step_is_not_larger_than_the_largest():
    depth = flat()
    depth[:, 15:] = 2000.0
    error = likely_error(depth, np.full((20, 30), 255, np.uint8))
    assert error[0, 14] == pytest.approx(0.108 + 0.158 * 0.5, rel=1e-4)


@pytest.mark.parametrize('value', [math.nan, math.inf, -math.inf, 0.0, -3.0])
def test_what_is_no_depth_does_no_harm_beyond_its_square(value):
    depth = flat()
    depth[10, 15] = value
    error = likely_error(depth)
    assert np.isfinite(error).all()
    np.testing.assert_allclose(error[:, :11], likely_error(flat())[:, :11])


def test_confidence_by_hand_and_back():
    error = np.array([[0.0, 0.1, 0.25, 0.51, 0.52, 3.0, math.nan, math.inf]], np.float32)
    confidence = depth_confidence(error)
    assert confidence.dtype == np.uint8
    assert confidence.tolist() == [[255, 205, 130, 0, 0, 0, 0, 0]]
    np.testing.assert_allclose((255 - confidence[0, :4].astype(float)) / 500, error[0, :4])
    out = np.ones_like(confidence)
    assert depth_confidence(error, out) is out
    np.testing.assert_array_equal(out, confidence)


class ErrorEngine(FormulaEngine):
    """Say an error of 0.05 on the left half of the image and 0.30 on the right."""

    def __init__(self):
        super().__init__(make_facts(outputs=('depth', 'semantic', 'error')))

    def _infer(self, images):
        raw = super()._infer(images)
        error = np.full(images.shape[:3], 0.05, np.float32)
        middle = images.shape[2] // 2
        error[..., middle:] = 0.30
        return RawOutput(raw.depth, raw.label, raw.confidence, error)


def frame(width=320, height=240):
    return Frame(np.full((height, width, 3), 100, np.uint8))


def test_the_learned_error_comes_before_the_guess():
    prediction = Predictor(ErrorEngine()).predict(frame(), Wanted(error=True))
    np.testing.assert_allclose(prediction.error[:, :150], 0.05)
    np.testing.assert_allclose(prediction.error[:, 170:], 0.30)


def test_a_network_without_the_head_has_the_guess_of_its_own_maps():
    prediction = Predictor(FormulaEngine()).predict(frame(), Wanted(error=True))
    # 1 m + 100 / 100, and a confidence of 100 of 255.
    expected = likely_error(flat(2.0, (4, 4)), np.full((4, 4), 100, np.uint8))[0, 0]
    np.testing.assert_allclose(prediction.error, expected, rtol=1e-5)
    unlabelled = Predictor(FormulaEngine(make_facts(outputs=('depth',))))
    error = unlabelled.predict(frame(), Wanted(error=True)).error
    np.testing.assert_allclose(error, likely_error(flat(2.0, (4, 4)))[0, 0], rtol=1e-5)


@pytest.mark.parametrize('wanted', [Wanted(), Wanted(error=True)])
def test_max_error_takes_away_what_is_worse(wanted):
    options = PredictorOptions(max_error=0.1)
    prediction = Predictor(ErrorEngine(), options).predict(frame(), wanted)
    np.testing.assert_allclose(prediction.depth[:, :150], 2.0)
    assert np.isnan(prediction.depth[:, 170:]).all()
    assert (prediction.error is not None) == wanted.error
    kept = Predictor(ErrorEngine(), PredictorOptions(max_error=0.31)).predict(frame(), wanted)
    assert np.isfinite(kept.depth).all()


def test_an_error_that_is_none_is_not_below_the_limit():
    class Silent(ErrorEngine):
        """Say no error at the left."""

        def _infer(self, images):
            raw = super()._infer(images)
            raw.error[..., :40] = np.nan
            return raw

    prediction = Predictor(Silent(), PredictorOptions(max_error=5.0)).predict(frame())
    assert np.isnan(prediction.depth[:, :40]).all()
    assert np.isfinite(prediction.depth[:, 42:]).all()


def test_without_a_limit_or_a_listener_no_error_is_computed(monkeypatch):
    def fail(*_):
        raise AssertionError('computed for nobody')

    monkeypatch.setattr('monodepth_ros.pipeline.predictor.likely_error', fail)
    assert Predictor(FormulaEngine()).predict(frame(), Wanted()).error is None
    with pytest.raises(AssertionError):
        Predictor(FormulaEngine()).predict(frame(), Wanted(error=True))


@pytest.mark.parametrize('value', [-0.1, 10.5, math.nan])
def test_a_limit_out_of_range_is_refused(value):
    with pytest.raises(ConfigError, match=r'max_error is .*, expected 0\.\.10'):
        PredictorOptions(max_error=value)


def test_the_steps_of_confidence_are_what_the_readme_says():
    assert 255 / depth_error.ERROR_OF_NONE == pytest.approx(500)
