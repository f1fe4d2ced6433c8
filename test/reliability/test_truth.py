"""Every output carries the stamp of the very image that it was computed from."""

from monodepth_ros.ros import compat
from monodepth_ros.ros.publishers import EXTRA_TOPICS, TOPICS
import numpy as np
import pytest
from rig import ACTIVATE, CLEANUP, CONFIGURE, DEACTIVATE, Rig
from scenario import EVERYTHING
from sensor_msgs.msg import CameraInfo
from std_msgs.msg import Header
from truth import Checker, WatermarkCamera
import watermark
from watermark_files import write_watermark_files

DEPTH, INFO = 'depth/image_rect', 'depth/camera_info'
FRAMES = 300
VGA = (640, 480)


class Nowhere:
    """A node whose topics lead nowhere, and which notes what was published."""

    def __init__(self):
        self.published = []

    def create_publisher(self, *_):
        return self

    def create_subscription(self, *_):
        return self

    def publish(self, msg):
        self.published.append(msg)


@pytest.fixture
def camera():
    """Return a camera that sends nowhere."""
    camera = WatermarkCamera(Nowhere(), 'front')
    camera.plug_in()
    return camera


@pytest.fixture
def checker(camera):
    """Return who checks what is made of the camera's images."""
    return Checker(Nowhere(), [camera])


def make_depth(stamp, shown=None, frame_id='front_optical', contrast=3):
    board = watermark.draw(stamp if shown is None else shown, 64, 48)
    values = 1 + contrast * board / np.float32(255)
    header = Header(stamp=compat.ns_to_stamp(stamp), frame_id=frame_id)
    return compat.make_image(header, values.astype(np.float32), '32FC1')


def test_true_outputs_pass(camera, checker):
    for _ in range(5):
        stamp = camera.send()
        info = CameraInfo(header=make_depth(stamp).header, width=64, height=48)
        checker._on_message(camera, INFO, info)
        checker._on_message(camera, DEPTH, make_depth(stamp))
    assert not checker.wrong and checker.frames == 5 and len(checker.latencies) == 5


@pytest.mark.parametrize(
    ('change', 'reason'),
    [
        (lambda old, new: make_depth(new, shown=old), 'foreign image'),
        (lambda old, new: make_depth(new + 10), 'no image of this camera'),
        (lambda old, new: make_depth(old), 'order'),
        (lambda old, new: make_depth(new, frame_id='rear_optical'), 'foreign frame'),
        (lambda old, new: make_depth(new, contrast=0), 'unreadable'),
    ],
)
def test_what_is_not_true_is_found(camera, checker, change, reason):
    old, new = camera.send(), camera.send()
    checker._on_message(camera, DEPTH, make_depth(old))
    checker._on_message(camera, DEPTH, change(old, new))
    assert checker.wrong.total() == 1
    assert next(iter(checker.wrong)).startswith(f'{DEPTH}: {reason}')
    assert checker.texts[0].startswith('front/')


def test_a_frame_of_two_sizes_is_found(camera, checker):
    stamp = camera.send()
    checker._on_message(camera, DEPTH, make_depth(stamp))
    info = CameraInfo(header=make_depth(stamp).header, width=64, height=64)
    checker._on_message(camera, INFO, info)
    assert list(checker.wrong) == [f'{INFO}: size']


@pytest.mark.parametrize('pipeline_depth', [1, 2])
def test_two_cameras_at_full_load_are_never_mixed_up(ros, rig_folder, pipeline_depth):
    topics = (DEPTH, INFO, 'depth/points', 'segmentation/mask')
    parameters = {'pipeline_depth': pipeline_depth}
    with Rig(rig_folder, ('left', 'right'), parameters, topics) as rig:
        rig.in_flight = 3
        for size in ((64, 48), (128, 96), (64, 64)):
            target = rig.checker.frames + FRAMES // 6
            rig.cameras[1].size = size
            rig.wait_for(lambda n=target: rig.checker.frames >= n, 'frames')
        assert not rig.checker.wrong, rig.checker.texts
        assert all(rig.checker.checked[topic] for topic in topics)
        # Images came faster than the network takes them.
        assert sum(camera.count for camera in rig.cameras) > 1.2 * rig.checker.frames


@pytest.mark.parametrize('pipeline_depth', [1, 2])
def test_everything_on_keeps_every_output_true(ros, rig_folder, pipeline_depth):
    topics = (DEPTH, INFO, 'depth/points', 'segmentation/mask', *EXTRA_TOPICS)
    parameters = {**EVERYTHING, 'pipeline_depth': pipeline_depth}
    with Rig(rig_folder, ('left', 'right'), parameters, topics) as rig:
        rig.in_flight = 3
        for size in ((64, 48), (128, 96)):
            target = rig.checker.frames + FRAMES // 12
            rig.cameras[1].size = size
            rig.wait_for(lambda n=target: rig.checker.frames >= n, 'frames')
        rig.wait_for(lambda: all(rig.checker.checked[topic] for topic in topics), 'all topics')
        assert not rig.checker.wrong, rig.checker.texts


def test_two_files_after_each_other_and_at_once_keep_one_stamp_and_grid(ros, rig_folder):
    with Rig(rig_folder, parameters=write_watermark_files(rig_folder)) as rig:
        rig.in_flight, rig.cameras[0].size = 3, VGA
        for at_once in (False, True):
            rig.transit(DEACTIVATE, CLEANUP)
            rig.set_parameters({'semantic_at_once': at_once})
            rig.transit(CONFIGURE, ACTIVATE)
            before = dict(rig.checker.checked)
            rig.wait_for(
                lambda old=before: all(
                    rig.checker.checked[topic] >= old.get(topic, 0) + FRAMES // 30
                    for topic in TOPICS
                ),
                'frames on all topics',
            )
        assert not rig.checker.wrong, rig.checker.texts
