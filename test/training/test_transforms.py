"""Augmentation keeps image, depth and label together, and depth true to the picture."""

from dataclasses import replace

from monodepth_ros.camera import CameraModel
from monodepth_ros.training.datasets import Sample
from monodepth_ros.training.transforms import (
    apply_view,
    AugmentConfig,
    jitter,
    random_view,
    streak,
    View,
    view_matrix,
)
import numpy as np
import pytest

WIDTH, HEIGHT, FOCAL = 240, 200, 100.0
CAMERA = CameraModel(WIDTH, HEIGHT, (FOCAL, 0, 119.5, 0, FOCAL, 99.5, 0, 0, 1))
TURN = np.radians(5.0)
OBLONG = CameraModel(WIDTH, HEIGHT, (FOCAL, 0, 130.0, 0, 1.25 * FOCAL, 90.0, 0, 0, 1))
"""Its pixels are not square, and its principal point is not the centre."""


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


def test_pixels_that_are_not_square_become_square():
    # A board of 0.64 m x 0.64 m, 2 m away: 32 x 40 pixels.
    image = np.zeros((HEIGHT, WIDTH, 3), np.uint8)
    image[80:120, 104:136] = 255
    sample = make_sample(image, np.full((HEIGHT, WIDTH), 2.0, np.float32))
    image, _, _ = apply_view(replace(sample, camera=OBLONG), View(), (96, 64), FOCAL / 2)
    assert image[32, :, 0].sum() / 255 == pytest.approx(16, abs=0.1)
    assert image[:, 48, 0].sum() / 255 == pytest.approx(16, abs=0.1)


@pytest.mark.parametrize('sign', [-1, 1])
def test_the_shift_goes_to_the_edge_of_the_image(sign):
    # An output pixel at half the focal length is 2 pixels wide and 2.5 high.
    view = View(shift=(sign, sign))
    pixels, _ = seen_rays(view, (96, 64))
    corner = pixels[0, 0] if sign < 0 else (WIDTH - 1, HEIGHT - 1) - pixels[-1, -1]
    np.testing.assert_allclose(corner, (0.5, 0.75), atol=1e-9)


def test_without_focal_normalisation_a_zoom_leaves_depth_as_it_is():
    sample = make_sample()
    normal = apply_view(sample, View(zoom=1.6), (96, 64), FOCAL / 2)
    plain = apply_view(sample, View(zoom=1.6, focal_normalisation=False), (96, 64), FOCAL / 2)
    np.testing.assert_allclose(plain[1], normal[1] * 1.6, rtol=1e-6)
    assert (plain[0] == normal[0]).all() and (plain[2] == normal[2]).all()
    config = AugmentConfig(max_zoom=2.0, focal_normalisation=False)
    assert not random_view(config, np.random.default_rng(0)).focal_normalisation


def turn_matrix(tilt):
    """Return what takes coordinates to those of a camera turned up or to the right (REP 103)."""
    up, right = tilt
    assert up == 0 or right == 0
    if right:
        sin, cos = np.sin(right), np.cos(right)
        return np.array([[cos, 0, -sin], [0, 1, 0], [sin, 0, cos]])
    sin, cos = np.sin(up), np.cos(up)
    return np.array([[1, 0, 0], [0, cos, sin], [0, -sin, cos]])


def seen_rays(view, size):
    """Return what output pixels see: pixels of the image (h, w, 2), rays of OBLONG (h, w, 3)."""
    columns, rows = np.meshgrid(np.arange(size[0]), np.arange(size[1]))
    matrix = view_matrix(view, OBLONG.rectified, size, FOCAL / 2)
    seen = np.stack((columns, rows, np.ones_like(rows)), axis=-1) @ matrix.T
    pixels = seen[..., :2] / seen[..., 2:]
    x = (pixels[..., 0] - 130.0) / FOCAL
    y = (pixels[..., 1] - 90.0) / (1.25 * FOCAL)
    return pixels, np.stack((x, y, np.ones_like(x)), axis=-1)


