"""Intrinsics of the user's for images of any size and shape of pixels."""

from monodepth_ros.camera import CameraModel
from monodepth_ros.errors import CalibrationError
from monodepth_ros.offline.jobs import Intrinsics
import numpy as np
import pytest


def test_pixels_that_are_not_square():
    """At 90 degrees the right edge is as far to the side as it is away, and so is a square's top.

    Of 720 x 480 pixels of 32 / 27, seen as 853.3 x 480: half a height of 240 rows is
    240 / 853.3 * 720 = 202.5 columns, so fy is 360 * 32 / 27 rows.
    """
    camera = Intrinsics(hfov=90.0).camera(720, 480, 32 / 27)
    assert camera.fx == pytest.approx(360.0)
    assert camera.fy == pytest.approx(360 * 32 / 27)
    assert (camera.cx, camera.cy) == (359.5, 239.5)


def test_a_calibration_has_measured_the_pixels():
    calibration = CameraModel.from_field_of_view(720, 480, 90.0)
    np.testing.assert_allclose(
        Intrinsics(calibration).camera(720, 480, 32 / 27).matrix, calibration.matrix
    )


def test_square_pixels_and_none():
    camera = Intrinsics(hfov=90.0).camera(64, 48)
    assert camera.fx == camera.fy == pytest.approx(32.0)
    assert Intrinsics().camera(64, 48) is None
    with pytest.raises(CalibrationError, match='field of view is 180'):
        Intrinsics(hfov=180.0).camera(64, 48, 2.0)
