"""Intrinsics of the user's for images of any size and shape of pixels."""

from monodepth_ros.camera import CameraModel
from monodepth_ros.errors import CalibrationError
from monodepth_ros.offline.jobs import Intrinsics
import numpy as np
import pytest


def test_pixels_that_are_not_square():
    """720 x 480 pixels of 32 : 27 are shown as 853.33 x 480, whose focal length is 426.67."""
    camera = Intrinsics(hfov=90.0).camera(720, 480, 32 / 27).rectified
    assert camera.fx == pytest.approx(360.0)
    assert camera.fy == pytest.approx(426.667, abs=1e-3)
    assert (camera.cx, camera.cy) == (359.5, 239.5)


def test_a_calibration_has_measured_the_pixels():
    calibration = CameraModel.from_field_of_view(720, 480, 90.0)
    np.testing.assert_allclose(
        Intrinsics(calibration).camera(720, 480, 32 / 27).matrix, calibration.matrix
    )


def test_square_pixels_and_none():
    camera = Intrinsics(hfov=90.0).camera(64, 48).rectified
    assert camera.fx == camera.fy == pytest.approx(32.0)
    assert Intrinsics().camera(64, 48) is None
    with pytest.raises(CalibrationError, match='field of view is 180'):
        Intrinsics(hfov=180.0).camera(64, 48, 2.0)
