"""Distortion as drivers and files write it: other names, longer and shorter D."""

import math

from monodepth_ros.camera.lenses import checked_distortion
from monodepth_ros.errors import CalibrationError
import pytest

FIVE = (-0.28, 0.09, 0.001, -0.002, -0.01)
FOUR = (0.02, -0.01, 0.004, -0.001)


@pytest.mark.parametrize(
    ('name', 'model'),
    [
        *((name, 'plumb_bob') for name in ('Plumb Bob', 'plumb bob', 'radtan', 'Brown Conrady')),
        *((name, 'plumb_bob') for name in ('radial-tangential', 'brown_conrady', 'BROWN')),
        *((name, 'equidistant') for name in ('fisheye', 'equi', 'kannala_brandt4')),
        *((name, 'equidistant') for name in ('Kannala Brandt4', 'KANNALA_BRANDT')),
        ('Rational Polynomial', 'rational_polynomial'),
    ],
)
def test_other_spellings(name, model):
    d = {'plumb_bob': FIVE, 'equidistant': FOUR, 'rational_polynomial': (*FIVE, 0.3, 0.2, 0.1)}
    assert checked_distortion(name, d[model]) == (model, d[model])


@pytest.mark.parametrize('d', [(), (0.0,) * 4, (0.0,) * 5, (0.0,) * 14])
@pytest.mark.parametrize('name', ['', 'pinhole', 'None', 'inverse_brown_conrady', 'thin_prism'])
def test_zeros_under_any_name_are_no_distortion(name, d):
    assert checked_distortion(name, d) == ('none', ())


def test_zeros_of_a_fisheye_lens_are_its_distortion_and_nothing_is_not():
    assert checked_distortion('equidistant', (0.0,) * 4) == ('equidistant', (0.0,) * 4)
    assert checked_distortion('equidistant', ()) == ('none', ())


@pytest.mark.parametrize(
    ('model', 'd', 'expected'),
    [
        ('plumb_bob', (*FIVE, 0.0, 0.0, 0.0), FIVE),
        ('plumb_bob', FIVE[:2], (*FIVE[:2], 0.0, 0.0)),
        ('equidistant', (*FOUR, 0.0), FOUR),
        ('equidistant', FOUR[:2], (*FOUR[:2], 0.0, 0.0)),
        ('rational_polynomial', FIVE, (*FIVE, 0.0, 0.0, 0.0)),
        ('rational_polynomial', (*FIVE, 0.1, 0.2, 0.3, 0.4), (*FIVE, 0.1, 0.2, 0.3, 0.4, 0, 0, 0)),
        ('rational_polynomial', (0.1,) * 14 + (0.0,), (0.1,) * 14),
    ],
)
def test_surplus_of_zeros_is_cut_off_and_what_lacks_is_zero(model, d, expected):
    assert checked_distortion(model, d) == (model, expected)


@pytest.mark.parametrize(
    ('name', 'd', 'words'),
    [
        ('plumb_bob', (*FIVE, 0.0, 0.1), "'plumb_bob' has D of 7 numbers, expected 0 or 4 or 5"),
        ('equidistant', (*FOUR, 0.1), "'equidistant' has D of 5 numbers, expected 4, or zeros"),
        ('pinhole', (0.1,), "'none' has D of 1 numbers, expected 0, or zeros beyond"),
        ('', FIVE, "distortion model '' with D of 5 numbers is not known"),
        ('thin_prism', FIVE, "distortion model 'thin_prism' with D of 5 numbers is not known"),
        ('Inverse Brown-Conrady', FIVE, "'Inverse Brown-Conrady' goes from the distorted to the"),
        ('inverse_brown_conrady', FIVE, 'have the driver send rectified images with D of zero'),
        ('plumb_bob', (math.nan, 0.0, 0.0, 0.0), 'D is (nan, 0.0, 0.0, 0.0), expected finite'),
        ('pinhole', (0.0, 0.0, 0.0, 0.0, math.nan), 'expected finite numbers'),
    ],
)
def test_what_is_no_model(name, d, words):
    with pytest.raises(CalibrationError) as caught:
        checked_distortion(name, d)
    assert caught.value.reason == 'bad_distortion'
    assert words in str(caught.value) and 'calibrate it with' in str(caught.value)
