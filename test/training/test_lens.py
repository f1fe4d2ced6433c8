"""The lens test, on engines whose answer is known."""

from dataclasses import replace

from doubles import FormulaEngine
from monodepth_ros.camera import CameraModel
from monodepth_ros.errors import DatasetError
from monodepth_ros.pipeline.predictor import Predictor, PredictorOptions
from monodepth_ros.training.datasets import Sample
from monodepth_ros.training.lens import lens_ratio, lens_test, ordered, zoomed
import numpy as np
import pytest

WIDTH, HEIGHT = 160, 128


def make_sample(image, focal_length=100.0, name='x'):
    k = (focal_length, 0, 79.5, 0, focal_length, 63.5, 0, 0, 1)
    camera = CameraModel.from_intrinsics(WIDTH, HEIGHT, k, (), 'none')
    nothing = np.zeros((HEIGHT, WIDTH))
    return Sample(name, image, nothing.astype(np.float32), nothing.astype(np.uint8), camera)


def flat(red):
    """Return an image for which the formula engine says 1 + red / 100 m."""
    image = np.zeros((HEIGHT, WIDTH, 3), np.uint8)
    image[..., 0] = red
    return image


@pytest.fixture
def predictor():
    return Predictor(FormulaEngine(), PredictorOptions('none'))


def test_zoomed_shows_the_middle():
    ramp = np.zeros((HEIGHT, WIDTH, 3), np.uint8)
    ramp[..., 0] = np.arange(WIDTH)
    ramp[..., 1] = np.arange(HEIGHT)[:, None]
    tele = zoomed(make_sample(ramp), 2.0)
    assert tele.image.shape == ramp.shape
    grid = tele.camera.rectified
    assert (grid.fx, grid.fy, grid.cx, grid.cy) == (200.0, 200.0, 79.5, 63.5)
    # The middle half, 40 to 119 and 32 to 95.
    assert abs(int(tele.image[0, 0, 0]) - 40) <= 1 and abs(int(tele.image[-1, -1, 0]) - 119) <= 1
    assert abs(int(tele.image[0, 0, 1]) - 32) <= 1 and abs(int(tele.image[-1, -1, 1]) - 95) <= 1


def test_a_network_that_sees_no_lens(predictor):
    sample = make_sample(flat(100))
    found = lens_test(predictor, [(sample, zoomed(sample, 1.6))] * 2)
    assert found['n_images'] == 2
    assert found['ratio'] == pytest.approx(1.0) and found['true_ratio'] == pytest.approx(1.6)
    assert found['exponent'] == pytest.approx(0.0, abs=1e-6)
    assert found['spread'] == pytest.approx(0.0, abs=1e-6)


def test_a_network_that_knows_the_lens(predictor):
    # Rendered twice: 3 m through the wide lens is 1.5 m by the picture of the longer one.
    pair = make_sample(flat(200), 80.0), make_sample(flat(50), 160.0)
    assert lens_ratio(predictor, *pair) == pytest.approx((2.0, 2.0))
    assert lens_test(predictor, [pair])['exponent'] == pytest.approx(1.0)


def test_the_same_pixels_are_compared(predictor):
    # Far on the left, near on the right, seen by both; the rim that only one sees is nearest.
    wide = flat(0)
    wide[:, 40:80, 0], wide[:, 80:120, 0] = 200, 100
    sample = make_sample(wide)
    assert lens_ratio(predictor, sample, zoomed(sample, 2.0))[0] == pytest.approx(1.0, abs=0.01)


def test_the_shorter_lens_comes_first():
    wide, tele = make_sample(flat(0), 80.0), make_sample(flat(0), 120.0)
    assert ordered(tele, wide) == ordered(wide, tele) == (wide, tele)


def test_a_camera_is_needed():
    unknown = replace(make_sample(flat(0)), camera=None)
    with pytest.raises(DatasetError, match="image 'x' has no camera, which the lens test needs"):
        zoomed(unknown, 1.6)
    with pytest.raises(DatasetError, match="image 'x' has no camera"):
        ordered(unknown, make_sample(flat(0)))


def test_no_pairs(predictor):
    assert lens_test(predictor, []) == {'n_images': 0}
