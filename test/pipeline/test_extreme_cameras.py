"""Intrinsics and sizes at which the geometry would overflow are refused, with a reason."""

from doubles import FormulaEngine
from monodepth_ros.camera import CameraModel, FOCAL_LENGTHS
from monodepth_ros.errors import CalibrationError, ImageError
from monodepth_ros.frames import Frame
from monodepth_ros.pipeline.predictor import Predictor
from monodepth_ros.pipeline.preprocess import LONGEST_SIDE
import numpy as np
import pytest

DISTORTED = {'d': (0.1, 0.0, 0.0, 0.0, 0.0), 'model': 'plumb_bob'}


def camera(fx=55.0, fy=55.0, cx=31.5, cy=23.5, width=64, height=48, **fields):
    k = (fx, 0.0, cx, 0.0, fy, cy, 0.0, 0.0, 1.0)
    return CameraModel.from_intrinsics(width, height, k, **fields)


def projection(fx, fy, cx=31.5, cy=23.5):
    return (fx, 0.0, cx, 0.0, 0.0, fy, cy, 0.0, 0.0, 0.0, 1.0, 0.0)


@pytest.mark.parametrize(
    'values',
    [
        {'fx': 5e-324, 'fy': 5e-324},
        {'fx': 1e300, 'fy': 1e300},
        {'fx': 1e6, 'fy': 1e-300},
        {'fx': 551.0},
        {'fy': 5.4},
        {'cx': 1e300},
        {'cy': -1e8},
        {'p': projection(1e-6, 5e-324)},
        {'p': projection(1e300, 55.0)},
        {'p': projection(55.0, 55.0, cx=1e300)},
    ],
)
@pytest.mark.parametrize('lens', [{}, DISTORTED])
def test_no_lens_has_such_numbers(values, lens):
    with pytest.raises(CalibrationError) as caught:
        camera(**values, **lens)
    assert caught.value.reason == 'bad_focal_length'


@pytest.mark.parametrize('focal', [FOCAL_LENGTHS[0], 1.0, 1e5, FOCAL_LENGTHS[1]])
@pytest.mark.parametrize('lens', [{}, DISTORTED])
@pytest.mark.parametrize('stretch', [1.0, 0.11, 9.0])
def test_within_the_limits_everything_is_computed(focal, lens, stretch):
    wide = min(max(focal * stretch, FOCAL_LENGTHS[0]), FOCAL_LENGTHS[1])
    frame = Frame(np.zeros((48, 64, 3), np.uint8), camera(focal, wide, **lens))
    prediction = Predictor(FormulaEngine()).predict(frame)
    assert prediction.depth.shape == (48, 64)
    assert np.isfinite(prediction.camera.rays()).all()


@pytest.mark.parametrize('value', [2.0, 1e18, float('nan'), float('inf')])
def test_no_rotation(value):
    with pytest.raises(CalibrationError) as caught:
        camera(r=(1.0, 0.0, 0.0, 0.0, 1.0, value, 0.0, 0.0, 1.0))
    assert caught.value.reason == 'bad_distortion'


@pytest.mark.parametrize('width, height', [(LONGEST_SIDE + 1, 128), (128, LONGEST_SIDE + 1)])
def test_sides_too_long_to_rectify(width, height):
    image = np.zeros((height, width, 3), np.uint8)
    size = {'width': width, 'height': height}
    predictor = Predictor(FormulaEngine())
    with pytest.raises(ImageError, match=f'at most {LONGEST_SIDE}') as caught:
        predictor.prepare(Frame(image, camera(900.0, 900.0, **size, **DISTORTED)))
    assert caught.value.reason == 'unsupported_size'
    predictor.prepare(Frame(image, camera(900.0, 900.0, **size)))
    shorter = {'width': min(width, LONGEST_SIDE), 'height': min(height, LONGEST_SIDE)}
    fits = np.zeros((shorter['height'], shorter['width'], 3), np.uint8)
    predictor.prepare(Frame(fits, camera(900.0, 900.0, **shorter, **DISTORTED)))
