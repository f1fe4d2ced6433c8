"""The median is that of NumPy."""

from monodepth_ros.scale.robust import median
import numpy as np
import pytest


@pytest.mark.parametrize('count', [1, 2, 3, 8, 101])
@pytest.mark.parametrize('dtype', [np.float32, np.float64])
def test_the_median_is_that_of_numpy(count, dtype):
    values = np.random.default_rng(count).normal(size=count).astype(dtype)
    before = values.copy()
    assert median(values) == pytest.approx(float(np.median(values)), rel=1e-6)
    np.testing.assert_array_equal(values, before)
