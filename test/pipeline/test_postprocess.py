"""Rules of the output grid: cropping, resizing, invalid depth and unlabelled pixels."""

import math

from doubles import make_facts
from monodepth_ros.camera import CameraModel
from monodepth_ros.frames import UNLABELLED
from monodepth_ros.pipeline.postprocess import (
    confidence_on_grid,
    depth_on_grid,
    error_on_grid,
    label_on_grid,
)
from monodepth_ros.pipeline.preprocess import InputPlan, plan_input
import numpy as np
import pytest

SMALL = (4, 2)


def make_plan(scale=1.0, width=4, height=2):
    """Return a plan whose content has 4 x 2 pixels, one row below the top of 4 x 4."""
    return InputPlan(width, height, 4, 2, 4, 4, 0, 1, scale)


def make_map(values, border, dtype):
    """Return a map of the network, whose rows above and below the content stand out."""
    array = np.full((4, 4), border, dtype)
    array[1:3] = values
    return array


def depth_of(values, plan=None, size=SMALL, *limits):
    out = np.full(size[::-1], 55.0, np.float32)  # what was there before shows nowhere
    result = depth_on_grid(make_map(values, 99.0, np.float32), plan or make_plan(), out, *limits)
    assert result is out
    return out


def label_of(label, confidence=0, plan=None, size=SMALL, threshold=0.0):
    out = np.full(size[::-1], 66, np.uint8)
    maps = make_map(label, 77, np.uint8), make_map(confidence, 7, np.uint8)
    assert label_on_grid(*maps, plan or make_plan(), out, threshold) is out
    return out


def confidence_of(confidence, plan=None, size=SMALL):
    out = np.full(size[::-1], 66, np.uint8)
    assert confidence_on_grid(make_map(confidence, 7, np.uint8), plan or make_plan(), out) is out
    return out


def test_border_is_cropped():
    depth = np.arange(1.0, 9).reshape(2, 4)
    np.testing.assert_array_equal(depth_of(depth), depth)
    np.testing.assert_array_equal(label_of(np.eye(2, 4)), np.eye(2, 4))
    np.testing.assert_array_equal(confidence_of(200), np.full((2, 4), 200))


def test_depth_scale():
    np.testing.assert_array_equal(depth_of(3.0, make_plan(0.5)), np.full((2, 4), 1.5))


def test_the_networks_maps_are_not_changed():
    depth = make_map(50.0, 99.0, np.float32)
    label, confidence = make_map(1, 77, np.uint8), make_map(0, 7, np.uint8)
    before = [array.copy() for array in (depth, label, confidence)]
    small = np.zeros((2, 4), np.uint8)
    depth_on_grid(depth, make_plan(), np.zeros((2, 4), np.float32), 0, 10.0)
    label_on_grid(label, confidence, make_plan(), small, 0.5)
    confidence_on_grid(confidence, make_plan(), small)
    for array, old in zip((depth, label, confidence), before):
        np.testing.assert_array_equal(array, old)


def test_invalid_depth_is_nan_and_what_is_too_near_minus_infinite():
    values = [[math.nan, math.inf, -math.inf, 0.0], [-1.0, 0.29, 0.31, 5.0]]
    expected = [[math.nan] * 4, [math.nan, -math.inf, 0.31, 5.0]]
    np.testing.assert_array_equal(depth_of(values, None, SMALL, 0.3), np.float32(expected))


@pytest.mark.parametrize('value', [math.nan, math.inf, -math.inf, 0.0, -1.0])
def test_invalid_depth_is_not_mixed_with_its_neighbours(value):
    depth = np.full((2, 4), 2.0)
    depth[0, 2] = value
    large = depth_of(depth, make_plan(width=16, height=8), (16, 8))
    assert set(large[np.isfinite(large)]) == {2.0}
    assert np.isnan(large[0, 8:12]).all() and not np.isinf(large).any()
    assert (large[:, :6] == 2.0).all() and (large[:, 14:] == 2.0).all()


@pytest.mark.parametrize('value', [math.nan, math.inf, -math.inf, 0.0, -1.0])
@pytest.mark.parametrize('place', [(0, 0), (1, 3)])
def test_a_single_invalid_pixel_is_found(value, place):
    depth = np.full((2, 4), 2.0)
    depth[place] = value
    invalid = np.isnan(depth_of(depth))
    assert invalid[place] and invalid.sum() == 1


def test_zero_is_invalid_with_no_minimum_too():
    depth = depth_of([[0.0, -0.0, 1e-3, 1.0]] * 2)
    np.testing.assert_array_equal(np.isnan(depth[0]), [True, True, False, False])


def test_beyond_range_is_infinite_and_the_limit_itself_is_not():
    # Ranges are in metres of this camera, after the factor 2.
    depth = depth_of([[1.0, 2.0, 2.5, 1e30]] * 2, make_plan(2.0), SMALL, 0.0, 4.0)
    np.testing.assert_array_equal(depth[0], [2.0, 4.0, math.inf, math.inf])


