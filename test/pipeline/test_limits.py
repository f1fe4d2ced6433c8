"""What lies exactly on a limit, and where the limits are, worked out by hand."""

import math

from monodepth_ros.frames import UNLABELLED
from monodepth_ros.pipeline.edges import flying_pixels
from monodepth_ros.pipeline.postprocess import depth_on_grid, is_valid, label_on_grid
from monodepth_ros.pipeline.preprocess import InputPlan
import numpy as np
import pytest

PLAN = InputPlan(4, 1, 4, 1, 4, 1, 0, 0, 1.0)
"""An image of four pixels in a row that is the network's input as it is."""

TINY = np.float32(2.0**-126)
LARGEST = np.float32((2 - 2.0**-23) * 2.0**127)
"""The smallest and the largest normal number of IEEE 754 single precision."""


@pytest.mark.parametrize('row', [[1.0, 2.0, 4.0, 8.0], [8.0, 4.0, 2.0, 1.0]])
def test_slope_of_just_the_angle_is_no_veil(row):
    # At 45 degrees and a focal length of 1 a surface doubles its depth from pixel to pixel.
    assert not flying_pixels(np.float32([row]), 1.0, 1.0, 45.0).any()
    assert not flying_pixels(np.float32([row]).T, 1.0, 1.0, 45.0).any()
    steeper = np.float32([row]) ** np.float32(1.01)
    expected = [[False, True, True, False]]
    np.testing.assert_array_equal(flying_pixels(steeper, 1.0, 1.0, 45.0), expected)


def test_angles_below_one_degree():
    # tan 0.5 deg = 0.008727: at 100 pixels the limit is 1 + 1 / 0.8727 = 2.146 a pixel.
    gentle, steep = np.float32([[1, 2.1, 4.41, 9.26]]), np.float32([[1, 2.2, 4.84, 10.65]])
    assert not flying_pixels(gentle, 100.0, 100.0, 0.5).any()
    found = flying_pixels(steep, 100.0, 100.0, 0.5)
    np.testing.assert_array_equal(found, [[False, True, True, False]])


@pytest.mark.parametrize('angle', [0.0, 90.0, -1.0, math.nan])
def test_angle_out_of_range(angle):
    words = rf'^min_angle is {angle} degrees, expected above 0 and below 90$'
    with pytest.raises(ValueError, match=words):
        flying_pixels(np.ones((2, 2), np.float32), 1.0, 1.0, angle)


def test_label_of_just_the_threshold_stays():
    # 0.2 of 255 is 51.
    out = np.zeros((1, 4), np.uint8)
    confidence = np.uint8([[50, 51, 52, 255]])
    label_on_grid(np.uint8([[1, 2, 3, 4]]), confidence, PLAN, out, 0.2)
    assert out.tolist() == [[UNLABELLED, 2, 3, 4]]


def test_label_of_no_confidence_stays_without_a_threshold():
    out = np.zeros((1, 4), np.uint8)
    label_on_grid(np.uint8([[1, 2, 3, 4]]), np.uint8([[0, 0, 0, 0]]), PLAN, out)
    assert out.tolist() == [[1, 2, 3, 4]]


def test_distances_are_finite_and_above_zero():
    below, beyond = np.nextafter(TINY, np.float32(0)), np.float32(np.inf)
    values = np.float32([-1, 0, below, TINY, 1, LARGEST, beyond, np.nan])
    assert is_valid(values).tolist() == [False] * 3 + [True] * 3 + [False] * 2


def on_grid(values, *limits):
    out = np.zeros((1, 4), np.float32)
    depth_on_grid(np.float32([values]), PLAN, out, *limits)
    return out[0].tolist()


def test_depth_of_just_a_limit_stays():
    assert on_grid([1.0, 2.0, 3.0, 4.0], 1.0, 4.0) == [1.0, 2.0, 3.0, 4.0]
    low, *rest = on_grid([0.5, 1.0, 4.0, 4.5], 1.0, 4.0)
    assert low == -math.inf and rest == [1.0, 4.0, math.inf]
    assert on_grid([TINY, 1.0, 2.0, LARGEST]) == [TINY, 1.0, 2.0, LARGEST]
    invalid, *rest = on_grid([-1.0, TINY, 2.0, LARGEST])
    assert math.isnan(invalid) and rest == [TINY, 2.0, LARGEST]


def test_negative_smallest_range_keeps_nothing_below_zero():
    found = on_grid([-1.0, 0.0, 1.0, 2.0], -5.0)
    assert np.isnan(found[:2]).all() and found[2:] == [1.0, 2.0]


@pytest.mark.parametrize('value', [-100.0, 0.0, math.nan, math.inf, -math.inf])
def test_what_is_no_distance_is_not_mixed_into_its_neighbours(value):
    # Twice as wide: each pixel lies a quarter of the way between two, and three see the first.
    plan = InputPlan(8, 1, 4, 1, 4, 1, 0, 0, 1.0)
    out = np.zeros((1, 8), np.float32)
    depth_on_grid(np.float32([[value, 2.0, 2.0, 4.0]]), plan, out)
    assert np.isnan(out[0, :3]).all()
    # Linear between the last two: 2 + 2 / 4, 2 + 2 * 3 / 4, and beyond the last its own value.
    assert out[0, 3:].tolist() == [2.0, 2.0, 2.5, 3.5, 4.0]
