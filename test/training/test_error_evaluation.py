"""Figures of the learned error."""

import json
import math

from monodepth_ros.training.error_evaluation import (
    area_under_sparsification_error,
    ErrorEvaluation,
    FRACTIONS,
    LIMITS,
    rank_correlation,
)
import numpy as np
import pytest


def test_the_true_error_sorts_best():
    truth = np.random.default_rng(0).exponential(0.1, 500)
    assert area_under_sparsification_error(truth, truth) == 0.0
    assert area_under_sparsification_error(np.sqrt(truth), truth) == 0.0
    unknowing = area_under_sparsification_error(np.ones(500), truth)
    contrary = area_under_sparsification_error(-truth, truth)
    assert 0.2 < unknowing < contrary


def test_sparsification_by_hand():
    # Of 20 errors, 19 are 0 and one is 1: it stays to the end, or goes first.
    truth = np.zeros(20)
    truth[0] = 1.0
    error = np.arange(20.0)
    remaining = [1.0 / (20 - step) for step in range(20)]
    expected = (sum(remaining) - remaining[0]) / 20 / truth.mean()
    assert len(FRACTIONS) == 20
    assert area_under_sparsification_error(error, truth) == pytest.approx(expected)


def test_without_errors_nothing_can_be_sorted():
    assert area_under_sparsification_error(np.arange(9.0), np.zeros(9)) == 0.0


def test_rank_correlation():
    x = np.array([1.0, 2.0, 3.0, 4.0])
    assert rank_correlation(x, np.exp(x)) == pytest.approx(1.0)
    assert rank_correlation(x, -x) == pytest.approx(-1.0)
    assert rank_correlation(x, np.ones(4)) == 0.0
    # Ranks 1 2 3 4 and 1.5 1.5 4 3: covariance 3.5 of sqrt(5 x 4.5).
    found = rank_correlation(x, np.array([0.0, 0.0, 9.0, 5.0]))
    assert found == pytest.approx(3.5 / math.sqrt(5 * 4.5))


def test_rank_correlation_is_that_of_scipy():
    stats = pytest.importorskip('scipy.stats')
    rng = np.random.default_rng(1)
    x, y = rng.integers(0, 9, 200).astype(float), rng.integers(0, 9, 200).astype(float)
    assert rank_correlation(x, y) == pytest.approx(stats.spearmanr(x, y)[0])


def test_calibration():
    evaluation = ErrorEvaluation()
    error = np.array([0.04, 0.04, 0.4, np.nan])
    target = np.array([2.0, 2.0, 2.0, 2.0])
    depth = target * np.exp([0.1, -0.02, 0.4, 3.0])
    record = evaluation.update(error, depth, target)
    assert set(record) == {'error_ause', 'error_correlation'}
    found = evaluation.compute()
    groups = {(g['from'], g['to']): g for g in found['calibration']}
    assert groups[0.02, 0.05]['share'] == pytest.approx(2 / 3)
    assert groups[0.02, 0.05]['expected'] == pytest.approx(0.04)
    assert groups[0.02, 0.05]['found'] == pytest.approx(0.06)
    assert groups[0.3, 0.5]['found'] == pytest.approx(0.4)
    assert groups[1.0, None] == {
        'from': 1.0,
        'to': None,
        'share': 0.0,
        'expected': None,
        'found': None,
    }
    assert found['ratio'] == pytest.approx(0.52 / 0.48)
    assert len(groups) == len(LIMITS) - 1
    assert json.loads(json.dumps(found)) == found


def test_means_over_images():
    evaluation = ErrorEvaluation()
    depth = np.array([1.0, 1.1, 1.5])
    evaluation.update(np.array([0.1, 0.2, 0.3]), depth, np.ones(3))
    evaluation.update(np.array([0.3, 0.2, 0.1]), depth, np.ones(3))
    assert evaluation.compute()['correlation'] == pytest.approx(0.0)
    assert evaluation.images[0]['error_ause'] == 0.0
    assert evaluation.compute()['ause'] == evaluation.images[1]['error_ause'] / 2 > 0


def test_nothing():
    evaluation = ErrorEvaluation()
    assert evaluation.update(np.array([np.nan]), np.ones(1), np.ones(1)) == {}
    assert evaluation.update(np.zeros(0), np.ones(0), np.ones(0)) == {}
    assert evaluation.compute() == {}
