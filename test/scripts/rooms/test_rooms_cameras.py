"""Cameras are as low, wide and tilted as they are meant to be, and outside of things."""

import math

import numpy as np
import pytest
from rooms_app.cameras import (
    Camera,
    draw_camera,
    draw_height,
    is_worth_it,
    over_top,
    room_drawer,
    sample_cameras,
)
from rooms_app.plan import Footprint, Obstacle, Plan, Top
from rooms_app.planner import plan_room
from rooms_kit import catalog


def test_four_of_ten_are_below_half_a_metre():
    rng = np.random.default_rng(0)
    heights = np.array([draw_height(rng, 2.6) for _ in range(4000)])
    assert 0.37 < (heights < 0.5).mean() < 0.43
    assert heights.min() >= 0.08 and heights.max() <= 1.9


def test_focal_lengths_cover_the_range():
    rng = np.random.default_rng(0)
    shares = np.array([draw_camera(rng, (0, 0), 1.0, (320, 240)).focal / 320 for _ in range(2000)])
    assert 0.45 <= shares.min() < 0.47 and 1.25 < shares.max() <= 1.3


def test_cameras_over_a_quarter_metre_look_down_as_they_are_mounted():
    rng = np.random.default_rng(0)

    def pitches(height):
        cameras = [draw_camera(rng, (0, 0), height, (320, 240)) for _ in range(4000)]
        return np.degrees([camera.pitch for camera in cameras])

    lowest, low, held = pitches(0.2), pitches(0.3), pitches(1.5)
    looking, held = held[held < -30], held[held >= -30]
    assert (lowest < -15).mean() < 0.03
    assert 0.3 < (low < -15).mean() < 0.4 and low.min() >= -40
    assert abs(np.median(low[low > -8]) - 3) < 2
    assert abs(held.mean() + 10) < 1 and 0.1 < (held < -18).mean() < 0.2
    assert 0.15 < len(looking) / 4000 < 0.22 and looking.min() > -71
    assert abs(np.median(looking) + 50) < 3


def test_a_fifth_of_the_low_cameras_are_mounted_crooked():
    rng = np.random.default_rng(0)

    def rolls(height):
        cameras = [draw_camera(rng, (0, 0), height, (320, 240)) for _ in range(4000)]
        return np.abs(np.degrees([camera.roll for camera in cameras]))

    low = rolls(0.3)
    # Robots' shake of 2 degrees alone leaves one of hundred thousand beyond 9.
    assert 0.03 < (low > 9).mean() < 0.07 and low.max() <= 12
    assert np.median(rolls(1.5)) == pytest.approx(0.674 * 5, abs=0.3)


def test_a_quarter_of_the_views_may_be_of_floor_and_walls_alone():
    rng, tries = np.random.default_rng(0), []

    def look(camera):
        tries.append(camera)
        nearest = 0.2 if camera.yaw else 3.0
        return np.where(np.arange(63) < 8, nearest, 3.0), ['wall'] * 40 + ['floor'] * 23

    assert len(sample_cameras(rng, draw_marked, look, 1000)) == 1000
    assert 0.22 < 1000 / len(tries) < 0.28


def draw_marked(near):
    """Return a camera whose yaw is not 0 where it is to be near to something."""
    return Camera(320, 240, 200.0, (0, 0, 1), 1.0 if near else 0.0)


def test_pose_turns_left_up_and_clockwise():
    camera = Camera(320, 240, 200.0, (1, 2, 3), math.pi / 2)
    np.testing.assert_allclose(camera.pose()[:3, 2], (-1, 0, 0), atol=1e-12)
    np.testing.assert_allclose(camera.pose()[:3, 1], (0, 0, -1), atol=1e-12)
    up = Camera(320, 240, 200.0, (0, 0, 0), 0.0, math.pi / 6)
    np.testing.assert_allclose(up.pose()[:3, 2], (0, math.sqrt(0.75), 0.5), atol=1e-12)
    rolled = Camera(320, 240, 200.0, (0, 0, 0), 0.0, 0.0, math.pi / 2)
    # Turned clockwise the camera's right points to the floor.
    np.testing.assert_allclose(rolled.pose()[:3, 0], (0, 0, -1), atol=1e-12)
    for one in (camera, up, rolled):
        rotation = one.pose()[:3, :3]
        np.testing.assert_allclose(rotation @ rotation.T, np.eye(3), atol=1e-12)
        assert np.linalg.det(rotation) == pytest.approx(1)


def test_the_middle_ray_looks_along_the_axis():
    camera = Camera(320, 240, 200.0, (0, 0, 1), 0.3, 0.2, 0.1)
    np.testing.assert_allclose(camera.rays(9, 7)[31], camera.pose()[:3, 2], atol=1e-12)


