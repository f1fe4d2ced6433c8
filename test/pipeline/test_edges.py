"""Veils are found, and slanted planes, true edges and thin objects are not."""

import math

import cv2
from monodepth_ros.camera import PinholeCamera
from monodepth_ros.pipeline.edges import flying_pixels
import numpy as np
import pytest

F = 100.0
ONE_PERCENT = 45.0  # degrees: 1 / (F tan 45) is the limit of the change from pixel to pixel


def flying(rows, angle=ONE_PERCENT, fx=F, fy=F):
    return flying_pixels(np.array(rows, np.float32), fx, fy, angle)


def test_a_ramp_between_two_surfaces_by_hand():
    # Steps of 0, 10, 9, 8, 0 percent: what has a steep step on both sides hangs in the air.
    row = [1.0, 1.0, 1.1, 1.2, 1.3, 1.3]
    expected = [False, False, True, True, False, False]
    for step in (1, -1):
        values, flags = np.array([row[::step]] * 3), np.array([expected[::step]] * 3)
        np.testing.assert_array_equal(flying(values), flags)
        np.testing.assert_array_equal(flying(values.T), flags.T)


def test_a_sharp_step_and_a_thin_object_stay():
    assert not flying([[1.0, 1.0, 3.0, 3.0]] * 2).any()
    assert not flying([[3.0, 3.0, 1.0, 3.0, 3.0]] * 2).any()


def test_linear_interpolation_of_a_sharp_step_is_found():
    small = np.tile(np.float32([1, 1, 3, 3]), (4, 1))
    depth = cv2.resize(small, (8, 8), interpolation=cv2.INTER_LINEAR)
    assert depth[0].tolist() == [1, 1, 1, 1.5, 2.5, 3, 3, 3]
    np.testing.assert_array_equal(
        flying_pixels(depth, 2 * F, 2 * F, ONE_PERCENT), (depth > 1) & (depth < 3)
    )


@pytest.mark.parametrize('shift', [-1e-3, 1e-3])
def test_the_limit_is_a_share_of_the_depth_that_shrinks_with_the_focal_length(shift):
    # tan 45 degrees = 1: the limit is 1 / f a pixel, at every depth.
    for f in (50.0, 400.0):
        for nearest in (0.3, 30.0):
            row = nearest * (1 + (1 + shift) / f) ** np.arange(5)
            assert flying([row] * 3, 45.0, fx=f)[:, 1:-1].all() == (shift > 0)
            assert flying(np.transpose([row] * 3), 45.0, fy=f)[1:-1].all() == (shift > 0)


@pytest.mark.parametrize('across', [True, False], ids=['wall', 'floor'])
@pytest.mark.parametrize(('angle', 'found'), [(9.0, True), (11.0, False)])
def test_a_plane_is_found_by_its_angle_to_the_optical_axis(angle, found, across):
    camera = PinholeCamera(65, 65, 500.0, 500.0, 32.0, 32.0)
    rays = camera.rays()[..., 0 if across else 1]
    # A plane through (0, 0, 4 m) whose normal is 90 - angle degrees from the axis.
    slant = math.radians(angle)
    depth = 4 * math.sin(slant) / (math.sin(slant) - math.cos(slant) * rays)
    result = flying_pixels(depth.astype(np.float32), 500.0, 500.0, 10.0)
    assert result[32, 32] == found


def test_no_depth_is_neither_steep_nor_flying():
    nan, inf = math.nan, math.inf
    row = [1.0, 1.1, nan, 1.3, 1.4, inf, inf]
    # Only 1.4 rises on both sides, the second time to beyond the range.
    expected = [False, False, False, False, True, False, False]
    with np.errstate(all='raise'):
        np.testing.assert_array_equal(flying([row] * 2), [expected] * 2)


def test_what_is_too_near_is_neither_steep_nor_flying():
    with np.errstate(all='raise'):
        assert not flying([[1.1, 1.0, -math.inf, 1.0, 1.1]] * 2).any()


@pytest.mark.parametrize('shape', [(1, 1), (1, 5), (2, 2)])
def test_pictures_without_neighbours_have_none(shape):
    assert not flying(np.ones(shape)).any()


@pytest.mark.parametrize('angle', [0.0, -1.0, 90.0, math.nan])
def test_bad_angles(angle):
    with pytest.raises(ValueError, match='expected above 0'):
        flying([[1.0]], angle)
