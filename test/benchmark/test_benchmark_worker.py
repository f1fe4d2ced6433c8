"""A process of the benchmark is asked, answers, fails, ends, and is never left behind."""

import json
import os
import subprocess
import sys
import time

from monodepth_ros.benchmark import worker as module
from monodepth_ros.benchmark.worker import Worker
from monodepth_ros.errors import BenchmarkError
import pytest

pytest.importorskip('torch')

SERVER = """
import os, sys, time
from monodepth_ros.benchmark.serve import serve
def add(a, b):
    print('a library talks')
    os.system('echo so does a program')
    return {'sum': a + b}
def fail():
    raise ValueError('two' + chr(10) + 'lines')
def sleep():
    time.sleep(60)
sys.exit(serve({'add': add, 'fail': fail, 'die': lambda: os._exit(3), 'sleep': sleep}))
"""


@pytest.fixture
def worker(tmp_path, monkeypatch):
    """Return a worker that runs the program above."""
    folder = tmp_path / 'modules' / 'fake'
    folder.mkdir(parents=True)
    (folder / 'server.py').write_text(SERVER)
    real = module.Child
    monkeypatch.setattr(
        module,
        'Child',
        lambda name, command, *rest: real(
            name, [sys.executable, str(folder / 'server.py')], *rest
        ),
    )
    with Worker('server', tmp_path) as worker:
        yield worker


def is_running(pid):
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


def test_answers_hold_nothing_that_libraries_print(worker, tmp_path):
    assert worker.ask('add', a=1, b=2) == {'sum': 3}
    assert worker.ask('add', a=5, b=6) == {'sum': 11}
    log = next(tmp_path.glob('server_*.log')).read_text()
    assert 'a library talks' in log and 'so does a program' in log


def test_a_failure_is_one_line_and_not_the_end(worker):
    with pytest.raises(BenchmarkError, match='^ValueError: two lines$'):
        worker.ask('fail')
    assert worker.ask('add', a=1, b=1) == {'sum': 2}


def test_an_ended_process_is_noticed(worker):
    with pytest.raises(BenchmarkError, match='die: the process ended with exit status 3'):
        worker.ask('die')


def test_the_wait_can_be_ended_from_outside(worker):
    def check():
        raise BenchmarkError('the node is gone')

    with pytest.raises(BenchmarkError, match='the node is gone'):
        worker.ask('sleep', check)


def test_silence_ends_the_process(worker, monkeypatch):
    monkeypatch.setattr(module, 'ANSWER_LIMIT_S', 0.1)
    with pytest.raises(BenchmarkError, match='no answer in time'):
        worker.ask('sleep')
    assert not is_running(worker.pid)


def test_nothing_is_left_when_the_parent_is_killed(tmp_path):
    program = (
        'import json, sys, time\n'
        'from pathlib import Path\n'
        'from monodepth_ros.benchmark.worker import Worker\n'
        'worker = Worker("engine_process", Path(sys.argv[1]))\n'
        'worker.ask("known_networks")\n'
        'print(json.dumps(worker.pid), flush=True)\n'
        'time.sleep(60)\n'
    )
    parent = subprocess.Popen(
        [sys.executable, '-c', program, str(tmp_path)], stdout=subprocess.PIPE, text=True
    )
    pid = json.loads(parent.stdout.readline())
    assert is_running(pid)
    parent.kill()
    parent.wait()
    end = time.monotonic() + 20
    while is_running(pid):
        assert time.monotonic() < end, 'the worker lives on'
        time.sleep(0.05)
