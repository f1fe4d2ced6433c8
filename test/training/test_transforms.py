"""Augmentation keeps image, depth and label together, and depth true to the picture."""

from monodepth_ros.camera import CameraModel
from monodepth_ros.training.datasets import Sample
from monodepth_ros.training.transforms import (
    apply_view,
    AugmentConfig,
    jitter,
    random_view,
    View,
)
import numpy as np
import pytest

WIDTH, HEIGHT, FOCAL = 240, 200, 100.0
CAMERA = CameraModel(WIDTH, HEIGHT, (FOCAL, 0, 119.5, 0, FOCAL, 99.5, 0, 0, 1))
TURN = np.radians(5.0)


def make_sample(image=None, depth=None, ratio=1):
    """Return a sample that says of every pixel where it was: column in red, row in green."""
    columns, rows = np.meshgrid(np.arange(WIDTH), np.arange(HEIGHT))
    if image is None:
        image = np.stack((columns, rows, np.zeros_like(rows)), axis=-1).astype(np.uint8)
    if depth is None:
        depth = (1.0 + columns / 100 + rows / 50).astype(np.float32)
    label = (columns // 20 + rows // 20).astype(np.uint8)
    return Sample('x', image, np.ascontiguousarray(depth[::ratio, ::ratio]), label, CAMERA)


VIEWS = [
    View(),
    View(flip=True),
    View(zoom=1.5),
    View(zoom=1.3, shift=(1.0, -1.0)),
    View(zoom=1.2, rotation=TURN, shift=(-0.5, 0.5)),
    View(zoom=1.4, rotation=-TURN, flip=True, shift=(0.3, 1.0)),
]


@pytest.mark.parametrize('ratio', [1, 2])
@pytest.mark.parametrize('view', VIEWS, ids=str)
def test_image_depth_and_label_stay_together(view, ratio):
    sample = make_sample(ratio=ratio)
    size = (96, 64)
    image, depth, label = apply_view(sample, view, size, FOCAL / 2)
    assert image.shape == (64, 96, 3) and image.dtype == np.uint8
    assert depth.shape == label.shape == (64, 96)
    assert depth.dtype == np.float32 and label.dtype == np.uint8
    columns, rows = image[..., 0].astype(float), image[..., 1].astype(float)
    # The picture is known to half a grey level, and a nearest neighbour is half a pixel away.
    off = 0.5 + ratio / 2 + 0.1
    expected = 1.0 + columns / 100 + rows / 50
    inside = depth > 0
    assert inside.mean() > 0.95
    assert np.abs(depth * view.zoom - expected)[inside].max() < off / 100 + off / 50
    low = (columns - 1.1) // 20 + (rows - 1.1) // 20
    high = (columns + 1.1) // 20 + (rows + 1.1) // 20
    known = label != 255
    assert known.mean() > 0.95
    assert ((label >= low) & (label <= high))[known].all()


def test_plain_view_is_the_centre_at_the_training_focal_length():
    image, depth, _ = apply_view(make_sample(), View(), (96, 64), FOCAL / 2)
    # One output pixel is two image pixels: columns 24.5, 26.5, ... and rows 36.5, 38.5, ...
    np.testing.assert_allclose(image[10, :, 0], 24.5 + 2 * np.arange(96), atol=0.51)
    np.testing.assert_allclose(image[:, 10, 1], 36.5 + 2 * np.arange(64), atol=0.51)
    np.testing.assert_allclose(depth, 1.0 + image[..., 0] / 100 + image[..., 1] / 50, atol=0.031)


def test_flip_mirrors_the_plain_view():
    plain = apply_view(make_sample(), View(), (96, 64), FOCAL / 2)
    flipped = apply_view(make_sample(), View(flip=True), (96, 64), FOCAL / 2)
    np.testing.assert_allclose(flipped[0][:, ::-1].astype(int), plain[0], atol=1)


def test_positive_rotation_turns_the_picture_counter_clockwise():
    image, _, _ = apply_view(make_sample(), View(zoom=1.2, rotation=TURN), (96, 64), FOCAL / 2)
    # What was on one row rises to the right: along an output row the source row grows.
    assert image[32, 90, 1] > image[32, 5, 1]


@pytest.mark.parametrize('zoom', [1.0, 1.6, 2.0])
def test_zoom_keeps_the_size_of_things_true(zoom):
    # A white board 0.64 m wide, 2 m away, is 32 pixels wide at 100 pixels of focal length.
    image = np.zeros((HEIGHT, WIDTH, 3), np.uint8)
    image[:, 104:136] = 255
    sample = make_sample(image, np.full((HEIGHT, WIDTH), 2.0, np.float32))
    focal = 50.0
    image, depth, _ = apply_view(sample, View(zoom=zoom), (96, 64), focal)
    np.testing.assert_allclose(depth[depth > 0], 2.0 / zoom, rtol=1e-6)
    width = image[32, :, 0].sum() / 255
    assert width * depth[32, 48] / focal == pytest.approx(0.64, rel=0.01)


def test_beyond_the_image_nothing_is_known():
    sample = make_sample()
    image, depth, label = apply_view(sample, View(), (WIDTH + 32, HEIGHT + 32), FOCAL)
    inside = np.zeros(depth.shape, bool)
    inside[16:-16, 16:-16] = True
    assert (depth[~inside] == 0).all() and (depth[inside] > 0).all()
    assert (label[~inside] == 255).all()
    np.testing.assert_array_equal(label[inside].reshape(HEIGHT, WIDTH), sample.label)
    np.testing.assert_array_equal(depth[inside].reshape(HEIGHT, WIDTH), sample.depth)
    np.testing.assert_array_equal(image[16:-16, :16, 0], 0)  # the edge goes on
    np.testing.assert_array_equal(image[16:-16, -16:, 0], WIDTH - 1)


def test_unknown_depth_stays_unknown():
    depth = np.full((HEIGHT, WIDTH), 3.0, np.float32)
    depth[:, 120:] = 0
    _, found, _ = apply_view(make_sample(depth=depth), View(), (96, 64), FOCAL / 2)
    assert set(np.unique(found)) == {0.0, 3.0}


def test_views_are_drawn_from_the_ranges():
    rng = np.random.default_rng(0)
    config = AugmentConfig(max_zoom=2.0, max_rotation=5.0, flip=0.5)
    views = [random_view(config, rng) for _ in range(500)]
    zooms = np.array([v.zoom for v in views])
    assert 1.0 <= zooms.min() < 1.05 and 1.95 < zooms.max() <= 2.0
    assert np.median(zooms) == pytest.approx(np.sqrt(2.0), abs=0.08)  # even in the logarithm
    turns = np.degrees([v.rotation for v in views])
    assert -5 <= turns.min() < -4.5 and 4.5 < turns.max() <= 5
    assert 0.4 < np.mean([v.flip for v in views]) < 0.6
    assert np.abs([v.shift for v in views]).max() <= 1


def test_default_augmentation_changes_nothing():
    rng = np.random.default_rng(0)
    view = random_view(AugmentConfig(), rng)
    assert (view.zoom, view.rotation, view.flip) == (1.0, 0.0, False)
    image = rng.integers(0, 256, (20, 30, 3), np.uint8)
    np.testing.assert_array_equal(jitter(image, AugmentConfig(), rng), image)


@pytest.mark.parametrize('name', ['brightness', 'channel', 'gamma', 'saturation', 'noise', 'blur'])
def test_jitter_changes_the_image_and_follows_the_generator(name):
    image = np.random.default_rng(1).integers(30, 220, (20, 30, 3), np.uint8)
    config = AugmentConfig(**{name: 5.0 if name == 'noise' else 1.0})
    first, again = (jitter(image, config, np.random.default_rng(7)) for _ in range(2))
    other = jitter(image, config, np.random.default_rng(8))
    np.testing.assert_array_equal(first, again)
    assert first.shape == image.shape and first.dtype == np.uint8
    assert (first != image).any()
    assert (first != other).any() or name == 'blur'


def test_gain_and_saturation_by_hand():
    grey = np.full((4, 4, 3), 100, np.uint8)
    gain = np.random.default_rng(3).uniform(0.5, 1.5)
    bright = jitter(grey, AugmentConfig(brightness=0.5), np.random.default_rng(3))
    np.testing.assert_allclose(bright, 100 * gain, atol=0.51)
    # Grey has no colour to lose.
    np.testing.assert_array_equal(
        jitter(grey, AugmentConfig(saturation=1.0), np.random.default_rng(3)), grey
    )
