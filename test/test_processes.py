"""Child processes: a signal during the start of one is not lost; none outlives its parent."""

import os
from pathlib import Path
import signal
import subprocess
import sys
import time

from monodepth_ros.fleet.tasks import run_processes
from monodepth_ros.offline.runner import Pool
from monodepth_ros.processes import Child, leashed
import pytest

STARTS = """
import os, signal, sys, time
from pathlib import Path
from monodepth_ros.processes import Child

number, moments = int(sys.argv[1]), int(sys.argv[2])
signal.signal(number, signal.default_int_handler)
signal.signal(signal.SIGALRM, lambda *_: signal.raise_signal(number))
os.register_at_fork(before=lambda: print('such hooks swallow what a handler raises'))
heard, children = 0, []
for moment in range(1, moments + 1):
    try:
        signal.setitimer(signal.ITIMER_REAL, moment * 1e-4)
        command = ['sleep', sys.argv[3]]
        children.append(Child('sleeper', command, dict(os.environ), Path(os.devnull), None))
        time.sleep(1)
    except KeyboardInterrupt:
        heard += 1
print(heard)
"""


def processes_with(argument):
    """Return the ids of the processes that have an argument in their command line."""
    found = []
    for path in Path('/proc').glob('[0-9]*/cmdline'):
        try:
            if argument in path.read_text(errors='replace').split('\0'):
                found.append(int(path.parent.name))
        except OSError:  # gone meanwhile
            continue
    return found


def program_of(pid):
    """Return the name of the program that a process runs; empty where it has ended."""
    try:
        return Path(f'/proc/{pid}/comm').read_text().strip()
    except OSError:
        return ''


def wait_until(condition, seconds=20.0):
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.02)


@pytest.mark.parametrize('number', [signal.SIGINT, signal.SIGTERM])
def test_a_signal_during_the_start_is_not_lost(number):
    moments, seconds = 40, f'{600 + number}.{os.getpid()}'
    arguments = [str(int(number)), str(moments), seconds]
    environ = {**os.environ, 'PYTHONPATH': str(Path(__file__).parents[1])}
    command = [sys.executable, '-c', STARTS, *arguments]
    done = subprocess.run(command, env=environ, capture_output=True, text=True, timeout=60)
    assert (done.stdout.strip(), done.returncode) == (str(moments), 0), done.stderr
    wait_until(lambda: not processes_with(seconds))


@pytest.mark.parametrize(
    ('number', 'command'),
    [
        (signal.SIGTERM, ['sleep']),
        (signal.SIGKILL, ['sh', '-c', "trap '' TERM; while sleep 0.1; do :; done", 'sh']),
    ],
)
def test_a_leashed_process_ends_with_its_parent(number, command):
    mark = f'{700 + number}.{os.getpid()}'
    program = f"""
import subprocess, sys
from monodepth_ros.processes import leashed
child = subprocess.Popen(leashed({[*command, mark]}, {int(number)}))
print('started', flush=True)
sys.stdin.read()
"""
    environ = {**os.environ, 'PYTHONPATH': str(Path(__file__).parents[1])}
    pipes = {'stdin': subprocess.PIPE, 'stdout': subprocess.PIPE}
    with subprocess.Popen([sys.executable, '-c', program], env=environ, **pipes) as parent:
        parent.stdout.readline()
        wait_until(lambda: any(program_of(pid) == command[0] for pid in processes_with(mark)))
        parent.kill()
    wait_until(lambda: not processes_with(mark))


def test_nothing_starts_after_the_parent_has_ended(tmp_path):
    command = leashed(['touch', str(tmp_path / 'file')])
    parent = command.index(str(os.getpid()))
    assert subprocess.run(command).returncode == 0 and (tmp_path / 'file').exists()
    (tmp_path / 'file').unlink()
    command[parent] = '1'  # an orphan's parent, but not this one's
    assert subprocess.run(command).returncode == 0 and not (tmp_path / 'file').exists()


def test_signals_that_python_ignores_are_not_ignored():
    done = subprocess.run(leashed(['cat', '/proc/self/status']), capture_output=True, text=True)
    ignored = next(line for line in done.stdout.splitlines() if line.startswith('SigIgn'))
    python_s = 1 << (signal.SIGPIPE - 1) | 1 << (signal.SIGXFSZ - 1)
    assert int(ignored.split()[1], 16) & python_s == 0


def test_a_leash_becomes_the_command(tmp_path):
    program = 'import os, sys; print(os.getpid(), *sys.argv[1:]); sys.exit(7)'
    command = leashed([sys.executable, '-c', program, 'a b', '--c'])
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    assert process.communicate()[0] == f'{process.pid} a b --c\n'
    assert process.returncode == 7


def test_last_words_of_a_program_that_is_not_there(tmp_path):
    child = Child('ghost', ['no-such-program'], dict(os.environ), tmp_path / 'log', None)
    wait_until(lambda: child.ended)
    expected = 'exit status 1; its last words: no-such-program: No such file or directory'
    assert child.last_words() == expected


def test_a_child_is_stopped(tmp_path):
    child = Child('sleeper', ['sleep', '60'], dict(os.environ), tmp_path / 'log', None)
    assert not child.ended
    child.stop(20.0)
    child.stop(20.0)
    assert child.ended and child.last_words() == 'signal 15'


class Waits:
    """A worker of each kind of pool; it marks that it is there, and then has much to do."""

    def __init__(self, mark):
        self.mark = mark

    def __call__(self):
        Path(self.mark).write_text(str(os.getpid()))
        time.sleep(3600)

    run = __call__


class Once:
    """A source of one job."""

    def jobs(self):
        return [None]


def run_pool(kind, mark):
    if kind == 'predict':
        with Pool(Waits(mark), 2) as pool:
            list(pool.results([(Once(), None)]))
    list(run_processes(Waits(mark), [None], 2))


@pytest.mark.parametrize('kind', ['predict', 'dataset'])
def test_workers_end_with_a_parent_that_is_killed(kind, tmp_path):
    mark = tmp_path / 'worker'
    code = f'import test_processes as t; t.run_pool({kind!r}, {str(mark)!r})'
    environ = {**os.environ, 'PYTHONPATH': os.pathsep.join(sys.path)}
    with subprocess.Popen([sys.executable, '-c', code], env=environ) as parent:
        wait_until(lambda: mark.exists() and mark.read_text(), 120.0)
        worker = int(mark.read_text())
        assert program_of(worker)
        parent.kill()
    wait_until(lambda: not program_of(worker), 60.0)
