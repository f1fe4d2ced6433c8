"""Rigid motion: axes of REP 103, quaternions, chains."""

import math

from monodepth_ros.errors import ScaleError
from monodepth_ros.scale.pose import Pose
import numpy as np
import pytest

HALF = math.sqrt(0.5)
OPTICAL_IN_BODY = (-0.5, 0.5, -0.5, 0.5)
"""The quaternion that robot descriptions give an optical frame in the camera's body frame."""


def test_a_level_camera_looks_along_x_of_its_body():
    pose = Pose.of_camera(0.5)
    # 2 m ahead, 1 m right, 0.3 m down.
    np.testing.assert_allclose(pose.apply(np.array([1.0, 0.3, 2.0])), [2, -1, 0.2])
    described = Pose.from_quaternion(OPTICAL_IN_BODY, (0, 0, 0.5))
    np.testing.assert_allclose(pose.rotation, described.rotation, atol=1e-12)


def test_positive_pitch_looks_down_and_positive_roll_lowers_the_right_side():
    ahead, right = np.array([0.0, 0.0, 2.0]), np.array([1.0, 0.0, 0.0])
    np.testing.assert_allclose(
        Pose.of_camera(1, pitch=30).apply(ahead), [math.sqrt(3), 0, 0], atol=1e-12
    )
    np.testing.assert_allclose(Pose.of_camera(1, roll=30).apply(right)[2], 0.5)


def test_a_quaternion_turns_about_its_axis_whatever_its_length():
    # A quarter turn about z takes x to y.
    for length in (1.0, 3.0, -2.0):
        pose = Pose.from_quaternion((0, 0, HALF * length, HALF * length), (1, 2, 3))
        np.testing.assert_allclose(pose.apply(np.array([[1.0, 0, 0]])), [[1, 3, 3]], atol=1e-12)


def test_quaternions_agree_with_an_independent_formula():
    rng = np.random.default_rng(1)
    for q in rng.normal(size=(20, 4)):
        q /= np.linalg.norm(q)
        v = rng.normal(size=3)
        axis = q[:3]
        # v + 2 w (a x v) + 2 a x (a x v)
        turned = v + 2 * q[3] * np.cross(axis, v) + 2 * np.cross(axis, np.cross(axis, v))
        np.testing.assert_allclose(Pose.from_quaternion(q, (0, 0, 0)).apply(v), turned)


def test_there_and_back_again():
    pose = Pose.from_quaternion((0.1, -0.4, 0.3, 0.8), (0.2, -1.0, 3.0))
    points = np.random.default_rng(0).normal(size=(4, 5, 3))
    np.testing.assert_allclose(pose.inverse().apply(pose.apply(points)), points, atol=1e-12)


def test_a_chain_goes_through_the_first_pose_first():
    camera_on_head = Pose.of_camera(0.1)
    head_on_robot = Pose.from_quaternion((0, 0, HALF, HALF), (1.0, 0, 0.4))
    point = np.array([0.2, 0.1, 2.0])
    both = head_on_robot.after(camera_on_head)
    np.testing.assert_allclose(
        both.apply(point), head_on_robot.apply(camera_on_head.apply(point)), atol=1e-12
    )


@pytest.mark.parametrize(
    ('quaternion', 'translation'),
    [
        ((0, 0, 0, 0), (0, 0, 1)),
        ((0, 0, math.nan, 1), (0, 0, 1)),
        ((0, 0, 0, 1), (0, math.inf, 1)),
    ],
)
def test_numbers_that_are_no_pose_are_named(quaternion, translation):
    with pytest.raises(ScaleError, match='quaternion .* correct its publisher') as caught:
        Pose.from_quaternion(quaternion, translation)
    assert caught.value.reason == 'bad_pose'
