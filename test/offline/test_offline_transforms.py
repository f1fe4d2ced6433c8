"""Frames over time: chains, interpolation and gaps, against hand-worked poses."""

import math
from types import SimpleNamespace

from bag_kit import quaternion
import cv2
from monodepth_ros.errors import DatasetError
from monodepth_ros.offline.transforms import Transforms
import numpy as np
import pytest

SECOND = 1_000_000_000


def turned(degrees, *move):
    """Return the (4, 4) of a turn about z and a move."""
    result = np.eye(4)
    result[:3, :3] = cv2.Rodrigues(np.array([0.0, 0.0, math.radians(degrees)]))[0]
    result[:3, 3] = move
    return result


def message(parent, child, matrix, seconds=0.0):
    x, y, z, w = quaternion(matrix[:3, :3])
    part = SimpleNamespace(
        header=SimpleNamespace(
            stamp=SimpleNamespace(sec=int(seconds), nanosec=round(seconds % 1 * SECOND)),
            frame_id=parent,
        ),
        child_frame_id=child,
        transform=SimpleNamespace(
            rotation=SimpleNamespace(x=x, y=y, z=z, w=w),
            translation=SimpleNamespace(**dict(zip('xyz', map(float, matrix[:3, 3])))),
        ),
    )
    return SimpleNamespace(transforms=[part])


@pytest.fixture
def drive():
    """Return odom -> base, which turns and moves from 1 s to 1.4 s, and a camera on it."""
    transforms = Transforms()
    transforms.add(message('base', '/camera', turned(90, 0.5, 0, 0.3)), static=True)
    # Out of order, as two publishers give them.
    transforms.add(message('/odom', 'base', turned(40, 2, 0, 0), 1.4), static=False)
    transforms.add(message('odom', 'base', turned(0, 1, 0, 0), 1.0), static=False)
    return transforms


def test_between_two_times(drive):
    found = drive.lookup('odom', 'camera', round(1.1 * SECOND))
    expected = turned(10, 1.25, 0, 0) @ turned(90, 0.5, 0, 0.3)
    np.testing.assert_allclose(found, expected, atol=1e-9)


def test_at_a_time(drive):
    np.testing.assert_allclose(
        drive.lookup('odom', 'base', round(1.4 * SECOND)), turned(40, 2, 0, 0), atol=1e-9
    )


def test_the_other_way_round(drive):
    there, back = (
        drive.lookup(*names, SECOND) for names in (('odom', 'camera'), ('camera', 'odom'))
    )
    np.testing.assert_allclose(there @ back, np.eye(4), atol=1e-12)
    np.testing.assert_array_equal(drive.lookup('base', '/base', 0), np.eye(4))


def test_two_branches(drive):
    drive.add(message('base', 'lidar', turned(0, 0, 0, 1)), static=True)
    found = drive.lookup('lidar', 'camera', 0)  # at no time that base has, and base is not asked
    np.testing.assert_allclose(found, turned(90, 0.5, 0, -0.7), atol=1e-12)


@pytest.mark.parametrize('seconds', [0.9, 1.5])
def test_nothing_is_extrapolated(drive, seconds):
    with pytest.raises(DatasetError, match='no transform of base at'):
        drive.lookup('odom', 'camera', round(seconds * SECOND))


def test_a_gap(drive):
    drive.add(message('odom', 'base', turned(40, 3, 0, 0), 4.0), static=False)
    with pytest.raises(DatasetError, match='apart'):
        drive.lookup('odom', 'camera', 2 * SECOND)


def test_unknown_frames(drive):
    assert drive.connects('odom', 'camera') and not drive.connects('map', 'camera')
    with pytest.raises(DatasetError, match='from camera to map was recorded.*base, camera, odom'):
        drive.lookup('map', 'camera', SECOND)


def test_a_circle_ends():
    transforms = Transforms()
    for names in (('a', 'b'), ('b', 'c'), ('c', 'a')):
        transforms.add(message(*names, np.eye(4)), static=True)
    assert transforms.connects('a', 'c') and not transforms.connects('a', 'd')


def test_numbers_that_are_no_pose_are_left_out():
    transforms = Transforms()
    broken = message('a', 'b', np.eye(4))
    broken.transforms[0].transform.rotation.w = 0.0
    transforms.add(broken, static=True)
    assert transforms.frames == []
