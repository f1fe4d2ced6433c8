"""Points by the camera's way: exact, with noise, with odometry that errs, and none."""

from dataclasses import replace
import math

from monodepth_ros.camera import PinholeCamera
from monodepth_ros.errors import ScaleError
from monodepth_ros.scale import motion
from monodepth_ros.scale.motion import measured_points, Tracks
from monodepth_ros.scale.pose import Pose, rotation_rows
import numpy as np
import pytest

CAMERA = PinholeCamera(320, 240, 220.0, 220.0, 159.5, 119.5)
WAYS = {'ahead': (0.02, 0.0, -0.25), 'aside': (0.2, 0.0, 0.0), 'round a bend': (0.1, 0.01, -0.2)}
"""Where the first camera is in the second one."""


def _turn(x, y, z):
    """Return a small rotation about three axes, in degrees."""
    half = np.radians([x, y, z]) / 2
    return rotation_rows(*half, math.sqrt(1 - half @ half))


def _scene(pose, seed=0, count=200, noise=0.0):
    """Return the points in the second camera that both see, and their tracks."""
    rng = np.random.default_rng(seed)
    u, v, z = rng.uniform(5, 315, count), rng.uniform(5, 235, count), rng.uniform(1, 4, count)
    here = np.column_stack([(u - CAMERA.cx) / CAMERA.fx, (v - CAMERA.cy) / CAMERA.fy, 1 + 0 * u])
    here *= z[:, None]
    there = pose.inverse().apply(here)
    first = there[:, :2] / there[:, 2:] * CAMERA.fx + (CAMERA.cx, CAMERA.cy)
    second = np.column_stack([u, v])
    first = first + noise * rng.normal(size=first.shape)
    return here, Tracks(1, first, second + noise * rng.normal(size=second.shape))


def _found(points, scene):
    """Return the points' depths over the true ones of the same pixels, near each other."""
    pixels = points[:, :2] / points[:, 2:]
    true = scene[:, :2] / scene[:, 2:]
    nearest = np.linalg.norm(pixels[:, None] - true, axis=2).argmin(axis=1)
    return points[:, 2] / scene[nearest, 2]


@pytest.mark.parametrize('way', WAYS.values(), ids=WAYS)
def test_exact_tracks_give_the_points(way):
    pose = Pose(_turn(0.3, 2.0, 0.1), way)
    scene, tracks = _scene(pose)
    points = measured_points([tracks], [pose], CAMERA)
    assert len(points) > 60
    np.testing.assert_allclose(_found(points, scene), 1, atol=0.01)


@pytest.mark.parametrize('seed', range(4))
@pytest.mark.parametrize('way', WAYS.values(), ids=WAYS)
def test_a_turn_that_odometry_has_wrong_is_corrected(way, seed):
    pose = Pose(_turn(0.3, 2.0, 0.1), way)
    scene, tracks = _scene(pose, seed, noise=0.15)
    # The body nods by half a degree, and the camera is mounted a degree askew.
    wrong = replace(pose, rotation=_turn(0.3 + 0.5, 2.0 - 0.4, 0.1 + 0.3))
    wrong = replace(wrong, translation=tuple(np.array(_turn(0, 1.0, 0)) @ way))
    points = measured_points([tracks], [wrong], CAMERA)
    ratio = _found(points, scene)
    assert np.median(ratio) == pytest.approx(1, abs=0.05)
    assert np.median(np.abs(ratio - np.median(ratio))) < 0.06
    assert len(points) > 40
    # As odometry has it, it is far off.
    uncorrected = motion._Way(*_as_way(wrong), np.eye(3)[:2])
    rays = [motion._rays(pixels, CAMERA) for pixels in (tracks.first, tracks.second)]
    depth = motion._triangulated(uncorrected, *rays, math.hypot(*way))[0]
    assert np.median(np.abs(depth / scene[:, 2] - 1)) > 0.08


def _as_way(pose):
    direction = np.array(pose.translation)
    return np.array(pose.rotation), direction / np.linalg.norm(direction)


