"""Photographic effects: deterministic, and each does what a camera's does."""

from dataclasses import replace

import numpy as np
import pytest
from rooms_app.cameras import Camera
from rooms_app.photo import (
    defocus,
    develop,
    draw_effects,
    Effects,
    expose,
    expose_alike,
    shake,
    veil,
)
from rooms_app.plan import Skin
from rooms_app.textures import draw, PATTERNS, SIDE, to_srgb

CAMERA = Camera(64, 48, 60.0, (0, 0, 1), 0.0)
PLAIN = Effects(0.5, (1, 1), (0, 0, 0), 2.0, 0.0, 0.0, 0.0, 0.0, 0.0, 1.0, 90)


def points():
    """Return a dark picture with bright points."""
    light = np.full((48, 64, 3), 0.1, np.float32)
    light[8::16, 8::16] = 5.0
    return light


def test_the_same_seed_gives_the_same_picture():
    effects = draw_effects(np.random.default_rng(1), 60.0)
    assert effects == draw_effects(np.random.default_rng(1), 60.0)
    noisy = replace(effects, read=0.02)
    depth = np.full((48, 64), 2.0, np.float32)
    pictures = [develop(points(), depth, CAMERA, noisy, seed) for seed in (4, 4, 5)]
    assert pictures[0].shape == (48, 64, 3) and pictures[0].dtype == np.uint8
    np.testing.assert_array_equal(pictures[0], pictures[1])
    assert (pictures[0] != pictures[2]).any()


def test_depth_is_left_as_it_is():
    depth = np.full((48, 64), 2.0, np.float32)
    effects = replace(PLAIN, aperture=4.0, turn=(0.05, 0.05, 0))
    develop(points(), depth, CAMERA, effects, 0)
    assert (depth == 2.0).all()


def test_exposure_brings_the_log_mean_to_the_key():
    light = np.exp(np.random.default_rng(0).normal(0, 1, (48, 64, 1))) * np.ones(3)
    exposed = expose(light.astype(np.float32), 0.5)
    assert np.exp(np.log(exposed[..., 0]).mean()) == pytest.approx(0.5**2.2, rel=1e-3)


def test_frames_of_a_walk_are_exposed_alike_and_not_beyond_white():
    rng = np.random.default_rng(0)
    dim = rng.uniform(0.9, 1.1, (3, 24, 32, 1)).astype(np.float32) * np.ones(3, np.float32)
    dim[1] *= 0.5
    exposed = expose_alike(dim, 0.5)
    np.testing.assert_allclose(exposed, dim * (exposed[0, 0, 0, 0] / dim[0, 0, 0, 0]), rtol=1e-5)
    assert np.exp(np.log(exposed[..., 0]).mean()) == pytest.approx(0.5**2.2, rel=1e-3)
    # White things on a tenth of the picture: they stay white, not more, and all else is darker.
    lit = dim.copy()
    lit[:, :, :4] = 20.0
    exposed = expose_alike(lit, 0.5)
    np.testing.assert_allclose(exposed[:, :, :4], 1, rtol=1e-5)
    # A window on a fortieth may be overexposed.
    lit = dim.copy()
    lit[:, :, :1] = 20.0
    assert expose_alike(lit, 0.5)[:, :, 0].min() > 1.5


def test_no_effect_leaves_a_grey_wall_grey():
    grey = np.full((48, 64, 3), 0.4, np.float32)
    picture = develop(grey, np.full((48, 64), 2.0), CAMERA, PLAIN, 0)
    expected = round(float(to_srgb(np.array(0.5**2.2))) * 255)
    assert np.unique(picture).tolist() == [expected]


def test_shaking_blurs_along_the_way_and_keeps_the_light():
    still = points()
    # 6 pixels of turn about the vertical axis smear along the rows only.
    blurred = shake(still, CAMERA, (0.0, 6 / 60.0, 0.0))
    across = blurred[24, :, 0] - 0.1
    assert (across[20:28] > 0.2).sum() >= 5
    assert abs(blurred[20, 24, 0] - 0.1) < 0.05
    assert blurred[10:38, 12:52].mean() == pytest.approx(still[10:38, 12:52].mean(), rel=0.1)


def test_defocus_spares_what_is_in_focus():
    light = points()
    depth = np.full((48, 64), 2.0, np.float32)
    depth[:, 32:] = 0.5
    blurred = defocus(light, depth, 2.0, 3.0)
    np.testing.assert_allclose(blurred[:, :24], light[:, :24], atol=1e-6)
    assert blurred[8, 56, 0] < 0.5 * light[8, 56, 0]


def test_corners_are_darker_with_vignetting():
    grey = np.full((48, 64, 3), 0.4, np.float32)
    picture = develop(grey, np.full((48, 64), 2.0), CAMERA, replace(PLAIN, vignette=0.5), 0)
    assert picture[0, 0].max() < picture[24, 32].min() - 30


@pytest.mark.parametrize('pattern', sorted(PATTERNS))
def test_patterns_are_drawn_the_same_twice(pattern):
    skin = Skin(pattern, (0.5, 0.4, 0.3), 7)
    image = draw(skin)
    assert image.shape == (SIDE, SIDE, 3) and image.dtype == np.uint8
    np.testing.assert_array_equal(image, draw(skin))


def test_glare_lifts_what_is_dark_beside_a_window_and_keeps_the_light():
    light = np.full((96, 128, 3), 0.05, np.float32)
    light[30:60, 50:80] = 20.0
    seen = veil(light, 0.1)
    assert seen[45, 84, 0] > seen[45, 120, 0] > 0.05
    assert seen[45, 65, 0] == pytest.approx(0.9 * 20 + 0.1 * 15, rel=0.15)
    assert seen.mean() == pytest.approx(light.mean(), rel=0.1)
    np.testing.assert_array_equal(veil(light, 0.0), light)


def test_pictures_are_under_and_overexposed_grainy_and_cast_at_times():
    effects = [draw_effects(np.random.default_rng(k), 250.0) for k in range(600)]
    keys = np.array([e.key for e in effects])
    assert 0.02 < (keys < 0.25).mean() < 0.2 and 0.04 < (keys > 0.72).mean() < 0.25
    assert 0.15 < np.mean([e.shot > 0.02 for e in effects]) < 0.4
    assert 0.2 < np.mean([e.glare > 0.02 for e in effects]) < 0.4
    casts = np.array([max(abs(np.log(e.balance))) for e in effects])
    assert 0.05 < (casts > 0.2).mean() < 0.3 and casts.max() < 1
    assert all(1 + e.contrast * 0.4 * 4 * -0.5 > 0 for e in effects), 'the tone curve falls'


def test_blotches_are_of_colour_alone():
    grey = np.full((96, 128, 3), 0.4, np.float32)
    picture = develop(grey, np.full((96, 128), 2.0), CAMERA, replace(PLAIN, blotch=0.03), 0)
    assert picture.std(-1).mean() > 2 and picture.mean(-1).std() < 2
