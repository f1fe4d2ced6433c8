"""Floors that a network has tilted become flat, and what stands on them stays."""

import math

from monodepth_ros.camera import PinholeCamera
from monodepth_ros.scale.floor import snap_floor
from monodepth_ros.scale.obstacles import find_obstacles
import numpy as np
import pytest
from scene_kit import BOX, CAMERA, errors, FLOOR, render, tilted, WALL


def test_a_tilted_floor_becomes_flat_and_nothing_else_changes():
    truth, label, plane = render()
    depth = tilted(truth)
    before = depth.copy()
    changed = snap_floor(depth, label, errors(depth), [FLOOR], plane, CAMERA)
    near = (label == FLOOR) & (truth < 4)
    assert changed[near].all() and not changed[label == WALL].any()
    np.testing.assert_allclose(depth[near], truth[near], rtol=1e-5)
    np.testing.assert_array_equal(depth[~changed], before[~changed])
    heights = np.abs(plane.heights(before, CAMERA)[near])
    assert np.quantile(heights, 0.95) > 0.04
    assert np.abs(plane.heights(depth, CAMERA)[near]).max() < 1e-3


@pytest.mark.parametrize('tall', [0.05, 0.1, 0.2])
@pytest.mark.parametrize('kind', [BOX, FLOOR])
def test_a_box_keeps_its_depth_whatever_its_label(tall, kind):
    boxes = [(1.5, 0.0, 0.3, 0.3, tall)]
    truth, label, plane = render(boxes=boxes)
    depth = tilted(truth)
    before, named = depth.copy(), np.where(label == BOX, kind, label).astype(np.uint8)
    snap_floor(depth, named, errors(depth), [FLOOR], plane, CAMERA)
    high = (label == BOX) & (plane.heights(truth, CAMERA) > 0.75 * tall)
    assert high.sum() > 100
    kept = depth[high] == before[high]
    # Of the smallest box with the floor's label not every pixel tells itself from a tilt.
    assert kept.mean() > (0.9 if kind == BOX or tall > 0.05 else 0.25)
    around = (label == FLOOR) & (truth < 3)
    np.testing.assert_allclose(depth[around], truth[around], rtol=1e-5)


def test_what_is_farther_off_than_the_error_is_no_floor():
    truth, label, plane = render()
    for error, is_snapped in ((0.1, True), (0.04, False)):
        depth = truth * np.float32(1.12)
        snap_floor(depth, label, errors(depth, error), [FLOOR], plane, CAMERA)
        near = (label == FLOOR) & (truth < 4)
        expected = truth[near] * (1.0 if is_snapped else 1.12)
        np.testing.assert_allclose(depth[near], expected, rtol=1e-5)


@pytest.mark.parametrize('value', [math.nan, math.inf, -math.inf])
def test_what_is_no_depth_stays_none(value):
    truth, label, plane = render()
    depth = truth.copy()
    depth[200:210, 100:110] = value
    error = errors(depth)
    error[220:, :] = math.nan
    snap_floor(depth, label, error, [FLOOR], plane, CAMERA)
    np.testing.assert_array_equal(depth[200:210, 100:110], np.float32(value))
    np.testing.assert_array_equal(depth[220:], truth[220:])


def test_no_pixel_over_the_horizon_is_floor():
    truth, label, plane = render()
    label[:] = FLOOR
    depth = np.full_like(truth, 2.0)
    snap_floor(depth, label, errors(depth, 10.0), [FLOOR], plane, CAMERA)
    over = np.isnan(plane.depth(CAMERA))
    assert over.any() and (depth[over] == 2.0).all()
    assert np.isfinite(depth).all()


def test_a_large_image_is_looked_at_in_steps_and_every_pixel_is_set():
    large = CAMERA.resized(643, 481)
    truth, label, plane = render(boxes=[(1.5, 0.0, 0.3, 0.3, 0.2)], camera=large)
    depth = tilted(truth)
    before = depth.copy()
    changed = snap_floor(depth, label, errors(depth), [FLOOR], plane, large)
    assert changed.shape == depth.shape and np.isfinite(depth).all()
    near = (label == FLOOR) & (truth < 3)
    # But for the last pixels beside another thing.
    assert np.isclose(depth[near], truth[near], rtol=1e-5).mean() > 0.98
    np.testing.assert_array_equal(depth[~changed], before[~changed])
    assert (depth[label == BOX] == before[label == BOX]).mean() > 0.95


def test_what_is_too_far_at_the_horizon_is_passed_over_in_silence(recwarn):
    camera = PinholeCamera(33, 25, 20.0, 20.0, 16.0, 12.0)
    truth, label, plane = render(pitch=0.0, camera=camera, wall=50.0)
    assert (plane.climb(camera)[12] == 0).any()
    depth = np.full_like(truth, math.inf)
    assert not snap_floor(depth, label, errors(depth), [FLOOR], plane, camera).any()
    assert not find_obstacles(depth, label, errors(depth, 0.0), plane, camera).size
    assert not recwarn.list
