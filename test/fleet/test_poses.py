"""Cameras over the floor."""

import math

from monodepth_ros.errors import ConfigError
from monodepth_ros.fleet.poses import choose_frame, distance, pose_in, stand
from monodepth_ros.offline.transforms import Transforms
import numpy as np
import pytest
from recording_kit import pose


@pytest.mark.parametrize('pitch', [-30.0, 0.0, 12.0])
@pytest.mark.parametrize('yaw', [0.0, 140.0])
def test_height_and_pitch(pitch, yaw):
    found = stand(pose((1.0, 2.0, 0.35), yaw, pitch))
    assert found.height == 0.35
    assert found.pitch == pytest.approx(pitch, abs=1e-9)
    assert found.roll == pytest.approx(0.0, abs=1e-9)


def test_roll_is_positive_where_the_right_side_hangs_down():
    turn = np.eye(4)
    a = math.radians(5.0)  # about the optical axis, from x (right) to y (down)
    turn[:2, :2] = [[math.cos(a), -math.sin(a)], [math.sin(a), math.cos(a)]]
    found = stand(pose((0, 0, 1.0), 20.0, -10.0) @ turn)
    assert found.roll == pytest.approx(5.0) and found.pitch == pytest.approx(-10.0)


def test_no_floor_above_the_camera():
    assert stand(None) is None
    assert stand(pose((0.0, 0.0, -0.1))) is None


def test_frames():
    transforms = Transforms()
    transforms._parents.update({'base': 'odom', 'camera': 'base'})
    transforms._fixed.update({'base': np.eye(4), 'camera': np.eye(4)})
    assert choose_frame('x', '', ('map', 'odom'), transforms, 'camera') == 'odom'
    assert choose_frame('x', '', ('map',), transforms, 'camera') == ''
    assert choose_frame('x', 'base', (), transforms, 'camera') == 'base'
    with pytest.raises(ConfigError, match='--x map is not connected with camera; frames.*base'):
        choose_frame('x', 'map', (), transforms, 'camera')
    assert pose_in('', 'camera', 0, transforms) is None
    np.testing.assert_array_equal(pose_in('odom', 'camera', 0, transforms), np.eye(4))


def test_distance():
    metres, degrees = distance(pose((0, 0, 1), 10.0), pose((3, 4, 1), 40.0))
    assert metres == pytest.approx(5.0) and degrees == pytest.approx(30.0)
