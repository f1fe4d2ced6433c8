"""The flicker figure, by hand."""

import math

from monodepth_ros.pipeline.flicker import Flicker
import numpy as np
import pytest

IMAGE = np.full((12, 16, 3), 100, np.uint8)


def depths(value):
    return np.full((12, 16), value, np.float32)


def test_median_change_by_hand():
    flicker = Flicker()
    for value in (2.0, 2.1, 2.1, 1.9):
        flicker.update(IMAGE, depths(value))
    found = flicker.compute()
    # 5 %, nothing, and ln(2.1 / 1.9).
    assert found['change'] == pytest.approx(math.log(1.05), rel=1e-5)
    assert (found['share'], found['pairs']) == (1.0, 3)


def test_what_moves_or_has_no_depth_does_not_count():
    flicker, image, depth = Flicker(), IMAGE.copy(), depths(2.2)
    flicker.update(IMAGE, depths(2.0))
    image[:, 8:] = 200  # seen 2 pixels away in the average of 5
    depth[:, 4:] = 9.0
    depth[:3] = math.nan
    flicker.update(image, depth)
    found = flicker.compute()
    # Of columns 0 to 5 and rows 3 to 11, two thirds have changed by 10 %.
    assert found['change'] == pytest.approx(math.log(1.1), rel=1e-5)
    assert found['share'] == pytest.approx(6 * 9 / (12 * 16))


def test_one_frame_or_another_size_or_scene_gives_none():
    flicker = Flicker()
    assert flicker.compute() == {}
    flicker.update(IMAGE, depths(2.0))
    flicker.update(IMAGE[:6], depths(3.0)[:6])
    flicker.update(IMAGE[:6] + 100, depths(4.0)[:6])
    assert flicker.compute() == {}


def test_a_frame_is_kept_whose_memory_is_used_again():
    flicker, depth = Flicker(), depths(2.0)
    flicker.update(IMAGE, depth)
    depth[:] = 2.1
    flicker.update(IMAGE, depth)
    assert flicker.compute()['change'] == pytest.approx(math.log(1.05), rel=1e-5)
