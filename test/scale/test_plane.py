"""The floor from height and angles or from a transform, against hand-worked distances."""

import math

from monodepth_ros.camera import PinholeCamera
from monodepth_ros.errors import ScaleError
from monodepth_ros.scale.plane import GroundPlane
from monodepth_ros.scale.pose import Pose
import numpy as np
import pytest

CAMERA = PinholeCamera(9, 7, 4.0, 4.0, 4.0, 3.0)
ROOT2, ROOT3 = math.sqrt(2), math.sqrt(3)


def test_a_level_camera_sees_the_floor_below_the_horizon():
    plane = GroundPlane.from_camera(0.5)
    np.testing.assert_allclose(plane.up, [0, -1, 0], atol=1e-12)
    depth = plane.depth(CAMERA)
    assert depth.dtype == np.float32 and depth.shape == (7, 9)
    # Rows 1, 2 and 3 below the principal point: 0.5 m x 4 pixels / rows.
    np.testing.assert_allclose(depth[4:], np.repeat([[2.0], [1.0], [2 / 3]], 9, 1), rtol=1e-6)
    assert np.isnan(depth[:4]).all()
    np.testing.assert_array_equal(plane.is_below(CAMERA), np.isfinite(depth))


def test_a_camera_that_looks_straight_down_sees_its_height_everywhere():
    plane = GroundPlane.from_camera(1.7, pitch=90)
    np.testing.assert_allclose(plane.depth(CAMERA), 1.7, rtol=1e-6)


@pytest.mark.parametrize(('pitch', 'depth'), [(30, 2.0), (45, ROOT2), (60, 2 / ROOT3)])
def test_the_middle_ray_of_a_pitched_camera_meets_the_floor_at_height_by_sine(pitch, depth):
    plane = GroundPlane.from_camera(1.0, pitch)
    assert plane.depth(CAMERA)[3, 4] == pytest.approx(depth)


def test_roll_brings_the_floor_nearer_on_the_side_that_hangs_down():
    plane = GroundPlane.from_camera(1.0, roll=45)
    depth = plane.depth(CAMERA)
    # Four pixels right: the ray (1, 0, 1) falls by sin 45 on each metre of depth.
    assert depth[3, 8] == pytest.approx(ROOT2)
    assert np.isnan(depth[3, 0])


def test_a_transform_and_the_angles_say_the_same():
    # An optical frame 0.4 m up, of a body pitched down by 20 degrees and turned by yaw.
    half_pitch, half_yaw = math.radians(10), math.radians(35)
    pitched = Pose.from_quaternion((0, math.sin(half_pitch), 0, math.cos(half_pitch)), (0, 0, 0))
    turned = Pose.from_quaternion((0, 0, math.sin(half_yaw), math.cos(half_yaw)), (3, 1, 0.4))
    optical = Pose.from_quaternion((-0.5, 0.5, -0.5, 0.5), (0, 0, 0))
    plane = GroundPlane.from_pose(turned.after(pitched).after(optical))
    expected = GroundPlane.from_camera(0.4, pitch=20)
    np.testing.assert_allclose(plane.up, expected.up, atol=1e-12)
    assert plane.height == pytest.approx(0.4)


def test_points_of_the_plane_lie_on_the_ground_of_the_pose():
    pose = Pose.of_camera(0.8, pitch=15, roll=-6)
    camera = PinholeCamera(40, 30, 25.0, 27.0, 18.0, 14.0)
    depth = GroundPlane.from_pose(pose).depth(camera).astype(np.float64)
    rays = np.dstack([camera.rays(), np.ones((30, 40))])
    heights = pose.apply(rays * depth[..., None])[..., 2]
    seen = np.isfinite(depth) & (depth < 50)
    assert seen.sum() > 500
    np.testing.assert_allclose(heights[seen], 0, atol=1e-4)


def test_heights_are_those_of_the_points_over_the_floor():
    pose = Pose.of_camera(0.8, pitch=15, roll=-6)
    plane = GroundPlane.from_pose(pose)
    depth = np.random.default_rng(0).uniform(0.3, 8, (7, 9)).astype(np.float32)
    rays = np.dstack([CAMERA.rays(), np.ones((7, 9))])
    expected = pose.apply(rays * depth[..., None].astype(np.float64))[..., 2]
    heights = plane.heights(depth, CAMERA)
    assert heights.dtype == np.float32
    np.testing.assert_allclose(heights, expected, atol=1e-5)


def test_depth_that_is_none_has_no_height():
    depth = np.full((7, 9), np.nan, np.float32)
    depth[6, 4], depth[6, 5] = np.inf, 2 / 3
    heights = GroundPlane.from_camera(0.5).heights(depth, CAMERA)
    assert np.isfinite(heights).sum() == 1
    assert heights[6, 5] == pytest.approx(0, abs=1e-6)


def test_maps_are_kept_and_cannot_be_written():
    plane = GroundPlane.from_camera(0.5, pitch=3)
    assert GroundPlane.from_camera(0.5, pitch=3).depth(CAMERA) is plane.depth(CAMERA)
    for values in (plane.depth(CAMERA), plane.climb(CAMERA), plane.is_below(CAMERA)):
        with pytest.raises(ValueError):
            values[0, 0] = 1


@pytest.mark.parametrize('first', [0, 1])
def test_every_second_pixel_sees_the_plane_as_before(first):
    plane, part = GroundPlane.from_camera(0.5, 3, 2), slice(first, None, 2)
    thinned = CAMERA.every(2, first)
    assert (thinned.height, thinned.width) == CAMERA.rays()[part, part].shape[:2]
    np.testing.assert_allclose(thinned.rays(), CAMERA.rays()[part, part], atol=1e-6)
    np.testing.assert_allclose(plane.depth(thinned), plane.depth(CAMERA)[part, part], rtol=1e-5)


def test_planes_differ_by_the_angle_between_their_normals():
    level = GroundPlane.from_camera(1.0)
    assert level.angle_to(GroundPlane.from_camera(0.3, pitch=12)) == pytest.approx(12)
    assert level.angle_to(GroundPlane.from_camera(0.3, roll=-7)) == pytest.approx(7)
    assert level.angle_to(GroundPlane((0.0, 1.0, 0.0), 1.0)) == pytest.approx(180)
    assert level.angle_to(level) == 0


@pytest.mark.parametrize('height', [0.0, -0.3, math.nan, math.inf])
def test_a_camera_that_is_not_over_the_floor_is_refused(height):
    with pytest.raises(ScaleError, match='over the ground frame, expected above 0') as caught:
        GroundPlane.from_camera(height)
    assert caught.value.reason == 'under_ground'
