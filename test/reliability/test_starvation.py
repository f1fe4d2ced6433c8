"""Where the cores are taken, output is late, but of the newest image, and nothing grows."""

import os
import signal

import footprint
import pytest
from rig import Rig
from scenario import busy_cores

DEPTH = 'depth/image_rect'
SIDE = 256
"""Network input in pixels; taking an image in is quicker than what the network does with it."""
SIZE = (640, 480)
IMAGES = 120
"""110 MB of images of that size."""
ROOM_MB = 40.0
"""The few images that may wait, beside what the allocator keeps."""


@pytest.fixture
def rig(ros, rig_folder):
    """Return a running node to which the last image of all is never lost."""
    parameters = {'input_reliability': 'reliable'}
    with Rig(rig_folder, ('',), parameters, (DEPTH,), SIDE, keeps_order=True) as rig:
        rig.cameras[0].size = SIZE
        rig.wait_for_output()
        yield rig


def flood(rig):
    """Send images faster than they can be taken, then stop, and wait for the last one's depth."""
    camera, rig.period = rig.cameras[0], 0.002
    last = camera.count + IMAGES
    rig.wait_for(lambda: camera.count >= last, 'images are sent')
    camera.is_on = False
    rig.wait_for(lambda: rig.checker.newest[''] == camera.count - 1, 'depth of the newest image')


def test_late_but_newest_on_busy_cores(rig):
    with busy_cores():
        flood(rig)  # Buffers come to their size.
        rig.cameras[0].is_on = True
        before, first = footprint.of_process(rig.process.pid), len(rig.checker.depths[''])
        flood(rig)
        after = footprint.of_process(rig.process.pid)
    assert not rig.checker.wrong, rig.checker.texts
    assert len(rig.checker.depths['']) - first < IMAGES, 'what is old was left out'
    assert after['rss_mb'] - before['rss_mb'] < ROOM_MB
    assert after['threads'] == before['threads']
    assert after['descriptors'] == before['descriptors']


def test_newest_after_a_stop(rig):
    """With no time at all, images pile up before the node; few of them come out of it."""
    camera, before = rig.cameras[0], len(rig.checker.depths[''])
    os.kill(rig.process.pid, signal.SIGSTOP)
    try:
        first = camera.count
        rig.period = 0.01
        rig.wait_for(lambda: camera.count >= first + IMAGES, 'images are sent')
        camera.is_on = False
    finally:
        os.kill(rig.process.pid, signal.SIGCONT)
    rig.wait_for(lambda: rig.checker.newest[''] == camera.count - 1, 'depth of the newest image')
    assert not rig.checker.wrong, rig.checker.texts
    # One in hand, one in the mailbox, one in the middleware; and what came while it woke up.
    assert len(rig.checker.depths['']) - before < IMAGES // 4