def test_cameras_are_outside_of_things():
    plan = plan_room(3, catalog(), 'bedroom')
    rng = np.random.default_rng(0)
    draw = room_drawer(plan, rng, (64, 48))
    cameras = [camera for camera in (draw() for _ in range(300)) if camera]
    assert len(cameras) > 20
    for camera in cameras:
        x, y, z = camera.position
        assert 0 < x < plan.size[0] and 0 < y < plan.size[1]
        assert not any(o.bottom < z < o.top and o.footprint.holds(x, y) for o in plan.obstacles)


def test_a_camera_fits_under_what_hangs():
    cabinet = Obstacle(Footprint(2, 2, 1, 1), 1.4, 2.0)
    plan = Plan('kitchen', 0, (4, 4, 2.5), obstacles=[cabinet])
    assert plan.is_free(2, 2, 0.5, 0.15) and not plan.is_free(2, 2, 1.5, 0.15)
    assert not plan.is_free(2, 2, 1.3, 0.15)


def test_what_is_worth_a_picture():
    far = np.full(63, 3.0)
    things = ['wall'] * 30 + ['floor'] * 20 + ['chair'] * 8 + ['table'] * 5
    assert is_worth_it(far, things, False)
    assert not is_worth_it(np.full(63, 0.2), things, False)
    plain = ['wall'] * 40 + ['floor'] * 23
    assert is_worth_it(far, plain, True) and not is_worth_it(far, plain, False)
    assert not is_worth_it(far, ['wall'] * 63, True)
    void = np.where(np.arange(63) < 10, np.inf, 3.0)
    assert not is_worth_it(void, [None] * 10 + things[10:], False)


def test_a_scene_without_a_fitting_camera_gives_none():
    rng = np.random.default_rng(0)
    assert sample_cameras(rng, lambda near: None, None, 3) == []


def test_near_views_show_something_near_that_does_not_block_them():
    things = ['wall'] * 30 + ['floor'] * 20 + ['chair'] * 8 + ['table'] * 5
    close = np.where(np.arange(63) < 8, 0.2, 1.5)
    assert is_worth_it(close, things, False, near=True)
    assert not is_worth_it(close, things, False)
    assert not is_worth_it(np.full(63, 3.0), things, False, near=True)
    assert not is_worth_it(np.full(63, 0.2), things, False, near=True)
    inside = np.where(np.arange(63) < 8, 0.03, 1.5)
    assert not is_worth_it(inside, things, False, near=True)


def test_more_than_a_third_of_the_views_are_near():
    rng = np.random.default_rng(0)
    things = ['wall'] * 30 + ['floor'] * 20 + ['chair'] * 8 + ['table'] * 5

    def look(camera):
        distance = 0.2 if camera.yaw else 1.5
        return np.where(np.arange(63) < 8, distance, 1.5), things

    cameras = sample_cameras(rng, draw_marked, look, 2000)
    assert len(cameras) == 2000
    assert 0.33 < np.mean([camera.yaw for camera in cameras]) < 0.39
    # Where nothing near is in view the scene gives its views all the same.
    far = sample_cameras(rng, draw_marked, lambda camera: (np.full(63, 1.5), things), 50)
    assert len(far) == 50


def test_desk_cameras_look_across_the_top():
    spot = Footprint(2, 3, 1.6, 0.8, math.pi / 2)
    desk = Obstacle(spot, 0.0, 1.25)
    plan = Plan('office', 0, (4, 6, 2.6), obstacles=[desk], tops=[Top(spot, 0.74)])
    rng = np.random.default_rng(0)
    cameras = [over_top(plan, plan.tops[0], rng, (320, 240)) for _ in range(200)]
    cameras = [camera for camera in cameras if camera]
    assert len(cameras) > 150
    for camera in cameras:
        assert 0.84 <= camera.position[2] <= 1.34
        assert spot.grown(0.31).holds(*camera.position[:2])
        ahead = camera.pose()[:2, 2] * 0.3 + camera.position[:2]
        assert math.dist(ahead, (2, 3)) < math.dist(camera.position[:2], (2, 3)) + 0.1


def test_near_cameras_keep_less_distance_and_are_outside_of_things():
    plan = plan_room(3, catalog(), 'office')
    rng = np.random.default_rng(0)
    draw = room_drawer(plan, rng, (64, 48))
    cameras = [camera for camera in (draw(True) for _ in range(300)) if camera]
    low = [camera.position for camera in cameras if camera.position[2] < 0.5]
    assert len(low) > 10 and len(cameras) > len(low)
    for x, y, z in low:
        assert not any(o.bottom < z < o.top and o.footprint.holds(x, y) for o in plan.obstacles)
