"""The worker's threads: newest frames first, batches by size, order kept, failures told."""

import threading
from types import SimpleNamespace

from bench import wait_until
from monodepth_ros.ros.worker import PIPELINE_DEPTHS, Task, Worker
import pytest

SIZE = (32, 64, 3)


class Recorder:
    """A source of frames that notes what is done with them, and waits or fails when told."""

    def __init__(self, name='a'):
        self.name, self.halted = name, False
        self.done, self.refused, self.replaced, self.failures = [], [], [], []
        self.bad = {}
        self.finishing = threading.Semaphore(0)
        self.may_finish = threading.Event()
        self.may_finish.set()

    def task(self, message, size=SIZE):
        return Task(self, (message, size))

    def refuses(self, task):
        if self.halted:
            self.refused.append(task.message[0])
        return self.halted

    def prepare(self, task):
        message, size = task.message
        if error := self.bad.get(('prepare', message)):
            raise error
        task.prepared = SimpleNamespace(shapes=(size, None), of=message)

    def finish(self, task, raw, index):
        self.finishing.release()
        assert self.may_finish.wait(20)
        if error := self.bad.get(('finish', task.message[0])):
            raise error
        assert raw[index] == task.message[0]
        self.done.append(task.message[0])

    def superseded(self, task):
        self.replaced.append(task.message[0])

    def failed(self, task, error):
        self.failures.append((task.message[0], error))


class Network:
    """Give for a batch the messages of its frames; wait or fail when told."""

    def __init__(self):
        self.batches = []
        self.begun = threading.Semaphore(0)
        self.gate = threading.Event()
        self.gate.set()
        self.bad, self.error = set(), ValueError('no good')

    def __call__(self, batch):
        messages = [prepared.of for prepared in batch]
        assert len({prepared.shapes for prepared in batch}) == 1
        self.batches.append(messages)
        self.begun.release()
        assert self.gate.wait(20)
        if self.bad & set(messages):
            raise self.error
        return messages

    def hold(self):
        self.gate.clear()

    def wait(self, count=1):
        for _ in range(count):
            assert self.begun.acquire(timeout=20)


@pytest.fixture
def camera():
    return Recorder()


@pytest.fixture
def network():
    return Network()


@pytest.fixture(params=PIPELINE_DEPTHS)
def worker(request, network, camera):
    worker = Worker(network, request.param)
    yield worker
    network.gate.set()
    camera.may_finish.set()
    assert worker.stop(20)


def send(worker, camera, *messages):
    """Submit frames, each after the one before is through."""
    for message in messages:
        ended = len(camera.done) + len(camera.failures)
        worker.submit(camera.task(message))
        wait_until(lambda n=ended: len(camera.done) + len(camera.failures) > n, message)


def test_newest_frame_replaces_those_that_wait(worker, network, camera):
    network.hold()
    worker.submit(camera.task(1))
    network.wait()
    for message in (2, 3, 4):
        worker.submit(camera.task(message))
    wait_until(lambda: set(camera.replaced) == {2, 3}, 'replacement')
    network.gate.set()
    wait_until(lambda: len(camera.done) == 2, 'frames')
    assert camera.done == [1, 4]
    assert network.batches == [[1], [4]]


def test_frames_that_are_ready_go_through_the_network_together(worker, network, camera):
    other, third = Recorder('b'), Recorder('c')
    network.hold()
    worker.submit(camera.task(0))
    network.wait()
    # Of the other size, it goes by itself; nobody waits for the third camera's second frame.
    for source, message, size in (
        (other, 'b1', SIZE),
        (third, 'c1', (64, 64, 3)),
        (camera, 'a1', SIZE),
    ):
        worker.submit(source.task(message, size))
    if worker._threads[1:]:
        wait_until(lambda: len(worker._prepared._items) == 3, 'prepared frames')
    network.gate.set()
    wait_until(lambda: camera.done == [0, 'a1'] and other.done and third.done, 'all frames')
    assert network.batches == [[0], ['b1', 'a1'], ['c1']]


def test_a_camera_that_sends_nothing_holds_nobody_back(worker, network, camera):
    other = Recorder('b')
    send(worker, other, 'b1')
    send(worker, camera, *range(5))
    assert camera.done == [0, 1, 2, 3, 4] and other.done == ['b1']


