"""All depth figures together."""

import json
import math

from monodepth_ros.training.depth_evaluation import CELLS, DepthEvaluation
import numpy as np
import pytest

SIZE = (8, 10)


def full(value):
    return np.full(SIZE, value, np.float32)


def test_an_image():
    evaluation = DepthEvaluation(10.0)
    record = evaluation.update(full(3.0), full(2.0), np.ones(SIZE, bool))
    assert record['abs_rel'] == pytest.approx(0.5)
    assert record['median_ratio'] == pytest.approx(2 / 3)
    assert record['abs_rel_scaled'] == pytest.approx(0.0, abs=1e-6)
    assert record['delta1_scaled'] == 1.0
    assert evaluation.joint.sum() == 80
    assert evaluation.joint[CELLS * 2 // 10, CELLS * 3 // 10] == 80


def test_details_are_means_over_images():
    evaluation = DepthEvaluation(10.0)
    everything = np.ones(SIZE, bool)
    evaluation.update(full(1.0), full(2.0), everything)
    target = full(4.0)
    target[:4] = 2.0  # half of the pixels at 2 m: the median is 3 m
    evaluation.update(full(3.0), target, everything)
    details = evaluation.details()
    assert details['median_ratio'] == {'mean': pytest.approx(1.5), 'std': pytest.approx(0.5)}
    assert details['median_scaled']['abs_rel'] == pytest.approx((0 + (0.5 + 0.25) / 2) / 2)
    assert [g['share'] for g in details['by_distance']] == pytest.approx([0.75, 0.25, 0, 0])
    # 80 pixels with 1/2, 40 with 1/2.
    assert details['by_distance'][0]['abs_rel'] == pytest.approx(0.5)
    assert details['depth_edges']['near']['share'] > 0
    assert json.loads(json.dumps(details)) == details


def test_one_factor_is_measured_on_images_that_it_was_not_found_on():
    evaluation = DepthEvaluation(10.0)
    for off in (2.0, 2.0, 2.0, 2.5):
        evaluation.update(full(1.0), full(off), np.ones(SIZE, bool))
    found = evaluation.details()['one_factor']
    assert found['value'] == pytest.approx(2.0)
    # 2.0 / 2.0 and 2.0 / 2.5.
    assert found['abs_rel'] == pytest.approx((0.0 + 0.2) / 2)
    assert found['spread_percent'] == pytest.approx(100 * np.std(np.log([2, 2, 2, 2.5])))


def test_the_range_counts_after_the_one_factor():
    evaluation = DepthEvaluation(10.0)
    for _ in range(2):
        depth, target = full(8.0), full(4.0)
        depth[0], target[0] = 18.0, 9.0
        evaluation.update(depth, target, np.ones(SIZE, bool))
    found = evaluation.details()['one_factor']
    assert found['value'] == pytest.approx(0.5) and found['delta1'] == 1.0
    assert found['abs_rel'] == pytest.approx(0.0, abs=1e-6)


def test_only_pixels_in_the_mask_and_in_the_range_count():
    evaluation = DepthEvaluation(5.0)
    target, mask = full(2.0), np.ones(SIZE, bool)
    target[0], target[1], mask[2] = 0.0, 5.1, False
    depth = full(2.0)
    depth[:3] = 4.0
    assert evaluation.update(depth, target, mask)['abs_rel'] == 0.0
    assert evaluation.joint.sum() == 50
    assert evaluation.details()['by_distance'][-1]['to_m'] == 5.0


def test_no_truth():
    evaluation = DepthEvaluation(10.0)
    assert evaluation.update(full(1.0), full(0.0), np.ones(SIZE, bool)) == {}
    assert evaluation.details() == {}
    assert evaluation.metric.compute() == {}


def test_no_prediction_counts_as_the_smallest_depth():
    evaluation = DepthEvaluation(10.0)
    record = evaluation.update(full(math.nan), full(2.0), np.ones(SIZE, bool))
    assert record['abs_rel'] == pytest.approx(1.0, abs=1e-3)
    assert record['abs_rel_scaled'] == pytest.approx(1.0, abs=1e-3)
    details = evaluation.details()
    assert details['median_ratio'] == {'mean': None, 'std': None}
    assert evaluation.joint[CELLS * 2 // 10, 0] == 80


def test_the_ends_of_the_range_are_in_the_joint_histogram():
    evaluation = DepthEvaluation(10.0)
    evaluation.update(full(99.0), full(10.0), np.ones(SIZE, bool))
    assert evaluation.joint[-1, -1] == 80