@pytest.mark.parametrize('seed', range(6))
def test_straight_ahead_the_direction_is_found(seed):
    pose = Pose(_turn(0.1, 0.2, 0.1), (0.0005, -0.0004, -0.25))
    _, tracks = _scene(pose, seed, noise=0.1)
    askew = tuple(np.array(_turn(0.8, -0.9, 0)) @ pose.translation)
    turn, direction = _as_way(replace(pose, translation=askew))
    way = motion._Way(turn, direction, motion._across(direction))
    rays = [motion._rays(pixels, CAMERA) for pixels in (tracks.first, tracks.second)]
    errors = [motion.TURN_ERROR] * 3 + [motion.DIRECTION_ERROR] * 2
    found, covariance = motion._fitted(way, *rays, CAMERA.fx, errors)
    off = np.degrees(np.arccos(found.direction @ _as_way(pose)[1]))
    assert off < 0.6
    assert np.degrees(np.sqrt(covariance[3:, 3:].trace())) < 0.7


def test_the_prior_holds_what_the_tracks_leave_open():
    # Far away nothing tells turn from way.
    pose = Pose(_turn(0, 0, 0), WAYS['aside'])
    rays = np.array([[0.01 * x, 0.01 * y, 1.0] for x in range(-2, 3) for y in range(-2, 3)])
    turn, direction = _as_way(pose)
    way = motion._Way(turn, direction, motion._across(direction))
    found, covariance = motion._fitted(way, rays, rays, CAMERA.fx, [0.01] * 3 + [0.02] * 2)
    assert np.sqrt(covariance[1, 1]) == pytest.approx(0.01, rel=0.05)
    np.testing.assert_allclose(found.turn, turn, atol=1e-3)


def test_a_short_way_gives_no_points_that_are_not_sure():
    near = Pose(_turn(0, 1, 0), (0.035, 0.0, 0.0))
    _, tracks = _scene(near, noise=0.1)
    with pytest.raises(ScaleError, match='no_motion|expected 30'):
        measured_points([tracks], [near], CAMERA)
    longer = Pose(_turn(0, 1, 0), (0.14, 0.0, 0.0))
    _, tracks = _scene(longer, noise=0.1)
    assert len(measured_points([tracks], [longer], CAMERA)) > 60


def test_the_length_is_that_of_odometry():
    pose = Pose(_turn(0, 1, 0), WAYS['aside'])
    scene, tracks = _scene(pose)
    longer = replace(pose, translation=tuple(1.3 * np.array(pose.translation)))
    points = measured_points([tracks], [longer], CAMERA)
    assert np.median(_found(points, scene)) == pytest.approx(1.3, rel=0.02)


def test_what_moves_by_itself_is_left_out():
    pose = Pose(_turn(0.3, 2.0, 0.1), WAYS['round a bend'])
    scene, tracks = _scene(pose, noise=0.1)
    first = tracks.first.copy()
    first[::4] += np.random.default_rng(1).uniform(3, 12, first[::4].shape)
    points = measured_points([replace(tracks, first=first)], [pose], CAMERA)
    ratio = _found(points, scene)
    assert np.median(ratio) == pytest.approx(1, abs=0.02)
    assert np.mean(np.abs(ratio - 1) < 0.15) > 0.9


def test_several_images_add_up():
    ways = [Pose(_turn(0, y, 0), (x, 0.0, -0.1)) for x, y in ((0.2, 1.0), (0.1, 0.5))]
    scenes = [_scene(pose, seed) for seed, pose in enumerate(ways)]
    each = [len(measured_points([t], [pose], CAMERA)) for (_, t), pose in zip(scenes, ways)]
    assert len(measured_points([t for _, t in scenes], ways, CAMERA)) == sum(each)


@pytest.mark.parametrize(
    ('way', 'count'),
    [((0.0, 0.0, 0.0), 200), ((0.01, 0.0, 0.02), 200), ((0.2, 0.0, 0.0), 19)],
    ids=['still', 'hardly moved', 'few tracks'],
)
def test_without_a_way_or_tracks_nothing_is_measured(way, count):
    pose = Pose(_turn(0.3, 8.0, 0.1), way)
    _, tracks = _scene(pose, count=count)
    with pytest.raises(ScaleError, match='0 points are measured') as caught:
        measured_points([tracks], [pose], CAMERA)
    assert caught.value.reason == 'no_motion'
    with pytest.raises(ScaleError):
        measured_points([], [], CAMERA)


def test_far_things_that_do_not_move_in_the_image_are_no_points():
    pose = Pose(_turn(0, 1, 0), (0.1, 0.0, 0.0))
    scene, tracks = _scene(pose)
    far = Tracks(1, tracks.second + (3.84, 0.0), tracks.second)  # a degree's turn, and no more
    with pytest.raises(ScaleError, match='expected 30'):
        measured_points([far], [pose], CAMERA)
