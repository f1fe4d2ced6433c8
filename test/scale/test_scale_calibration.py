"""Calibrate once: the median of the frames, its spread, and the line for the file."""

import math

from monodepth_ros.errors import ScaleError
from monodepth_ros.scale.calibration import calibrate, FEWEST_FRAMES
from monodepth_ros.scale.votes import Vote
import numpy as np
import pytest


def _votes(*factors):
    return [Vote(math.log(factor), 0.05, 100) for factor in factors]


def test_it_is_the_median_with_the_spread_of_the_frames():
    found = calibrate(_votes(1.2, 1.25, 1.3, 1.35, 9.0))
    assert (found.factor, found.frames) == (1.3, 5)
    # Deviations of 1.2, 1.25, 1.35 in the logarithm: the median one is that of 1.25.
    middle = sorted(abs(math.log(f / 1.3)) for f in (1.2, 1.25, 1.3, 1.35, 9.0))[2]
    assert found.spread == pytest.approx(math.expm1(1.4826 * middle))


def test_the_words_hold_the_line_of_the_parameter_file():
    found = calibrate(_votes(*[1.23456] * 7))
    assert found.yaml == 'depth.scale: 1.235'
    assert str(found) == 'depth.scale: 1.235 (spread 0.0% over 7 frames)'


def test_noise_is_averaged():
    rng = np.random.default_rng(0)
    found = calibrate(_votes(*(1.4 * np.exp(rng.normal(0, 0.1, 200)))))
    assert found.factor == pytest.approx(1.4, rel=0.03)
    assert found.spread == pytest.approx(0.1, rel=0.3)


def test_too_few_frames_are_no_calibration():
    with pytest.raises(ScaleError, match='4 frames gave a factor, expected 5') as caught:
        calibrate(_votes(*[1.2] * (FEWEST_FRAMES - 1)))
    assert caught.value.reason == 'few_votes'
    assert str(calibrate(_votes(1.2), fewest=1)).endswith('over 1 frame)')
