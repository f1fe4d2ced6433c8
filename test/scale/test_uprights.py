"""Edges of rooms against the pose that is said: right, wrong, and too few to tell."""

import math

from monodepth_ros.camera import PinholeCamera
from monodepth_ros.scale.plane import GroundPlane
from monodepth_ros.scale.uprights import LEAST_SHARE, Uprights
import numpy as np
import pytest

CAMERA = PinholeCamera(320, 240, 260.0, 255.0, 159.5, 119.5)


def _up(pitch=0.0, roll=0.0):
    return GroundPlane.from_camera(0.6, pitch, roll).up


def _room(pitch, roll, turn=25.0, noise=0.3, seed=0):
    """Return the ends, in pixels, of plumb and level edges that a camera of this pose sees."""
    rng = np.random.default_rng(seed)
    up = np.array(_up(pitch, roll))
    level = np.cross(up, (0.0, 0.0, 1.0))
    level /= np.linalg.norm(level)
    other = np.cross(up, level)
    c, s = math.cos(math.radians(turn)), math.sin(math.radians(turn))
    axes = [up, c * level + s * other, -s * level + c * other]
    segments = []
    while len(segments) < 60:
        start = np.append(rng.uniform(-1.2, 1.2, 2), 1) * rng.uniform(1.5, 5)
        end = start + axes[len(segments) % 3] * rng.uniform(0.4, 1.5)
        if end[2] > 0.3:
            ends = [p[:2] / p[2] * (CAMERA.fx, CAMERA.fy) + (159.5, 119.5) for p in (start, end)]
            segments.append(np.concatenate(ends) + rng.normal(0, noise, 4))
    return np.array(segments)


@pytest.mark.parametrize(('pitch', 'roll'), [(0, 0), (12, 0), (-20, 3), (35, -8), (5, 15)])
def test_edges_agree_with_the_pose_that_they_are_seen_in(pitch, roll):
    lean = Uprights().look(_room(pitch, roll), CAMERA, _up(pitch, roll))
    assert not lean.exceeds(5)
    assert lean.degrees <= 2


@pytest.mark.parametrize(('pitch', 'roll'), [(10, 0), (-10, 0), (0, 10), (0, -10), (7, 7)])
def test_edges_contradict_a_pose_that_is_ten_degrees_wrong(pitch, roll):
    lean = Uprights().look(_room(12, 0), CAMERA, _up(12 + pitch, roll))
    assert lean.exceeds(5) and lean.share < LEAST_SHARE
    assert lean.degrees == pytest.approx(10, abs=2.5)


def test_a_pose_that_is_two_degrees_wrong_is_none_of_its_business():
    assert not Uprights().look(_room(12, 0), CAMERA, _up(14, 0)).exceeds(5)


def test_few_edges_tell_nothing():
    uprights = Uprights()
    assert uprights.look(np.zeros((0, 4)), CAMERA, _up()) is None
    assert uprights.look(_room(12, 0)[:4] * 0.1, CAMERA, _up()) is None


def test_what_was_seen_stays_known_where_there_are_no_edges():
    uprights = Uprights()
    before = uprights.look(_room(12, 0), CAMERA, _up(22))
    assert uprights.look(np.zeros((0, 4)), CAMERA, _up(22)) == before


def test_a_pose_that_is_corrected_is_believed_at_once():
    uprights = Uprights()
    for seed in range(5):
        assert uprights.look(_room(12, 0, seed=seed), CAMERA, _up(22)).exceeds(5)
    assert not uprights.look(_room(12, 0, seed=5), CAMERA, _up(12)).exceeds(5)
    assert uprights.look(np.zeros((0, 4)), CAMERA, _up(22)) is None


def test_a_camera_that_looks_straight_down_is_judged_without_a_fault():
    lean = Uprights().look(_room(12, 0), CAMERA, (0.0, 0.0, -1.0))
    assert lean is None or 0 < lean.share <= 1


def test_the_poses_up_is_believed_where_another_has_no_more():
    lean = Uprights().look(np.array([[20.0, 120.0, 300.0, 120.0]] * 5), CAMERA, _up())
    assert (lean.degrees, lean.share) == (0.0, 1.0)
