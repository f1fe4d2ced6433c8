"""Segments of the dead go, those of the living and of others stay."""

import fcntl
import os
import subprocess
import sys
import time

from monodepth_ros.ros.shared_memory import remove_left_over_segments, SHARED_MEMORY
from node_process import segments_of
import pytest

OLD = 'fastdds_0123456789abcdef'


def write_segment(folder, name, age=60.0):
    """Write a segment and its lock, made so many seconds ago; return both paths."""
    paths = folder / name, folder / f'{name}_el'
    for path in paths:
        path.write_bytes(b'')
        os.utime(path, (time.time() - age,) * 2)
    return paths


@pytest.mark.parametrize('name', [OLD, 'fastrtps_00000000000000ff'])
def test_a_dead_process_s_segment_goes(tmp_path, name):
    write_segment(tmp_path, name)
    assert remove_left_over_segments(tmp_path) == 1
    assert list(tmp_path.iterdir()) == []


def test_a_lock_without_its_segment_goes(tmp_path):
    write_segment(tmp_path, OLD)[0].unlink()
    assert remove_left_over_segments(tmp_path) == 1
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize('name', ['fastdds_port7400', 'fastdds_0123', 'other_0123456789abcdef'])
def test_what_is_no_segment_stays(tmp_path, name):
    paths = write_segment(tmp_path, name)
    assert remove_left_over_segments(tmp_path) == 0
    assert all(path.exists() for path in paths)


@pytest.mark.parametrize('make', [os.mkfifo, lambda path: path.symlink_to('/dev/null')])
def test_what_is_no_file_stays_and_stops_nobody(tmp_path, make):
    lock = tmp_path / f'{OLD}_el'
    make(lock)
    assert remove_left_over_segments(tmp_path) == 0
    assert os.path.lexists(lock)


@pytest.mark.parametrize('kind', [fcntl.LOCK_EX, fcntl.LOCK_SH])
def test_a_living_process_s_segment_stays(tmp_path, kind):
    paths = write_segment(tmp_path, OLD)
    with paths[1].open() as file:
        fcntl.flock(file, kind)
        assert remove_left_over_segments(tmp_path) == 0
        assert all(path.exists() for path in paths)
    assert remove_left_over_segments(tmp_path) == 1


@pytest.mark.parametrize('age', [1.0, -60.0])
def test_a_young_one_stays_for_it_may_not_be_locked_yet(tmp_path, age):
    paths = write_segment(tmp_path, OLD, age)
    assert remove_left_over_segments(tmp_path) == 0
    assert all(path.exists() for path in paths)


def test_one_that_cannot_be_removed_keeps_nothing_else(tmp_path):
    stubborn, _ = write_segment(tmp_path, OLD)
    stubborn.unlink()
    stubborn.mkdir()
    write_segment(tmp_path, 'fastdds_00000000000000ff')
    assert remove_left_over_segments(tmp_path) == 1
    assert stubborn.exists()


def test_there_may_be_no_shared_memory_at_all(tmp_path):
    assert remove_left_over_segments(tmp_path / 'none') == 0


PROGRAM = """
import rclpy, sys
rclpy.init()
node = rclpy.create_node('mortal')
print('up', flush=True)
sys.stdin.read()
"""


@pytest.fixture
def mortals():
    """Return two processes that have joined the middleware, with the segments of each."""
    since = time.time()
    command = [sys.executable, '-c', PROGRAM]
    pipes = {'stdin': subprocess.PIPE, 'stdout': subprocess.PIPE}
    processes = [subprocess.Popen(command, **pipes) for _ in range(2)]
    try:
        assert [process.stdout.readline() for process in processes] == [b'up\n'] * 2
        yield [(process, segments_of(process.pid, since)) for process in processes]
    finally:
        for process in processes:
            process.kill()
            process.communicate()


def test_the_middlewares_own_segments(mortals):
    (dead, left_over), (_, in_use) = mortals
    assert left_over and in_use
    dead.kill()
    dead.wait()
    for name in left_over | in_use:
        lock = SHARED_MEMORY / f'{name}_el'
        if lock.exists():  # the survivor may have removed it
            os.utime(lock, (time.time() - 60.0,) * 2)
    remove_left_over_segments()
    there = {path.name for path in SHARED_MEMORY.iterdir()}
    assert in_use <= there and {f'{name}_el' for name in in_use} <= there
    assert not left_over & there and not {f'{name}_el' for name in left_over} & there
