"""A vote is the median of the ratios, and its spread that of their deviations."""

import math

from monodepth_ros.scale.votes import median, OF_DEVIATION, vote_of
import numpy as np
import pytest


@pytest.mark.parametrize('count', [1, 2, 3, 8, 101])
@pytest.mark.parametrize('dtype', [np.float32, np.float64])
def test_the_median_is_that_of_numpy(count, dtype):
    values = np.random.default_rng(count).normal(size=count).astype(dtype)
    before = values.copy()
    assert median(values) == pytest.approx(float(np.median(values)), rel=1e-6)
    np.testing.assert_array_equal(values, before)


def test_a_vote_is_what_half_of_the_samples_say():
    predicted = np.ones(5)
    vote = vote_of(np.exp(np.array([0.1, 0.2, 0.2, 0.4, 9.0])), predicted)
    # Deviations from 0.2: 0.1, 0, 0, 0.2 and 8.8.
    assert vote.log == pytest.approx(0.2) and vote.count == 5
    assert vote.spread == pytest.approx(OF_DEVIATION * 0.1)
    assert vote.factor == pytest.approx(math.exp(0.2))
