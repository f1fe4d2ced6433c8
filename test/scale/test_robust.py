"""The median is that of NumPy; weights fall with the error."""

from monodepth_ros.scale.robust import fading_weights, median
import numpy as np
import pytest


@pytest.mark.parametrize('count', [1, 2, 3, 8, 101])
@pytest.mark.parametrize('dtype', [np.float32, np.float64])
def test_the_median_is_that_of_numpy(count, dtype):
    values = np.random.default_rng(count).normal(size=count).astype(dtype)
    before = values.copy()
    assert median(values) == pytest.approx(float(np.median(values)), rel=1e-6)
    np.testing.assert_array_equal(values, before)


def test_weights_fall_with_the_error_in_its_usual_size():
    # The median 0.1 is 0.148 of a deviation.
    found = fading_weights(np.array([0.0, 0.1, 2 * 0.14826]), 0.01)
    assert found == pytest.approx([1, (1 + (0.1 / 0.29652) ** 2) ** -2, 0.25])
    assert fading_weights(np.array([0.0, 0.0, 0.04]), 0.02)[2] == pytest.approx(0.25)
