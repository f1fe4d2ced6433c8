"""Looks at the pose: the first is waited for, the others come beside the frames."""

import threading

import cv2
from monodepth_ros.camera import PinholeCamera
from monodepth_ros.pipeline import pose_check
from monodepth_ros.pipeline.pose_check import PAUSE_NS, PoseCheck
from monodepth_ros.scale.plane import GroundPlane
import numpy as np
import pytest

CAMERA = PinholeCamera(320, 240, 260.0, 260.0, 159.5, 119.5)
LEVEL = GroundPlane.from_camera(0.6).up
LEANING = GroundPlane.from_camera(0.6, 0.0, 12.0).up


@pytest.fixture
def check():
    check = PoseCheck()
    yield check
    check.close()


def _wall():
    """Return a wall of tiles, seen by a level camera."""
    image = np.full((240, 320, 3), 60, np.uint8)
    for u in range(20, 320, 60):
        for v in range(20, 240, 60):
            cv2.rectangle(image, (u, v), (u + 40, v + 40), (190, 200, 180), -1)
    return image


def test_the_first_frame_is_judged_at_once(check):
    assert not check.show(_wall(), CAMERA, LEVEL, 0).exceeds(5)
    check.close()
    assert check.show(_wall(), CAMERA, LEANING, 0).exceeds(5)


def test_a_frame_without_edges_says_nothing(check):
    assert check.show(np.zeros((240, 320, 3), np.uint8), CAMERA, LEVEL, 0) is None


def test_looks_are_made_at_times_and_beside_the_frames(check, monkeypatch):
    goes_on, seen = threading.Event(), []
    real = pose_check.line_segments

    def slow(image, unseen):
        seen.append(image)
        if len(seen) > 1:
            assert goes_on.wait(60)
        return real(image, unseen)

    monkeypatch.setattr(pose_check, 'line_segments', slow)
    first = check.show(_wall(), CAMERA, LEANING, 0)
    assert check.show(_wall(), CAMERA, LEANING, PAUSE_NS // 2) is first and len(seen) == 1
    # None of these waits for the look that the first of them begins.
    for stamp in (PAUSE_NS, 2 * PAUSE_NS, 3 * PAUSE_NS):
        assert check.show(_wall(), CAMERA, LEANING, stamp) is first
    goes_on.set()
    check.close()
    assert len(seen) == 2


def test_time_that_jumps_back_is_looked_at(check, monkeypatch):
    seen = []
    monkeypatch.setattr(pose_check, 'line_segments', lambda *_: seen.append(1) or np.zeros((0, 4)))
    for stamp in (10 * PAUSE_NS, 2 * PAUSE_NS):
        check.show(_wall(), CAMERA, LEVEL, stamp)
    check.close()
    assert len(seen) == 2


def test_another_camera_is_judged_anew(check):
    assert check.show(_wall(), CAMERA, LEANING, 0).exceeds(5)
    other = PinholeCamera(320, 240, 200.0, 200.0, 159.5, 119.5)
    assert not check.show(_wall(), other, LEVEL, 1).exceeds(5)


def test_a_fault_of_the_first_look_is_not_hidden(check, monkeypatch):
    def fail(*_):
        raise MemoryError

    monkeypatch.setattr(pose_check, 'line_segments', fail)
    with pytest.raises(MemoryError):
        check.show(_wall(), CAMERA, LEVEL, 0)
