"""Looks at the camera's way: beside the frames, each vote once, and faults that cost no frame."""

import threading
import weakref

import cv2
from monodepth_ros.camera import PinholeCamera
from monodepth_ros.errors import ScaleError
from monodepth_ros.frames import Frame
from monodepth_ros.pipeline import motion_watch
from monodepth_ros.pipeline.motion_watch import MotionWatch, PAUSE_S
from monodepth_ros.pipeline.predictor import PredictorOptions, Prepared
from monodepth_ros.pipeline.preprocess import InputPlan
from monodepth_ros.scale.points import points_vote
from monodepth_ros.scale.pose import Pose
from monodepth_ros.scale.votes import View
import numpy as np
import pytest

CAMERA = PinholeCamera(320, 240, 220.0, 220.0, 159.5, 119.5)
TENTH = 100_000_000
SPEED, WALL = 0.5, 2.0
"""Metres a second to the right, along a wall so many metres ahead."""


@pytest.fixture(scope='module')
def wall():
    noise = np.random.default_rng(0).integers(0, 255, (60, 160), np.uint8)
    picture = cv2.resize(noise, (1280, 480), interpolation=cv2.INTER_CUBIC)
    return cv2.cvtColor(picture, cv2.COLOR_GRAY2RGB)


class Drive:
    """A camera that goes along a wall, whose network sees it 1.5 times too near."""

    def __init__(self, wall, name='look'):
        self.wall, self.number, self.now = wall, 0, 10.0
        self.watch = MotionWatch(name, lambda: self.now)
        self.judge = points_vote
        self.images = []
        self.depth_scale = 1.0

    def pose_at(self, stamp_ns, waits):
        return Pose(translation=(SPEED * stamp_ns * 1e-9, 0.0, 0.0))

    def show(self, camera=CAMERA):
        """Show the next frame; return the vote that the watch gives, None for none."""
        self.number += 1
        self.now += 1.1 * PAUSE_S
        shift = SPEED * 0.1 * self.number / WALL * CAMERA.fx
        matrix = np.array([[1, 0, -shift], [0, 1, -100.0]])
        image = cv2.warpAffine(self.wall, matrix, (320, 240))
        view = View(np.full((240, 320), WALL / 1.5, np.float32), camera)
        try:
            prepared = self._prepared(image, camera)
            self.images.append(weakref.ref(image))
            return self.watch.show(prepared, view, self.pose_at, self.judge)
        except ScaleError as error:
            self.error = error
            return None

    def _prepared(self, image, camera):
        plan = InputPlan(320, 240, 320, 240, 320, 240, 0, 0, self.depth_scale, camera)
        frame = Frame(image, None, self.number * TENTH)
        return Prepared(frame, plan, PredictorOptions(), image)

    def wait(self):
        """Wait for the look that is under way."""
        self.watch._future.result()


@pytest.fixture
def drive(wall):
    drive = Drive(wall)
    yield drive
    drive.watch.close()


def test_the_way_tells_the_factor(drive):
    votes = []
    for _ in range(15):
        votes.append(drive.show())
        drive.wait()
    assert votes[:2] == [None, None]
    assert drive.error.reason == 'no_motion'
    for vote in votes[-5:]:
        assert vote.factor == pytest.approx(1.5, rel=0.03)


def test_no_frame_waits_and_each_vote_is_given_once(drive):
    for _ in range(10):
        drive.show()
        drive.wait()
    goes_on = threading.Event()

    def slow(view, points):
        assert goes_on.wait(60)
        return points_vote(view, points)

    drive.judge = slow
    assert drive.show() is not None
    for _ in range(3):
        assert drive.show() is None and drive.error.reason == 'between_looks'
    goes_on.set()
    drive.wait()
    assert drive.show() is not None
    drive.wait()


def test_looks_have_pauses(drive):
    drive.show()
    drive.wait()
    drive.now -= PAUSE_S / 2
    drive.show()
    assert drive.watch._future is None


def test_what_odometry_does_not_know_is_said_until_it_does(drive):
    known = drive.pose_at

    def fails(stamp_ns, waits):
        raise ScaleError('no_transform', 'TF does not know')

    drive.pose_at = fails
    for _ in range(4):
        assert drive.show() is None
        drive.wait()
    drive.now -= PAUSE_S  # with no look of its own
    assert drive.show() is None and drive.error.reason == 'no_transform'
    drive.pose_at = known
    found = []
    for _ in range(10):
        found.append(drive.show())
        drive.wait()
    assert found[-1].factor == pytest.approx(1.5, rel=0.03)


@pytest.mark.parametrize(
    'fault', [MemoryError('none left'), cv2.error('no flow'), np.linalg.LinAlgError('singular')]
)
def test_a_fault_of_a_look_costs_no_frame_and_no_other_look(drive, monkeypatch, fault):
    real, faults = motion_watch.measured_points, [fault]

    def measured(*arguments):
        if faults:
            raise faults.pop()
        return real(*arguments)

    monkeypatch.setattr(motion_watch, 'measured_points', measured)
    drive.show()
    drive.wait()
    assert drive.show() is None and 'could not be followed' in str(drive.error)
    drive.wait()
    for _ in range(10):
        vote = drive.show()
        drive.wait()
    assert vote.factor == pytest.approx(1.5, rel=0.03)


def test_another_camera_begins_anew(drive):
    for _ in range(10):
        drive.show()
        drive.wait()
    other = PinholeCamera(320, 240, 200.0, 220.0, 159.5, 119.5)
    # The look at the last frame by the first camera is done, and its vote is none of the other's.
    for _ in range(2):
        assert drive.show(other) is None and drive.error.reason == 'no_motion'
        drive.wait()


def test_depth_that_is_scaled_otherwise_begins_anew(drive):
    for _ in range(10):
        drive.show()
        drive.wait()
    drive.depth_scale = 0.6
    for _ in range(2):
        assert drive.show() is None and drive.error.reason == 'no_motion'
        drive.wait()


def test_frames_are_let_go(drive):
    def fails(stamp_ns, waits):
        raise ScaleError('no_transform', 'TF does not know')

    drive.pose_at = fails
    for number in range(12):
        drive.show()
        if number != 5:  # one look takes several frames
            drive.wait()
    drive.error = None
    # The last one may still be held by the look that is done.
    assert sum(image() is not None for image in drive.images) <= 1


def test_a_beginning_without_a_pose_is_left_out(drive):
    known = drive.pose_at

    def late(stamp_ns, waits):
        if stamp_ns <= 2 * TENTH:
            raise ScaleError('no_transform', 'before TF was heard')
        return known(stamp_ns, waits)

    drive.pose_at = late
    votes = []
    for _ in range(14):
        votes.append(drive.show())
        drive.wait()
    assert votes[2] is None and votes[-1].factor == pytest.approx(1.5, rel=0.03)


def test_a_closed_watch_starts_nothing(wall):
    drive = Drive(wall, 'closed_look')
    drive.show()
    drive.watch.close()
    drive.watch.close()
    drive.show()
    assert not [t for t in threading.enumerate() if t.name.startswith('closed_look')]
