"""Metrics on numbers worked out by hand."""

import math

from monodepth_ros.training.metrics import (
    depth_errors,
    DEPTH_METRICS,
    DepthMetrics,
    into_range,
    median_ratio,
    SegmentationMetrics,
    valid_depth,
)
import numpy as np
import pytest
from sklearn import metrics as reference

LN2 = math.log(2.0)


def test_depth_errors():
    # Errors -1, 0 and 2 m of 2, 2 and 4 m; logarithms -ln 2, 0 and ln 1.5; ratios 2, 1, 1.5.
    found = depth_errors(np.array([1.0, 2.0, 6.0]), np.array([2.0, 2.0, 4.0]))
    logs = np.array([-LN2, 0.0, math.log(1.5)])
    mean_log = (logs[0] + logs[2]) / 3
    mean_square = (LN2**2 + math.log(1.5) ** 2) / 3
    expected = {
        'abs_rel': (1 / 2 + 0 + 2 / 4) / 3,
        'sq_rel': (1 / 2 + 0 + 4 / 4) / 3,
        'rmse': math.sqrt((1 + 0 + 4) / 3),
        'rmse_log': math.sqrt(mean_square),
        'log10': (math.log10(2) + math.log10(1.5)) / 3,
        'silog': 100 * math.sqrt(mean_square - mean_log**2),
        'delta1': 1 / 3,
        'delta2': 2 / 3,
        'delta3': 2 / 3,
    }
    assert found == pytest.approx(expected)
    assert tuple(found) == DEPTH_METRICS


def test_depth_errors_match_scikit_learn():
    rng = np.random.default_rng(0)
    target = rng.uniform(0.5, 9.0, 1000)
    depth = target * rng.lognormal(0.05, 0.3, 1000)
    found = depth_errors(depth.astype(np.float32), target.astype(np.float32))
    logs = np.log(target), np.log(depth)
    ratio = np.maximum(depth / target, target / depth)
    bias = np.mean(logs[1]) - np.mean(logs[0])
    mean, mean_square = reference.mean_absolute_error, reference.mean_squared_error
    weights = {'sample_weight': 1 / target}
    expected = {
        'abs_rel': mean(target, depth, **weights) * np.mean(1 / target),
        'sq_rel': mean_square(target, depth, **weights) * np.mean(1 / target),
        'rmse': math.sqrt(mean_square(target, depth)),
        'rmse_log': math.sqrt(mean_square(*logs)),
        'log10': mean(np.log10(target), np.log10(depth)),
        'silog': 100 * math.sqrt(mean_square(logs[0] + bias, logs[1])),
        **{
            f'delta{power}': reference.accuracy_score(np.ones(1000, bool), ratio < 1.25**power)
            for power in (1, 2, 3)
        },
    }
    assert found == pytest.approx(expected, rel=1e-5)
    assert 0 < found['delta1'] < found['delta2'] < found['delta3'] < 1


def test_delta_limits_are_exclusive():
    target = np.ones(4)
    found = depth_errors(np.array([1.25, 1.2499, 1.25**2, 1.25**3]), target)
    assert (found['delta1'], found['delta2'], found['delta3']) == (0.25, 0.5, 0.75)


def test_silog_does_not_see_a_common_factor():
    target = np.linspace(1, 5, 7)
    assert depth_errors(3 * target, target)['silog'] == pytest.approx(0, abs=1e-9)


def test_perfect_depth():
    found = depth_errors(np.array([1.0, 3.0]), np.array([1.0, 3.0]))
    assert found == {key: float(key.startswith('delta')) for key in DEPTH_METRICS}


def one_row(*values):
    return np.array([values], np.float32)


def test_depth_figures_are_means_over_images():
    metrics = DepthMetrics()
    metrics.update(one_row(2, 2, 2, 2), one_row(1, 1, 1, 1))  # abs_rel 1
    metrics.update(one_row(1, 9, 9, 9), one_row(1, 0, 0, 0))  # abs_rel 0, of one pixel
    assert metrics.compute()['abs_rel'] == pytest.approx(0.5)


def test_only_truth_within_the_range_counts():
    metrics = DepthMetrics(min_depth=0.5, max_depth=10.0)
    nan, inf = math.nan, math.inf
    target = one_row(0.0, 0.5, 10.1, nan, inf, -1.0, 10.0, 1.0)
    metrics.update(one_row(9, 9, 9, 9, 9, 9, 10, 2), target)
    assert metrics.compute()['abs_rel'] == pytest.approx((0 + 1) / 2)


def test_predictions_are_brought_into_the_range():
    metrics = DepthMetrics(min_depth=0.5, max_depth=10.0)
    found = one_row(math.nan, -3.0, math.inf, 70.0, -math.inf)
    metrics.update(found, one_row(1.0, 1.0, 5.0, 5.0, 1.0))
    # 0.5 for 1 m three times, 10 for 5 m twice.
    assert metrics.compute()['abs_rel'] == pytest.approx((3 * 0.5 + 2 * 1.0) / 5)


def test_depth_crop():
    metrics = DepthMetrics()
    mask = np.array([[True, False]])
    metrics.update(one_row(1, 9), one_row(1, 1), mask)
    assert metrics.compute()['rmse'] == 0.0


def test_images_without_truth_do_not_count():
    metrics = DepthMetrics()
    assert metrics.update(one_row(1), one_row(0)) is None
    assert metrics.compute() == {}
    assert metrics.update(one_row(2), one_row(1))['abs_rel'] == 1.0
    assert metrics.compute()['abs_rel'] == 1.0


