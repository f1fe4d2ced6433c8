"""Corners that are followed: through a turn of the camera, out of view, and from the beginning."""

import cv2
from monodepth_ros.pipeline.tracker import BEGIN_S, LONGEST_S, PAUSE_S, Tracker
import numpy as np
import pytest

SECOND = 1_000_000_000
STEP = SECOND // 10


@pytest.fixture(scope='module')
def wall():
    """Return a picture that is larger than what the camera sees of it."""
    rng = np.random.default_rng(0)
    noise = rng.integers(0, 255, (60, 120), np.uint8)
    picture = cv2.resize(noise, (960, 480), interpolation=cv2.INTER_CUBIC)
    return cv2.cvtColor(picture, cv2.COLOR_GRAY2RGB)


def _seen(wall, shift):
    """Return what is seen of it, so many columns from its left; shifts may be parts of a pixel."""
    matrix = np.array([[1, 0, -shift], [0, 1, -40.0]])
    return cv2.warpAffine(wall, matrix, (320, 240), flags=cv2.INTER_LINEAR)


def _run(tracker, wall, count, by=2.5, start=SECOND):
    for number in range(count):
        found = tracker.update(_seen(wall, 20 + by * number), start + number * STEP)
    return found


def test_corners_move_as_the_picture_does(wall):
    found = _run(Tracker(), wall, 5)
    assert [one.stamp_ns for one in found] == [SECOND]
    moved = found[0].first - found[0].second
    assert len(moved) > 60
    np.testing.assert_allclose(np.median(moved, axis=0), (10, 0), atol=0.1)
    assert np.mean(np.abs(moved - (10, 0)).max(axis=1) < 0.4) > 0.9


def test_the_first_image_has_no_tracks_and_later_ones_have_several_beginnings(wall):
    tracker = Tracker()
    assert tracker.update(_seen(wall, 20), SECOND) == []
    found = _run(tracker, wall, 16, start=SECOND + STEP)
    stamps = [one.stamp_ns for one in found]
    assert stamps == sorted(stamps) and len(stamps) >= 2
    assert np.diff(stamps).min() >= BEGIN_S * SECOND - 1
    for one in found:
        assert np.median(one.first[:, 0] - one.second[:, 0]) > 0


def test_tracks_are_given_up_after_a_while(wall):
    found = _run(Tracker(), wall, int(LONGEST_S * 10) + 15, by=0.5)
    last = SECOND + (int(LONGEST_S * 10) + 14) * STEP
    assert found and last - found[0].stamp_ns <= LONGEST_S * SECOND


@pytest.mark.parametrize('jump', [0, -STEP, int((PAUSE_S + 0.1) * SECOND)])
def test_a_stamp_that_does_not_follow_begins_anew(wall, jump):
    tracker = Tracker()
    _run(tracker, wall, 3)
    at = SECOND + 2 * STEP + jump
    assert tracker.update(_seen(wall, 30), at) == []
    assert [one.stamp_ns for one in tracker.update(_seen(wall, 32), at + STEP)] == [at]


def test_an_image_of_another_size_begins_anew(wall):
    tracker = Tracker()
    _run(tracker, wall, 3)
    assert tracker.update(_seen(wall, 30)[:200], SECOND + 3 * STEP) == []


def test_another_picture_and_a_plain_one_have_no_tracks(wall):
    tracker = Tracker()
    _run(tracker, wall, 3)
    plain = np.full((240, 320, 3), 90, np.uint8)
    assert tracker.update(plain, SECOND + 3 * STEP) == []
    assert tracker.update(plain, SECOND + 4 * STEP) == []
    assert tracker.update(_seen(wall, 30), SECOND + 5 * STEP) == []


def test_the_edge_of_what_a_lens_does_not_show_is_no_corner(wall):
    unseen = np.zeros((240, 320), bool)
    unseen[:, :80] = True
    tracker, plain = Tracker(), Tracker()
    for number in range(3):
        image = _seen(wall, 20 + 2.5 * number)
        image[unseen] = 0
        found = tracker.update(image, SECOND + number * STEP, unseen)
        free = plain.update(image, SECOND + number * STEP)
    assert found[0].first[:, 0].min() > 85
    assert np.count_nonzero(np.abs(free[0].first[:, 0] - 80) < 4) > 3