def test_what_is_no_depth_is_not_beyond_the_range():
    depth = depth_of([[math.inf, math.nan, 0.1, 9.0]] * 2, None, SMALL, 0.5, 4.0)
    np.testing.assert_array_equal(depth[0], [math.nan, math.nan, -math.inf, math.inf])


def test_confidence_threshold():
    # 0.5 of 255 is 127.5.
    confidence = [[0, 127, 128, 255]] * 2
    np.testing.assert_array_equal(
        label_of(3, confidence, threshold=0.5)[0], [UNLABELLED, UNLABELLED, 3, 3]
    )
    np.testing.assert_array_equal(confidence_of(confidence), confidence)


def test_threshold_and_enlarging_agree():
    # A label that is enlarged is as unsure as the confidence that is enlarged says.
    confidence = [[0, 127, 128, 255]] * 2
    label = label_of(3, confidence, make_plan(1, 8, 4), (8, 4), 0.5)
    unsure = confidence_of(confidence, make_plan(1, 8, 4), (8, 4)) < 127.5
    np.testing.assert_array_equal(label, np.where(unsure, UNLABELLED, 3))
    assert unsure.sum() == 16


def test_enlarging_depth_is_linear_and_labels_stay_classes():
    plan = make_plan(1, 8, 4)
    # Centres of the new pixels lie a quarter to either side of the old ones.
    depth = depth_of([[1.0, 2.0, 3.0, 4.0]] * 2, plan, (8, 4))
    np.testing.assert_allclose(depth[2], [1, 1.25, 1.75, 2.25, 2.75, 3.25, 3.75, 4])
    label = [[0, 10, 20, 30]] * 2
    expected = [0, 0, 10, 10, 20, 20, 30, 30]
    np.testing.assert_array_equal(label_of(label, 0, plan, (8, 4))[1], expected)
    np.testing.assert_array_equal(confidence_of(label, plan, (8, 4))[1], expected)


def test_labels_come_from_the_nearest_centre():
    # 4 columns to 3: centres 0.5, 1.5, 2.5 of 3 lie at 0.67, 2, 3.33 of 4. The middle one is a
    # tie of columns 1 and 2; the outer ones are columns 0 and 3, not 0 and 2.
    row = label_of([[5, 6, 7, 8]] * 2, 0, make_plan(1, 3, 2), (3, 2))[0]
    assert (row[0], row[2]) == (5, 8)


@pytest.mark.parametrize('size', [(4, 2), (8, 4), (9, 7), (3, 2), (11, 1)])
def test_labels_of_any_size_come_from_the_nearest_centre(size):
    label = np.arange(8).reshape(2, 4)
    columns, rows = (
        [abs((i + 0.5) * n / count - 0.5 - np.arange(n)) for i in range(count)]
        for count, n in zip(size, (4, 2))
    )
    found = label_of(label, plan=make_plan(1, *size), size=size)
    for row, column in np.ndindex(found.shape):
        y, x = divmod(int(found[row, column]), 4)
        # Of a tie either one.
        assert rows[row][y] <= rows[row].min() + 1e-3
        assert columns[column][x] <= columns[column].min() + 1e-3


def test_what_the_raw_image_does_not_show_is_invalid():
    k = (518.86, 0, 319.5, 0, 518.86, 239.5, 0, 0, 1)
    p = (259.43, 0, 319.5, 0, 0, 259.43, 239.5, 0, 0, 0, 1, 0)
    camera = CameraModel.from_intrinsics(640, 480, k, p=p)
    plan = plan_input(640, 480, camera, make_facts(), 'scale')
    shape = (plan.height, plan.width)
    ones = np.ones(shape, np.uint8)
    for size, (rows, columns) in (
        ((640, 480), (slice(120, 360), slice(160, 480))),
        ((320, 240), (slice(60, 180), slice(80, 240))),
    ):
        seen = np.zeros(size[::-1], bool)
        seen[rows, columns] = True
        depth = np.empty(seen.shape, np.float32)
        depth_on_grid(np.full(shape, 2, np.float32), plan, depth, 0.0, 0.5)
        np.testing.assert_array_equal(np.isnan(depth), ~seen)
        np.testing.assert_array_equal(depth[seen], math.inf)
        label, confidence = (np.empty(seen.shape, np.uint8) for _ in range(2))
        label_on_grid(ones, ones, plan, label)
        confidence_on_grid(ones, plan, confidence)
        np.testing.assert_array_equal(label, np.where(seen, 1, UNLABELLED))
        np.testing.assert_array_equal(confidence, seen)


@pytest.mark.parametrize('size', [SMALL, (8, 4)])
def test_the_error_is_relative_and_nowhere_without_depth(size):
    error, depth = np.full((2, 4), 0.25), np.full((2, 4), 3.0)
    depth[:, 3] = np.nan
    maps = make_map(error, 9.0, np.float32), make_map(depth, 99.0, np.float32)
    out = np.full(size[::-1], 55.0, np.float32)
    assert error_on_grid(*maps, make_plan(0.5, *size), out) is out
    left = out[:, : size[0] // 2]
    np.testing.assert_array_equal(left, np.full_like(left, 0.25))
    assert np.isnan(out[:, -1]).all()