TILTED = [
    View(tilt=(0.2, 0.0)),
    View(tilt=(0.0, 0.2)),
    View(tilt=(0.0, -0.15), zoom=1.4, shift=(0.5, -1.0)),
    View(tilt=(-0.15, 0.0), zoom=1.2, rotation=TURN, flip=True),
]


@pytest.mark.parametrize('view', TILTED, ids=str)
def test_a_tilted_view_is_that_of_a_turned_pinhole_camera(view):
    rays = seen_rays(view, (96, 64))[1] @ turn_matrix(view.tilt).T
    grid = rays[..., :2] / rays[..., 2:]
    # One pixel is 1 / (f zoom) everywhere, in any direction, along the rows and down the columns.
    pitch = 1 / (FOCAL / 2 * view.zoom)
    along, down = np.diff(grid, axis=1), np.diff(grid, axis=0)
    np.testing.assert_allclose(np.linalg.norm(along, axis=-1), pitch, rtol=1e-9)
    np.testing.assert_allclose(np.linalg.norm(down, axis=-1), pitch, rtol=1e-9)
    np.testing.assert_allclose((along[:-1] * down[:, :-1]).sum(axis=-1), 0, atol=1e-12)


@pytest.mark.parametrize('view', TILTED, ids=str)
def test_depth_of_a_plane_is_that_along_the_turned_axis(view):
    # The plane n X = 3 m: depth 3 / (n ray) along the axis before the turn.
    normal = np.array([0.3, -0.2, 1.0])
    columns, rows = np.meshgrid(np.arange(WIDTH), np.arange(HEIGHT))
    x, y = (columns - 130.0) / FOCAL, (rows - 90.0) / (1.25 * FOCAL)
    depth = (3.0 / (normal[0] * x + normal[1] * y + normal[2])).astype(np.float32)
    sample = replace(make_sample(depth=depth), camera=OBLONG)
    _, found, _ = apply_view(sample, view, (96, 64), FOCAL / 2)

    pixels, rays = seen_rays(view, (96, 64))
    points = rays * (3.0 / (rays @ normal))[..., None]
    expected = (points @ turn_matrix(view.tilt).T)[..., 2] / view.zoom
    inside = ((pixels >= 0) & (pixels <= (WIDTH - 1, HEIGHT - 1))).all(axis=-1)
    assert inside.mean() > 0.9  # a turned crop looks where it looked before
    # The nearest pixel of the image is half a pixel away in both directions.
    slope = np.abs(np.gradient(depth, axis=0)).max() + np.abs(np.gradient(depth, axis=1)).max()
    np.testing.assert_allclose(found[inside], expected[inside], atol=0.55 * slope)
    assert np.abs(found - expected)[inside].mean() < 0.2 * slope


def test_depth_of_a_wall_after_a_turn_by_hand():
    # A wall straight ahead, 2 m away. Turned right by a, what was on the axis is 2 cos a away
    # along the new one; what is to the right is farther, as the camera now faces it.
    wall = make_sample(depth=np.full((HEIGHT, WIDTH), 2.0, np.float32))
    _, right, _ = apply_view(wall, View(tilt=(0.0, 0.3)), (97, 65), FOCAL / 2)
    assert right[32, 48] == pytest.approx(2 * np.cos(0.3), rel=1e-5)
    assert right[32, 80] > right[32, 48] > right[32, 16] > 0
    _, up, _ = apply_view(wall, View(tilt=(0.3, 0.0)), (97, 65), FOCAL / 2)
    assert up[32, 48] == pytest.approx(2 * np.cos(0.3), rel=1e-5)
    assert up[16, 48] > up[32, 48] > up[48, 48] > 0


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
    assert {v.tilt for v in views} == {(0.0, 0.0)}


