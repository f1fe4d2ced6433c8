"""Depth that is averaged over time: still walls get quiet, and nothing that moves is smeared."""

import math

import cv2
from doubles import FormulaEngine
from monodepth_ros.errors import ConfigError
from monodepth_ros.frames import Frame
from monodepth_ros.pipeline.predictor import Predictor, PredictorOptions
from monodepth_ros.pipeline.steady import SteadyDepth
import numpy as np
import pytest

WIDTH, HEIGHT = 160, 120
STEP_NS = 100_000_000
WALL = 4.0


def background(seed=0):
    """Return a picture of grey tiles, (H, W, 3) uint8."""
    tiles = np.random.default_rng(seed).integers(60, 200, (12, 16), np.uint8)
    grey = cv2.resize(tiles, (WIDTH, HEIGHT), interpolation=cv2.INTER_NEAREST)
    return np.repeat(grey[..., None], 3, axis=2)


def noisy(image, random):
    """Return the image as a camera with a noise of 4 levels sees it."""
    return np.clip(image + random.normal(0, 4, image.shape), 0, 255).astype(np.uint8)


def flickering(depth, random, amount=0.03):
    return (depth * np.exp(random.normal(0, amount, depth.shape))).astype(np.float32)


def labels(value=1):
    return np.full((HEIGHT, WIDTH), value, np.uint8)


def wall(depth=WALL):
    return np.full((HEIGHT, WIDTH), depth, np.float32)


def flicker(maps):
    return float(np.median(np.abs(np.log(maps[1:]) - np.log(maps[:-1]))))


def test_a_still_scene_gets_quiet_and_stays_true():
    random, steady = np.random.default_rng(1), SteadyDepth()
    raw, kept = [], []
    for number in range(30):
        raw.append(flickering(wall(), random))
        image = noisy(background(), random)
        kept.append(steady.update(raw[-1], image, labels(), number * STEP_NS, 0.5))
    raw, kept = np.array(raw), np.array(kept)
    # Weights of 1 - exp(-0.1 / 0.5) = 0.18 leave 0.18 / sqrt(2 - 0.18) sqrt(2) of the steps.
    assert flicker(kept[10:]) < 0.2 * flicker(raw[10:])
    assert np.median(kept[-1]) == pytest.approx(WALL, rel=0.005)


def test_a_lasting_change_comes_through_by_the_time_constant():
    steady = SteadyDepth()
    steady.update(wall(4.0), background(), labels(), 0, 0.5)
    for number in range(1, 6):
        kept = steady.update(wall(4.1), background(), labels(), number * STEP_NS, 0.5)
    # 0.5 s later, 1 - 1 / e of the log step has come.
    expected = 4.0 * math.exp(math.log(1.025) * (1 - math.exp(-1)))
    np.testing.assert_allclose(kept, expected, rtol=1e-4)


@pytest.mark.parametrize('brightness', [10, 250])
@pytest.mark.parametrize('speed', [1, 3, 12])
def test_nothing_smears_of_a_mover_or_behind_it(brightness, speed):
    """A plain disc, nearer by half than the wall, passes in front of it."""
    steady = SteadyDepth()
    for number in range(20):
        image, depth, label = background(), wall(), labels()
        centre = (30 + speed * number, 60)
        cv2.circle(image, centre, 22, (brightness,) * 3, cv2.FILLED)
        cv2.circle(depth, centre, 22, 2.0 - 0.03 * number, cv2.FILLED)
        kept = steady.update(depth, image, label, number * STEP_NS, 0.5)
        disc = depth < 3.0
        # Moving by pixels a frame and approaching by 0.3 m/s, it is where it is.
        np.testing.assert_allclose(kept[~disc], WALL, rtol=1e-5)
        if speed > 1:
            np.testing.assert_allclose(kept[disc], depth[disc], rtol=0.01)


