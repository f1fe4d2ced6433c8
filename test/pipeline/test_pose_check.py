"""Looks at the pose: the first is waited for, the others come beside the frames."""

import threading

import cv2
from monodepth_ros.camera import PinholeCamera
from monodepth_ros.frames import Frame
from monodepth_ros.pipeline import pose_check
from monodepth_ros.pipeline.pose_check import lean_of, PAUSE_S, PoseCheck
from monodepth_ros.pipeline.predictor import PredictorOptions, Prepared
from monodepth_ros.pipeline.preprocess import InputPlan
from monodepth_ros.scale.plane import GroundPlane
import numpy as np
import pytest

CAMERA = PinholeCamera(320, 240, 260.0, 260.0, 159.5, 119.5)
LEVEL = GroundPlane.from_camera(0.6).up
LEANING = GroundPlane.from_camera(0.6, 0.0, 12.0).up


class Clock:
    """A clock that is set by hand."""

    def __init__(self):
        self.now = 100.0

    def __call__(self):
        return self.now


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def check(clock):
    check = PoseCheck('look', clock)
    yield check
    check.close()


def _prepared(image):
    plan = InputPlan(320, 240, 320, 240, 320, 240, 0, 0, 1.0, CAMERA)
    return Prepared(Frame(image, None), plan, PredictorOptions(), image)


def _wall():
    """Return a wall of tiles, seen by a level camera."""
    image = np.full((240, 320, 3), 60, np.uint8)
    for u in range(20, 320, 60):
        for v in range(20, 240, 60):
            cv2.rectangle(image, (u, v), (u + 40, v + 40), (190, 200, 180), -1)
    return _prepared(image)


DARK = np.zeros((240, 320, 3), np.uint8)


def _threads():
    return [t for t in threading.enumerate() if t.name.startswith('look')]


def test_one_frame_is_judged_by_itself():
    assert not lean_of(_wall(), CAMERA, LEVEL).exceeds(5)
    assert lean_of(_wall(), CAMERA, LEANING).exceeds(5)
    assert lean_of(_prepared(DARK), CAMERA, LEVEL) is None


@pytest.mark.parametrize(('up', 'leans'), [(LEVEL, False), (LEANING, True)])
def test_the_first_frame_is_judged_at_once(check, up, leans):
    assert check.show(_wall(), CAMERA, up).exceeds(5) == leans


def test_a_frame_without_edges_says_nothing(check):
    assert check.show(_prepared(DARK), CAMERA, LEVEL) is None


@pytest.fixture
def slow(monkeypatch):
    """Let all looks but the first wait; return what lets them go on, and what was looked at."""
    goes_on, seen = threading.Event(), []
    real = pose_check.line_segments

    def look(*arguments):
        seen.append(arguments)
        if len(seen) > 1:
            assert goes_on.wait(60)
        return real(*arguments)

    monkeypatch.setattr(pose_check, 'line_segments', look)
    return goes_on, seen


def test_looks_are_made_at_times_and_beside_the_frames(check, clock, slow):
    goes_on, seen = slow
    first = check.show(_wall(), CAMERA, LEANING)
    clock.now += PAUSE_S / 2
    assert check.show(_wall(), CAMERA, LEANING) is first and len(seen) == 1
    # None of these waits for the look that the first of them begins.
    for _ in range(3):
        clock.now += PAUSE_S
        assert check.show(_wall(), CAMERA, LEANING) is first
    goes_on.set()
    check.close()
    assert len(seen) == 2


def test_another_camera_is_judged_anew(check):
    assert check.show(_wall(), CAMERA, LEANING).exceeds(5)
    other = PinholeCamera(320, 240, 200.0, 200.0, 159.5, 119.5)
    assert not check.show(_wall(), other, LEVEL).exceeds(5)


@pytest.mark.parametrize('fault', [MemoryError('none left'), cv2.error('no line')])
def test_a_fault_of_a_look_costs_no_frame_and_no_other_look(check, clock, monkeypatch, fault):
    real, faults = pose_check.line_segments, [fault]

    def look(*arguments):
        if faults:
            raise faults.pop()
        return real(*arguments)

    monkeypatch.setattr(pose_check, 'line_segments', look)
    assert check.show(_wall(), CAMERA, LEANING) is None
    clock.now += PAUSE_S
    check.show(_wall(), CAMERA, LEANING)
    check._wait()
    assert check.show(_wall(), CAMERA, LEANING).exceeds(5)


def test_a_closed_check_starts_nothing(check):
    check.show(_wall(), CAMERA, LEANING)
    assert len(_threads()) == 1
    check.close()
    check.close()
    assert check.show(_wall(), CAMERA, LEANING) is None and _threads() == []
