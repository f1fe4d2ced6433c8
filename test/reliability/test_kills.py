"""Camera, node and listener are killed and started again, and depth goes on."""

import fcntl
import os
from pathlib import Path
import signal
import subprocess
import sys
import time

from bench import wait_until
from monodepth_ros.processes import leashed
from node_kills import is_left_over, make_old, NodeKills, summarise
from node_process import FORMULA, NodeProcess, segments_of, TEST
import pytest
from witness import Witness

MORTAL = Path(__file__).parent / 'mortal.py'


class Chain:
    """A camera, a node and a listener, each a process of its own."""

    PARTS = ('camera', 'node', 'listener')

    def __init__(self, folder):
        self._folder = folder
        self._processes = {}
        self._since = time.time()
        self.dead = set()

    def start(self, *parts):
        """Start parts and return the time."""
        now = time.time_ns()
        for part in parts:
            if part == 'node':
                self._processes[part] = NodeProcess(self._log(part)).process
                continue
            path = os.pathsep.join([str(TEST.parent), str(TEST), str(TEST / 'ros')])
            with self._log(part).open('w') as log:
                self._processes[part] = subprocess.Popen(
                    leashed([sys.executable, MORTAL, part], signal.SIGKILL),
                    env={**os.environ, 'PYTHONPATH': path},
                    stdout=log,
                )
        return now

    def _log(self, part):
        return self._folder / f'{part}.log'

    def kill(self, *parts):
        """Kill parts at once; note what they held of shared memory."""
        for part in parts:
            self.dead |= segments_of(self._processes[part].pid, self._since)
            self._processes[part].kill()
        for part in parts:
            self._processes[part].wait()

    def wait_for_depth(self, since):
        """Wait until the listener has printed the stamp of an image sent since then."""
        log = self._log('listener')
        wait_until(
            lambda: any(int(stamp) > since for stamp in log.read_text().split('\n')[:-1]),
            self,
            90,
        )

    def __str__(self):
        """Return what waits in vain: each part's exit code and the end of its log."""
        ends = {name: process.poll() for name, process in self._processes.items()}
        return (
            f'depth, {[(name, ends[name], self._log(name).read_text()[-500:]) for name in ends]}'
        )

    def close(self):
        self.kill(*self._processes)


@pytest.fixture
def chain(tmp_path):
    chain = Chain(tmp_path)
    yield chain
    chain.close()


def test_each_part_may_be_killed_and_all_at_once(chain):
    chain.wait_for_depth(chain.start(*chain.PARTS))
    for part in chain.PARTS:
        chain.kill(part)
        chain.wait_for_depth(chain.start(part))
    # Nobody is left who could clean up, but the node does when it starts.
    chain.kill(*chain.PARTS)
    make_old(chain.dead)
    chain.wait_for_depth(chain.start(*chain.PARTS))
    assert len(chain.dead) == 6
    wait_until(lambda: not any(map(is_left_over, chain.dead)), 'the segments of the dead to go')


@pytest.fixture
def witness(ros):
    witness = Witness()
    yield witness
    witness.close()


def test_kills_of_the_node_alone(witness, tmp_path):
    kills = NodeKills(tmp_path, witness, FORMULA)
    for _ in range(2):
        kills.kill_once()
    kills.close()
    figures = summarise(kills, witness.wrong())
    assert figures['kills'] == figures['served'] == 2
    assert {kill['phase'] for kill in kills.kills} == {'serving', 'starting'}
    assert witness.depths and not witness.wrong()
    assert figures['segments_watched'] >= 2
    assert figures['segments_left_at_the_end'] == 0 and figures['broken'] == []


class Kills:
    """What `NodeKills` has found, made up."""

    def __init__(self, times=(1.0,), left=()):
        self.kills = [{'serves_after_s': seconds} for seconds in times]
        self.owned = set(left)
        self._left, self.most_left_over = left, len(left)

    def left_over(self):
        return sorted(self._left)


@pytest.mark.parametrize(
    'kills, wrong, words',
    [
        (Kills([1.0, 3.0, 2.0]), [], None),
        (Kills([1.0, None]), [], '1 nodes did not serve'),
        (Kills(left='ab'), [], '2 shared-memory segments'),
        (Kills(), [5], '1 depths of no image'),
    ],
)
def test_a_broken_promise_is_told(kills, wrong, words):
    figures = summarise(kills, wrong)
    assert len(figures['broken']) == (words is not None)
    assert words is None or words in figures['broken'][0]
    assert figures['serves_after_s_max'] == max(k['serves_after_s'] or 0 for k in kills.kills)


def test_the_witness_tells_of_wrong_depths(witness):
    wait_until(lambda: len(witness.sent) > 2, 'images')
    first, second = sorted(witness.sent)[:2]
    witness.depths[:] = [(first, 0.0), (second, 0.0), (second, 0.1), (12, 0.2)]
    assert witness.wrong() == [12, second]


def test_what_is_left_over(tmp_path):
    (tmp_path / 'a').write_bytes(b'')
    (tmp_path / 'a_el').write_bytes(b'')
    assert is_left_over('a', tmp_path) and not is_left_over('b', tmp_path)
    with (tmp_path / 'a_el').open() as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        assert not is_left_over('a', tmp_path)
    (tmp_path / 'a_el').unlink()
    assert is_left_over('a', tmp_path)
