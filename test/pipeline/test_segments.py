"""Straight edges of drawn images."""

from concurrent.futures import ThreadPoolExecutor

import cv2
from monodepth_ros.pipeline.segments import line_segments
import numpy as np
import pytest

SIZES = ((320, 240), (256, 192), (400, 300))


def _box():
    image = np.full((120, 160, 3), 40, np.uint8)
    cv2.rectangle(image, (30, 20), (110, 90), (200, 220, 190), -1)
    return image


def test_the_sides_of_a_box_are_found():
    found = line_segments(_box())
    assert found.shape[1] == 4
    for u0, v0, u1, v1 in ((30, 20, 110, 20), (110, 20, 110, 90), (30, 90, 110, 90)):
        ends = np.array([[u0, v0, u1, v1], [u1, v1, u0, v0]])
        assert np.abs(found[:, None] - ends).max(axis=2).min() < 3


def test_nothing_to_see_has_no_edges():
    assert line_segments(np.full((64, 64, 3), 90, np.uint8)).shape == (0, 4)


def test_short_edges_have_no_direction():
    image = np.full((200, 200, 3), 40, np.uint8)
    cv2.rectangle(image, (50, 50), (58, 58), (250, 250, 250), -1)
    assert len(line_segments(image)) == 0


def test_the_border_of_the_lens_is_no_edge():
    image, unseen = _box(), np.zeros((120, 160), bool)
    image[:, 130:], unseen[:, 130:] = 0, True
    found = line_segments(image, unseen)
    assert len(line_segments(image)) > len(found) > 0
    assert found[:, [0, 2]].max() < 120


def test_threads_do_not_disturb_each_other():
    image = np.random.default_rng(0).integers(0, 255, (30, 40, 3), np.uint8)
    images = [cv2.resize(image, size, interpolation=cv2.INTER_CUBIC) for size in SIZES]
    expected = [line_segments(image) for image in images]
    with ThreadPoolExecutor(len(images)) as pool:
        for _ in range(20):
            for found, known in zip(pool.map(line_segments, images), expected):
                np.testing.assert_array_equal(found, known)


@pytest.mark.parametrize('size', [(1, 1), (32, 32), (7, 900)])
def test_odd_sizes_are_no_fault(size):
    assert line_segments(np.zeros((*size, 3), np.uint8)).shape[1] == 4