def test_valid_depth():
    target = one_row(0.0, 0.5, 0.6, 4.0, 4.1, math.nan, math.inf)
    valid = valid_depth(target, 0.5, 4.0)
    assert valid.tolist() == [[False, False, True, True, False, False, False]]
    mask = np.array([[True, True, True, False, True, True, True]])
    assert valid_depth(target, 0.5, 4.0, mask).tolist() == [[False, False, True] + [False] * 4]


def test_into_range():
    found = into_range(np.array([math.nan, -1.0, 0.7, 5.0, math.inf, -math.inf]), 0.5, 4.0)
    assert found.tolist() == [0.5, 0.5, 0.7, 4.0, 4.0, 0.5]


def test_median_ratio():
    # Medians 3 and 2; what is no depth does not count, nor does the truth there.
    depth = np.array([1.0, 2.0, 6.0, math.nan, math.inf, 0.0])
    target = np.array([2.0, 3.0, 4.0, 100.0, 100.0, 100.0])
    assert median_ratio(depth, target) == 1.5
    assert math.isnan(median_ratio(depth[3:], target[3:]))
    assert math.isnan(median_ratio(depth[:0], target[:0]))


def test_inputs_are_left_as_they_are():
    target, mask = one_row(1, 20), np.array([[True, True]])
    DepthMetrics().update(one_row(1, 1), target, mask)
    assert mask.all() and target.tolist() == [[1, 20]]


def labels(*values):
    return np.array([values], np.uint8)


def test_segmentation_figures():
    metrics = SegmentationMetrics(3)
    metrics.update(labels(0, 0, 1, 1), labels(0, 1, 1, 1))
    metrics.update(labels(1, 1), labels(1, 0))
    # Truth 0 twice, hit once; truth 1 four times, hit three times; class 2 never.
    assert metrics.confusion.tolist() == [[1, 1, 0, 0], [1, 3, 0, 0], [0, 0, 0, 0]]
    iou = metrics.per_class_iou()
    assert iou[:2] == pytest.approx([1 / 3, 3 / 5])
    assert np.isnan(iou[2])
    found = metrics.compute()
    assert found['miou'] == pytest.approx((1 / 3 + 3 / 5) / 2)
    assert found['pixel_accuracy'] == pytest.approx(4 / 6)
    assert found['mean_accuracy'] == pytest.approx((1 / 2 + 3 / 4) / 2)


def test_a_class_that_only_the_prediction_has_costs_iou():
    metrics = SegmentationMetrics(3)
    metrics.update(labels(0, 2), labels(0, 0))
    assert metrics.compute()['miou'] == pytest.approx((1 / 2 + 0) / 2)
    assert metrics.compute()['mean_accuracy'] == pytest.approx(1 / 2)


def test_unlabelled_predictions_are_misses_and_unlabelled_truth_does_not_count():
    metrics = SegmentationMetrics(2)
    metrics.update(labels(0, 255, 1, 255), labels(0, 0, 255, 255))
    found = metrics.compute()
    assert found['pixel_accuracy'] == 0.5
    assert found['miou'] == 0.5  # class 0: 1 of 2; class 1: in neither
    assert metrics.confusion.tolist() == [[1, 0, 1], [0, 0, 0]]


def test_segmentation_matches_scikit_learn():
    rng = np.random.default_rng(0)
    truth = rng.integers(0, 5, (40, 50)).astype(np.uint8)
    found = np.where(rng.random((40, 50)) < 0.6, truth, rng.integers(0, 5, (40, 50)))
    metrics = SegmentationMetrics(5)
    metrics.update(found.astype(np.uint8), truth)
    flat = truth.ravel(), found.ravel()
    np.testing.assert_array_equal(metrics.confusion[:, :5], reference.confusion_matrix(*flat))
    expected = reference.jaccard_score(*flat, average=None)
    np.testing.assert_allclose(metrics.per_class_iou(), expected)
    assert metrics.compute() == pytest.approx(
        {
            'miou': expected.mean(),
            'pixel_accuracy': reference.accuracy_score(*flat),
            'mean_accuracy': reference.balanced_accuracy_score(*flat),
        }
    )


def test_segmentation_update_returns_the_accuracy_of_the_image():
    metrics = SegmentationMetrics(2)
    assert metrics.update(labels(0, 1, 1, 0), labels(0, 0, 0, 255)) == pytest.approx(1 / 3)
    assert metrics.update(labels(0, 0), labels(0, 0)) == 1.0
    assert metrics.update(labels(0), labels(255)) is None


def test_segmentation_crop():
    metrics = SegmentationMetrics(2)
    metrics.update(labels(0, 1), labels(0, 0), np.array([[True, False]]))
    assert metrics.compute()['pixel_accuracy'] == 1.0


def test_no_labels_at_all():
    metrics = SegmentationMetrics(2)
    assert metrics.compute() == {}
    metrics.update(labels(0), labels(255))
    assert metrics.compute() == {}


def test_confusion_matches_counting_one_by_one():
    rng = np.random.default_rng(0)
    found = rng.integers(0, 6, (20, 30)).astype(np.uint8)
    truth = rng.integers(0, 6, (20, 30)).astype(np.uint8)
    metrics = SegmentationMetrics(5)
    metrics.update(found, truth)
    expected = np.zeros((5, 6), int)
    for f, t in zip(found.ravel(), truth.ravel()):
        if t < 5:
            expected[t, f] += 1
    np.testing.assert_array_equal(metrics.confusion, expected)