def test_tilts_go_in_every_direction():
    rng = np.random.default_rng(0)
    tilts = [random_view(AugmentConfig(max_tilt=8.0), rng).tilt for _ in range(500)]
    angles = np.degrees(np.hypot(*np.transpose(tilts)))
    assert 0 <= angles.min() < 0.5 and 7.5 < angles.max() <= 8
    quarters = {(up > 0, right > 0) for up, right in tilts}
    assert len(quarters) == 4


def test_default_augmentation_changes_nothing():
    rng = np.random.default_rng(0)
    view = random_view(AugmentConfig(), rng)
    assert (view.zoom, view.rotation, view.flip) == (1.0, 0.0, False)
    image = rng.integers(0, 256, (20, 30, 3), np.uint8)
    np.testing.assert_array_equal(jitter(image, AugmentConfig(), rng), image)


@pytest.mark.parametrize(
    'name', ['brightness', 'channel', 'gamma', 'saturation', 'noise', 'blur', 'motion_blur']
)
def test_jitter_changes_the_image_and_follows_the_generator(name):
    image = np.random.default_rng(1).integers(30, 220, (40, 96, 3), np.uint8)
    config = AugmentConfig(**{name: 5.0 if name == 'noise' else 1.0})
    first, again = (jitter(image, config, np.random.default_rng(7)) for _ in range(2))
    other = jitter(image, config, np.random.default_rng(8))
    np.testing.assert_array_equal(first, again)
    assert first.shape == image.shape and first.dtype == np.uint8
    assert (first != image).any()
    assert (first != other).any() or name == 'blur'


def test_noise_is_grey_of_the_drawn_deviation_and_saturates():
    image = np.full((200, 300, 3), 128, np.uint8)
    image[:, :100] = 255
    config = AugmentConfig(noise=20.0)
    rng = np.random.default_rng(4)
    rng.uniform(size=6 + 1)  # gain, channels, gamma, saturation, and whether to blur
    deviation = rng.uniform(0.0, 20.0)
    noise = jitter(image, config, np.random.default_rng(4)).astype(int) - image
    assert noise[:, 100:].std() == pytest.approx(deviation, rel=0.02)
    assert noise[:, 100:].mean() == pytest.approx(0.0, abs=0.3)
    assert (noise[..., 0] == noise[..., 1]).all() and (noise[..., 0] == noise[..., 2]).all()
    assert noise[:, :100].max() == 0 > noise[:, :100].min()


def test_gain_and_saturation_by_hand():
    grey = np.full((4, 4, 3), 100, np.uint8)
    gain = np.random.default_rng(3).uniform(0.5, 1.5)
    bright = jitter(grey, AugmentConfig(brightness=0.5), np.random.default_rng(3))
    np.testing.assert_allclose(bright, 100 * gain, atol=0.51)
    # Grey has no colour to lose.
    np.testing.assert_array_equal(
        jitter(grey, AugmentConfig(saturation=1.0), np.random.default_rng(3)), grey
    )


@pytest.mark.parametrize('length', [2.0, 3.0, 7.5, 13.0])
@pytest.mark.parametrize('angle', [0.0, 0.4, np.pi / 2, 2.5])
def test_a_streak_is_a_line_of_its_length_through_the_centre(length, angle):
    kernel = streak(length, angle).astype(float)
    assert kernel.shape[0] == kernel.shape[1] and kernel.shape[0] % 2 and kernel.min() >= 0
    half = kernel.shape[0] // 2
    rows, columns = np.indices(kernel.shape) - half
    along = columns * np.cos(angle) + rows * np.sin(angle)
    across = rows * np.cos(angle) - columns * np.sin(angle)
    assert kernel.sum() == pytest.approx(1.0)
    assert (kernel * along).sum() == pytest.approx(0.0, abs=1e-6)
    # A bilinear share widens a line by a quarter of a square pixel at most.
    spread = (kernel * along**2).sum()
    assert (length - 1) ** 2 / 12 <= spread + 1e-6
    assert spread <= (length - 1) ** 2 / 12 * 1.1 + 0.26
    assert (kernel * across**2).sum() <= 0.26