@pytest.mark.parametrize('brightness', [250, 130])
def test_a_plain_thing_that_comes_nearer_is_never_far_behind(brightness):
    """Growing by less than a pixel a frame, its image hardly changes from one to the next."""
    steady, lags = SteadyDepth(), []
    for number in range(40):
        distance = 2.0 - 0.02 * number
        image, depth = background(), wall()
        for picture, value in ((image, (brightness,) * 3), (depth, distance)):
            cv2.circle(picture, (80, 60), round(40 / distance), value, cv2.FILLED)
        kept = steady.update(depth, image, labels(), number * STEP_NS, 0.5)
        lags.append(kept[60, 80] / distance - 1)
    assert max(lags) < 0.07  # beside up to 0.49 that it has come nearer


def test_another_label_or_a_jump_of_depth_is_not_held():
    steady = SteadyDepth()
    steady.update(wall(4.0), background(), labels(), 0, 0.5)
    label, depth = labels(), wall(4.1)
    label[:, :80] = 2
    depth[:40] = 2.0
    kept = steady.update(depth, background(), label, STEP_NS, 0.5)
    np.testing.assert_array_equal(kept[:, :80], depth[:, :80])
    np.testing.assert_array_equal(kept[:40], depth[:40])
    assert (kept[50:, 80:] < 4.05).all()


def moved(image):
    return np.roll(image, 3, axis=1)


@pytest.mark.parametrize(
    'image, seconds, shape',
    [
        (moved(background()), 0.1, None),  # the camera turns
        (background(5), 0.1, None),  # another scene
        (background(), 0.0, None),  # the same stamp again
        (background(), -5.0, None),  # a bag that loops
        (background(), 1.5, None),  # a pause
        (background(), 0.1, (60, 80)),  # another size
    ],
)
def test_everything_begins_anew(image, seconds, shape):
    steady = SteadyDepth()
    steady.update(wall(4.0), background(), labels(), 10**10, 0.5)
    depth, label = wall(4.2), labels()
    if shape:
        rows, columns = shape
        image, depth, label = (m[:rows, :columns] for m in (image, depth, label))
    stamp_ns = 10**10 + round(seconds * 1e9)
    kept = steady.update(depth, np.ascontiguousarray(image), label, stamp_ns, 0.5)
    np.testing.assert_array_equal(kept, depth)


def test_where_nothing_tells_of_motion_nothing_is_held():
    steady, plain = SteadyDepth(), np.full((HEIGHT, WIDTH, 3), 128, np.uint8)
    steady.update(wall(4.0), plain, labels(), 0, 0.5)
    kept = steady.update(wall(4.2), plain, labels(), STEP_NS, 0.5)
    np.testing.assert_array_equal(kept, wall(4.2))


@pytest.mark.parametrize('value', [math.nan, math.inf, -math.inf, 0.0, -1.0])
def test_what_is_no_depth_passes_and_leaves_no_trace(value):
    steady, bad = SteadyDepth(), wall()
    bad[50:60, 50:60] = value
    for number, depth in enumerate((wall(), bad, wall())):
        kept = steady.update(depth, background(), labels(), number * STEP_NS, 0.5)
        np.testing.assert_allclose(kept, depth, rtol=1e-6)


def test_a_predictor_averages_only_where_its_options_say_so():
    def predict(predictor, number, red):
        image = np.repeat(background()[..., :1], 3, axis=2)
        image[..., 0] = red
        frame = Frame(image, stamp_ns=number * STEP_NS)
        return predictor.predict(frame).depth

    for seconds, expected in ((0.0, 2.05), (0.5, 2.0 * math.exp(math.log(1.025) * 0.181269))):
        predictor = Predictor(FormulaEngine(), PredictorOptions(temporal_filter=seconds))
        predict(predictor, 0, 100)
        np.testing.assert_allclose(predict(predictor, 1, 105), expected, rtol=1e-3)


@pytest.mark.parametrize('value', [-0.1, 11.0, math.nan])
def test_a_time_constant_out_of_range_is_refused(value):
    with pytest.raises(ConfigError, match=r'temporal_filter is .* s, expected 0\.\.10'):
        PredictorOptions(temporal_filter=value)
