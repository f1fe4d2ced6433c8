"""The worker thread: newest job first, failures counted, three in a row end it."""

import threading

from bench import wait_until
from monodepth_ros.errors import ConfigError, ImageError
from monodepth_ros.ros.diagnostics import Statistics
from monodepth_ros.ros.worker import FAILURES_TO_HALT, Worker
import pytest


class Recorder:
    """Process jobs by noting them; wait or fail when told."""

    def __init__(self):
        self.done = []
        self.begun = threading.Semaphore(0)
        self.gate = threading.Event()
        self.gate.set()

    def __call__(self, job):
        self.begun.release()
        assert self.gate.wait(20)
        if job == 'bad':
            raise ValueError('no good')
        if isinstance(job, Exception):
            raise job
        self.done.append(job)


@pytest.fixture
def recorder():
    return Recorder()


@pytest.fixture
def failures():
    return []


@pytest.fixture
def worker(recorder, failures):
    worker = Worker(recorder, Statistics(), failures.append)
    yield worker
    recorder.gate.set()
    assert worker.stop(20)


def counts(worker):
    return worker._statistics.report().counts


def run(worker, recorder, *jobs):
    for job in jobs:
        worker.submit(job)
        assert recorder.begun.acquire(timeout=20)


def test_newest_job_replaces_the_waiting_one(worker, recorder):
    recorder.gate.clear()
    run(worker, recorder, 1)
    for job in (2, 3, 4):
        worker.submit(job)
    recorder.gate.set()
    wait_until(lambda: len(recorder.done) == 2, 'jobs')
    assert recorder.done == [1, 4]
    assert counts(worker)['superseded'] == 2


def test_a_failure_is_counted_and_the_next_job_served(worker, recorder, failures):
    run(worker, recorder, 'bad', 'bad', 'good')
    wait_until(lambda: recorder.done == ['good'], 'the good job')
    run(worker, recorder, 'bad', 'bad', 'better')
    wait_until(lambda: recorder.done == ['good', 'better'], 'the better job')
    assert counts(worker)['inference_failed'] == 4 == len(failures)
    assert worker.halted == ''


def test_three_failures_in_a_row_end_the_output(worker, recorder, failures):
    run(worker, recorder, *['bad'] * FAILURES_TO_HALT)
    wait_until(lambda: len(failures) == FAILURES_TO_HALT, 'failures')
    assert 'ValueError: no good' in worker.halted and 'activate' in worker.halted
    worker.submit('good')
    assert counts(worker)['halted'] == 1
    assert recorder.done == []


@pytest.mark.parametrize(
    'error, reason',
    [(ImageError('corrupt_data', 'cut off'), 'corrupt_data'), (ConfigError('no'), 'bad_config')],
)
def test_what_is_not_the_networks_fault_never_ends_the_output(
    worker, recorder, failures, error, reason
):
    run(worker, recorder, *[error] * (FAILURES_TO_HALT + 1), 'good')
    wait_until(lambda: recorder.done == ['good'], 'the good job')
    assert counts(worker)[reason] == FAILURES_TO_HALT + 1
    assert counts(worker)['inference_failed'] == 0
    assert failures == [error] * (FAILURES_TO_HALT + 1)
    assert worker.halted == ''


def test_a_job_that_was_left_behind_fails_in_silence(recorder, failures):
    worker = Worker(recorder, Statistics(), failures.append)
    recorder.gate.clear()
    run(worker, recorder, 'bad')
    assert not worker.stop(0.01)
    assert worker.is_alive
    recorder.gate.set()
    assert worker.stop(20)
    assert not worker.is_alive
    assert failures == [] and counts(worker)['inference_failed'] == 0


def test_stop_finishes_the_job_in_hand_and_forgets_the_next(recorder):
    worker = Worker(recorder, Statistics(), print)
    recorder.gate.clear()
    run(worker, recorder, 'in hand')
    worker.submit('next')
    assert not worker.stop(0)
    recorder.gate.set()
    assert worker.stop(20)
    assert recorder.done == ['in hand']