@pytest.mark.parametrize('stage', ['prepare', 'finish'])
def test_one_cameras_failure_is_not_the_others(worker, network, camera, stage):
    other, error = Recorder('b'), ValueError('no good')
    other.bad[stage, 'b1'] = error
    network.hold()
    worker.submit(camera.task(0))
    network.wait()
    worker.submit(other.task('b1'))
    worker.submit(camera.task(1))
    network.gate.set()
    wait_until(lambda: camera.done == [0, 1] and other.failures, 'both frames')
    assert other.failures == [('b1', error)] and camera.failures == []


def test_a_failing_network_fails_the_whole_batch_and_goes_on(worker, network, camera):
    network.bad = {2}
    send(worker, camera, 1, 2, 3)
    assert camera.done == [1, 3]
    ((message, error),) = camera.failures
    assert message == 2 and str(error) == 'no good'


@pytest.mark.parametrize('error', [SystemExit(3), KeyboardInterrupt(), MemoryError()])
def test_no_error_ends_a_thread(worker, network, camera, error):
    camera.bad = {('prepare', 1): error, ('finish', 2): error}
    network.bad, network.error = {3}, error
    send(worker, camera, 1, 2, 3, 4)
    assert camera.done == [4]
    assert camera.failures == [(1, error), (2, error), (3, error)]


def test_a_source_that_halts_is_not_run(worker, network, camera):
    camera.halted = True
    worker.submit(camera.task(1))
    wait_until(lambda: camera.refused == [1], 'refusal')
    assert network.batches == [] and camera.done == []


def test_a_source_may_halt_while_a_frame_waits_for_the_network(worker, network, camera):
    network.hold()
    worker.submit(camera.task(1))
    network.wait()
    worker.submit(camera.task(2))
    camera.halted = True
    network.gate.set()
    wait_until(lambda: camera.refused == [2], 'refusal')
    assert network.batches == [[1]] and camera.done == [1]


def test_stop_finishes_the_frame_in_hand_and_forgets_the_next(worker, network, camera):
    network.hold()
    worker.submit(camera.task('in hand'))
    network.wait()
    worker.submit(camera.task('next'))
    assert not worker.stop(0)
    assert worker.is_alive
    network.gate.set()
    assert worker.stop(20)
    assert not worker.is_alive
    assert camera.done == ['in hand'] and camera.failures == []


def test_a_frame_that_was_left_behind_fails_in_silence(worker, network, camera):
    network.bad = {'bad'}
    network.hold()
    worker.submit(camera.task('bad'))
    network.wait()
    assert not worker.stop(0.01)
    network.gate.set()
    assert worker.stop(20)
    assert camera.failures == []


def test_times_of_the_network_are_noted(worker, network, camera):
    task = camera.task(1)
    worker.submit(task)
    wait_until(lambda: camera.done == [1], 'the frame')
    assert task.stopwatch.seconds['engine'] > 0


def test_depth_2_works_on_three_frames_at_once(network, camera):
    worker = Worker(network, 2)
    camera.may_finish.clear()
    worker.submit(camera.task(1))
    assert camera.finishing.acquire(timeout=20)
    # While the first is being finished, the second is in the network, and the third is prepared.
    network.hold()
    network.wait()
    worker.submit(camera.task(2))
    network.wait()
    worker.submit(camera.task(3))
    wait_until(lambda: worker._prepared._items, 'a prepared frame')
    assert camera.done == [] and network.batches == [[1], [2]]
    network.gate.set()
    camera.may_finish.set()
    wait_until(lambda: len(camera.done) == 3, 'all frames')
    assert camera.done == [1, 2, 3]
    assert worker.stop(20)


def test_depth_2_runs_the_network_no_further_ahead_than_one_frame(network, camera):
    worker = Worker(network, 2)
    camera.may_finish.clear()
    for message in (1, 2):
        worker.submit(camera.task(message))
        network.wait()
    # While 1 is being finished, 2 has been through; what comes now waits, the newest only.
    for message in (3, 4, 5):
        worker.submit(camera.task(message))
    wait_until(lambda: len(camera.replaced) == 2, 'the newest')
    assert network.batches == [[1], [2]]
    camera.may_finish.set()
    wait_until(lambda: len(camera.done) == 3, 'all frames')
    assert camera.done == [1, 2, 5]
    assert worker.stop(20)
