"""Errors of groups of pixels, on numbers worked out by hand and by scikit-learn."""

import math

from monodepth_ros.training.pooled_errors import (
    distance_limits,
    DistanceErrors,
    pixel_errors,
    PooledErrors,
)
import numpy as np
import pytest
from sklearn import metrics as reference


def test_pixel_errors():
    found = pixel_errors(np.array([3.0, 2.0, 1.25]), np.array([2.0, 2.0, 1.0]))
    assert found.squares.tolist() == [1.0, 0.0, 0.0625]
    assert found.relative.tolist() == [0.5, 0.0, 0.25]
    assert found.hits.tolist() == [0.0, 1.0, 0.0]


def test_pixels_weigh_the_same_over_images():
    errors = PooledErrors(2)
    errors.update(np.array([0, 0, 1]), pixel_errors(np.array([3.0, 2, 5]), np.array([2.0, 2, 4])))
    errors.update(np.array([0]), pixel_errors(np.array([4.0]), np.array([2.0])))
    first, second = errors.compute()
    assert first == pytest.approx(
        {'share': 3 / 4, 'rmse': math.sqrt(5 / 3), 'abs_rel': (0.5 + 0 + 1) / 3, 'delta1': 1 / 3}
    )
    assert second == pytest.approx({'share': 1 / 4, 'rmse': 1.0, 'abs_rel': 0.25, 'delta1': 0.0})


def test_a_group_without_pixels():
    errors = PooledErrors(2)
    assert errors.compute() == []
    errors.update(np.array([1]), pixel_errors(np.ones(1), np.ones(1)))
    assert errors.compute()[0] == {'share': 0.0}


@pytest.mark.parametrize(
    ('max_depth', 'limits'),
    [
        (10.0, (0, 2, 4, 6, 10)),
        (5.0, (0, 2, 4, 5)),
        (4.0, (0, 2, 4)),
        (80.0, (0, 2, 4, 6, 10, 80)),
        (1.0, (0, 1)),
    ],
)
def test_distance_limits(max_depth, limits):
    assert distance_limits(max_depth) == limits


def test_a_distance_ends_with_its_upper_limit():
    target = np.array([0.5, 2.0, 2.001, 4.0, 6.0, 10.0])
    errors = DistanceErrors(10.0)
    errors.update(target, pixel_errors(target, target))
    found = errors.compute()
    assert [(g['from_m'], g['to_m']) for g in found] == [(0, 2), (2, 4), (4, 6), (6, 10)]
    assert [g['share'] * 6 for g in found] == pytest.approx([2, 2, 1, 1])


def test_distances_match_scikit_learn():
    rng = np.random.default_rng(0)
    target = rng.uniform(0.5, 10.0, (3, 500)).astype(np.float32)
    depth = (target * rng.lognormal(0.0, 0.3, target.shape)).astype(np.float32)
    errors = DistanceErrors(10.0)
    for d, t in zip(depth, target):
        errors.update(t, pixel_errors(d, t))
    for group in errors.compute():
        inside = (target > group['from_m']) & (target <= group['to_m'])
        d, t = depth[inside], target[inside]
        rmse = math.sqrt(reference.mean_squared_error(t, d))
        assert group['rmse'] == pytest.approx(rmse, rel=1e-5)
        weighted = reference.mean_absolute_error(t, d, sample_weight=1 / t)
        assert group['abs_rel'] == pytest.approx(weighted * np.mean(1 / t), rel=1e-5)
        hits = np.maximum(d / t, t / d) < 1.25
        expected = reference.accuracy_score(np.ones(len(t), bool), hits)
        assert group['delta1'] == pytest.approx(expected)
        assert group['share'] == pytest.approx(inside.mean())
