"""One distance by tape: along the line of sight, at a pixel."""

from dataclasses import replace
import math

from monodepth_ros.errors import ScaleError
from monodepth_ros.scale.tape import tape_vote
import numpy as np
import pytest
from scale_kit import CAMERA, make_view


def _wall(metres):
    return replace(make_view(), depth=np.full((120, 160), metres, np.float32))


def test_in_the_middle_the_distance_is_the_depth():
    vote = tape_vote(_wall(1.6), 2.0, CAMERA.cx, CAMERA.cy)
    assert vote.factor == pytest.approx(1.25)
    assert vote.count == 25


def test_at_the_side_the_tape_is_longer_than_the_depth():
    # 65 pixels of 130 beside the middle: the ray is sqrt(1.25) long on a metre of depth.
    vote = tape_vote(_wall(2.0), 2.0 * math.sqrt(1.25), CAMERA.cx + 65, CAMERA.cy)
    assert vote.factor == pytest.approx(1.0)


def test_a_corner_has_fewer_pixels_around_it():
    assert tape_vote(_wall(1.0), 1.0, 0, 0).count == 9


def test_a_flying_pixel_is_outvoted():
    view = _wall(2.0)
    view.depth[60, 80] = 9.0
    view.depth[59, 80] = np.nan
    assert tape_vote(view, 2.0, 80, 60).factor == pytest.approx(1.0, rel=1e-3)


@pytest.mark.parametrize('pixel', [(-1, 5), (160, 5), (5, 120), (math.nan, 5)])
def test_a_pixel_outside_is_said(pixel):
    with pytest.raises(ScaleError, match='not in the image'):
        tape_vote(_wall(2.0), 2.0, *pixel)


def test_a_place_without_depth_is_said():
    with pytest.raises(ScaleError, match='or has no depth'):
        tape_vote(_wall(np.nan), 2.0, 80, 60)
