"""Figures of a series against values worked out by hand."""

from monodepth_ros.benchmark.spread import percentile, rounded, spread
import numpy as np
import pytest


def test_spread_of_five_values():
    # Sorted 1 2 3 4 10: quartiles 2 and 4; p95 lies 0.8 of the way from the 4th to the 5th.
    assert spread([10.0, 1.0, 3.0, 2.0, 4.0]) == {
        'ms_median': 3.0,
        'ms_p95': 8.8,
        'ms_min': 1.0,
        'ms_iqr': 2.0,
        'samples': 5,
    }


def test_spread_agrees_with_numpy():
    values = np.random.default_rng(0).gamma(2.0, 5.0, 301)
    figures = spread(values, 's')
    assert figures['s_median'] == pytest.approx(np.median(values), rel=1e-3)
    assert figures['s_p95'] == pytest.approx(np.percentile(values, 95), rel=1e-3)
    assert figures['s_iqr'] == pytest.approx(
        np.percentile(values, 75) - np.percentile(values, 25), rel=1e-3
    )


def test_spread_of_nothing_is_an_error():
    with pytest.raises(ValueError, match='at least one'):
        spread([])


def test_percentile():
    assert percentile([0.0, 10.0], 50) == 5.0
    assert percentile([], 50) is None


@pytest.mark.parametrize(
    ('value', 'expected'),
    [
        (123456.0, 123500.0),
        (0.00123456, 0.001235),
        (None, None),
        (float('nan'), None),
        (float('inf'), None),
        (0.0, 0.0),
    ],
)
def test_rounded(value, expected):
    assert rounded(value) == expected
