"""Intrinsics of a message, of another image size and of a field of view, worked out by hand."""

import math
from types import SimpleNamespace

from monodepth_ros.camera import CameraModel
from monodepth_ros.errors import CalibrationError
import numpy as np
import pytest

# A quarter turn around the optical axis.
TURN = (0.0, -1.0, 0.0, 1.0, 0.0, 0.0, 0.0, 0.0, 1.0)
K = (500.0, 0.0, 320.0, 0.0, 510.0, 240.0, 0.0, 0.0, 1.0)


def make_info(**changes):
    """Return what has the fields of a CameraInfo, each with a value of its own."""
    fields = {
        'width': 640,
        'height': 480,
        'distortion_model': 'plumb_bob',
        'd': np.array([-0.28, 0.09, 0.001, -0.002, -0.01]),
        'k': np.array(K),
        'r': np.array(TURN),
        'p': np.array([450.0, 0.0, 310.0, -45.0, 0.0, 460.0, 250.0, 0.0, 0.0, 0.0, 1.0, 0.0]),
        'binning_x': 2,
        'binning_y': 3,
        'roi': SimpleNamespace(x_offset=100, y_offset=40, width=400, height=300),
    }
    return SimpleNamespace(**{**fields, **changes})


def test_every_field_of_a_message_counts():
    # The region has 400 x 300 pixels, 200 x 100 when binned; the image has half of these.
    camera = CameraModel.from_camera_info(make_info(), (100, 50))
    assert (camera.width, camera.height) == (100, 50)
    assert camera.model == 'plumb_bob'
    assert camera.distortion == (-0.28, 0.09, 0.001, -0.002, -0.01)
    assert camera.rotation == TURN
    # A quarter of fx and a sixth of fy; (320 - 100 + 0.5) / 4 - 0.5, (240 - 40 + 0.5) / 6 - 0.5.
    assert camera.matrix == pytest.approx(
        (125.0, 0.0, 54.625, 0.0, 85.0, 200.5 / 6 - 0.5, 0.0, 0.0, 1.0), abs=1e-12
    )
    # (310 - 100 + 0.5) / 4 - 0.5, (250 - 40 + 0.5) / 6 - 0.5, and Tx over 4.
    row = (112.5, 0.0, 52.125, -11.25, 0.0, 460 / 6, 210.5 / 6 - 0.5, 0.0)
    assert camera.projection[:8] == pytest.approx(row, abs=1e-12)


def test_image_of_another_shape_than_the_message_says():
    with pytest.raises(CalibrationError) as caught:
        CameraModel.from_camera_info(make_info(), (100, 60))
    assert caught.value.reason == 'bad_size'


def test_message_without_roi_and_binning():
    roi = SimpleNamespace(x_offset=0, y_offset=0, width=0, height=0)
    info = make_info(roi=roi, binning_x=0, binning_y=0)
    camera = CameraModel.from_camera_info(info, (640, 480))
    assert camera.matrix == K and (camera.width, camera.height) == (640, 480)


def test_camera_for_a_smaller_image():
    camera = CameraModel(640, 480, K).for_image(320, 240)
    assert camera == CameraModel(320, 240, (250.0, 0.0, 159.75, 0.0, 255.0, 119.75, 0.0, 0.0, 1.0))
    with pytest.raises(CalibrationError) as caught:
        CameraModel(640, 480, K).for_image(320, 200)
    assert caught.value.reason == 'bad_size'
    assert '320 x 200' in str(caught.value) and '640 x 480' in str(caught.value)


def test_field_of_view_of_a_right_angle():
    # Half of the width is as far from the axis as the image plane from the lens.
    camera = CameraModel.from_field_of_view(640, 480, 90.0)
    assert (camera.width, camera.height, camera.model) == (640, 480, 'none')
    assert camera.matrix == pytest.approx((320.0, 0, 319.5, 0, 320.0, 239.5, 0, 0, 1), abs=1e-9)
    assert camera.distortion == () and camera.projection is None


@pytest.mark.parametrize('degrees', [1e-3, 0.5, 60.0, 120.0, 179.5])
def test_field_of_view_reaches_from_edge_to_edge(degrees):
    camera = CameraModel.from_field_of_view(64, 48, degrees)
    f, cx, cy = camera.matrix[0], camera.matrix[2], camera.matrix[5]
    assert camera.matrix[4] == f
    # The outer edges of the outermost pixels lie half a pixel beyond their centres.
    left, right = math.atan((-0.5 - cx) / f), math.atan((63.5 - cx) / f)
    assert math.degrees(right - left) == pytest.approx(degrees)
    assert (cx, cy) == (31.5, 23.5)


@pytest.mark.parametrize('degrees', [0.0, -60.0, 180.0, 360.0, math.nan])
def test_field_of_view_that_no_lens_has(degrees):
    with pytest.raises(CalibrationError, match=f'is {degrees} degrees, expected 0..180') as caught:
        CameraModel.from_field_of_view(64, 48, degrees)
    assert caught.value.reason == 'bad_focal_length'
    assert str(caught.value).startswith('the horizontal field of view is ')
