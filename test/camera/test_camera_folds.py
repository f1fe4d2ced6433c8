"""Where a distortion model folds back or has no meaning, from the derivative by hand."""

import math

from monodepth_ros.camera import CameraModel, OUTSIDE, PinholeCamera, rectification_maps
import numpy as np
import pytest

GRID = PinholeCamera(801, 1, 100.0, 100.0, 400.5, 0.0)
"""x / z from -4 to 4 in steps of 0.01, past every 0.005, so that none lies on a limit."""

X = (np.arange(801) - 400.5) / 100
K = (100.0, 0.0, 400.5, 0.0, 100.0, 0.0, 0.0, 0.0, 1.0)
STRAIGHT = np.eye(3)
UNIT = math.pi / 4
"""Angle whose tangent is 1."""


def seen(model, distortion=(), rotation=STRAIGHT):
    """Return for which x / z of the rectified grid the model has a meaning."""
    camera = CameraModel(801, 1, K, tuple(distortion), model, tuple(np.ravel(rotation).tolist()))
    columns, rows = rectification_maps(camera, GRID)
    np.testing.assert_array_equal(columns == OUTSIDE, rows == OUTSIDE)
    return columns[0] != OUTSIDE


def about_y(degrees):
    """Return the rotation that turns the camera's axis towards x by an angle."""
    c, s = math.cos(math.radians(degrees)), math.sin(math.radians(degrees))
    return np.array([[c, 0, s], [0, 1, 0], [-s, 0, c]])


# Alone, each coefficient makes the distorted radius turn back at a radius of 1:
# r + k r^3 at 3 k = -1, r + k r^5 at 5 k = -1, r + k r^7 at 7 k = -1; and
# r / (1 + k r^2) at k = 1, r / (1 + k r^4) at 3 k = 1, r / (1 + k r^6) at 5 k = 1.
POLYNOMIALS = [
    ('plumb_bob', (-1 / 3, 0, 0, 0, 0)),
    ('plumb_bob', (0, -1 / 5, 0, 0, 0)),
    ('plumb_bob', (0, 0, 0, 0, -1 / 7)),
    ('rational_polynomial', (-1 / 3, 0, 0, 0, 0, 0, 0, 0)),
    ('rational_polynomial', (0, 0, 0, 0, 0, 1, 0, 0)),
    ('rational_polynomial', (0, 0, 0, 0, 0, 0, 1 / 3, 0)),
    ('rational_polynomial', (0, 0, 0, 0, 0, 0, 0, 1 / 5)),
    # 1 - r^2 is zero at 1: the pole.
    ('rational_polynomial', (0, 0, 0, 0, 0, -1, 0, 0)),
]


@pytest.mark.parametrize(('model', 'distortion'), POLYNOMIALS)
def test_fold_of_each_coefficient(model, distortion):
    np.testing.assert_array_equal(seen(model, distortion), abs(X) < 1)


@pytest.mark.parametrize('power', [2, 4, 6, 8])
def test_fold_of_each_coefficient_of_a_fisheye(power):
    # a + k a^(n + 1) turns back at the angle where (n + 1) k a^n = -1, here 45 degrees.
    distortion = [0.0] * 4
    distortion[power // 2 - 1] = -1 / ((power + 1) * UNIT**power)
    np.testing.assert_array_equal(seen('equidistant', distortion), abs(X) < 1)


@pytest.mark.parametrize(
    ('model', 'distortion'),
    [('none', ()), ('plumb_bob', (0.1, 0, 0, 0, 0)), ('equidistant', (0.0, 0, 0, 0))],
)
def test_what_only_grows_has_no_fold(model, distortion):
    assert seen(model, distortion).all()


@pytest.mark.parametrize('angle', [20.0, -20.0])
def test_fold_goes_around_the_axis_of_a_turned_camera(angle):
    # 45 degrees on either side of the axis: -25 to 65 degrees for an axis at 20.
    limits = sorted(math.tan(math.radians(angle + side)) for side in (-45, 45))
    expected = (X > limits[0]) & (X < limits[1])
    np.testing.assert_array_equal(seen('plumb_bob', POLYNOMIALS[0][1], about_y(angle)), expected)


def test_a_camera_turned_around_sees_nothing():
    for model, distortion in (('none', ()), ('plumb_bob', (0.1, 0, 0, 0, 0))):
        assert not seen(model, distortion, np.diag([-1.0, 1.0, -1.0])).any()


def test_a_camera_that_looks_aside_sees_half():
    quarter = np.array([[0.0, 0, 1], [0, 1, 0], [-1, 0, 0]])
    np.testing.assert_array_equal(seen('none', (), quarter), X > 0)


def test_what_lies_exactly_beside_a_camera_is_not_seen():
    # With a whole principal point the ray at x = 0 is at right angles to the turned axis.
    quarter = (0.0, 0.0, 1.0, 0.0, 1.0, 0.0, -1.0, 0.0, 0.0)
    camera = CameraModel(3, 1, (1.0, 0, 1, 0, 1, 0, 0, 0, 1), (), 'none', quarter)
    columns, _ = rectification_maps(camera, PinholeCamera(3, 1, 1.0, 1.0, 1.0, 0.0))
    assert (columns[0] == OUTSIDE).tolist() == [True, True, False]
