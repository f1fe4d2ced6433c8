"""Kill the node again and again, while it starts and while it serves, and time its return."""

from contextlib import suppress
import fcntl
import os
from pathlib import Path
import random
import signal
import statistics
import time

from node_process import NodeProcess, REAL

LIMIT_S = 20.0
"""Within this a node that was killed serves again."""
FIRST_LIMIT_S = 180.0
"""The first start may compile the network, which later ones find in the cache."""
SERVING_S = 1.0
"""A node that serves is left alone at most as long."""
SHARED_MEMORY = Path('/dev/shm')


def is_left_over(segment, folder=SHARED_MEMORY):
    """Return whether a segment's file is there without a process that owns it."""
    try:
        with open(folder / f'{segment}_el') as lock:
            fcntl.flock(lock, fcntl.LOCK_SH | fcntl.LOCK_NB)
            return (folder / segment).exists()
    except FileNotFoundError:
        return (folder / segment).exists()
    except BlockingIOError:
        return False


def make_old(segments, folder=SHARED_MEMORY):
    """Have segments look as if nobody had made them just now."""
    for segment in segments:
        with suppress(FileNotFoundError):  # others may remove them at any time
            os.utime(folder / f'{segment}_el', (time.time() - 60.0,) * 2)


class NodeKills:
    """
    A node that is killed, started and watched by turns.

    Attributes:
        kills: for each its moment and phase, and the seconds until the next node served.
        owned: shared-memory segments of all killed nodes.
        most_left_over: how many of them were left when the next node served, at most.

    """

    def __init__(self, folder, witness, program=REAL, seed=0):
        self._log = folder / 'node.log'
        self._witness = witness
        self._program = program
        self._chance = random.Random(seed)
        self._node = None
        self.kills = []
        self.owned = set()
        self.most_left_over = 0
        self._start_s = self._start_and_time(FIRST_LIMIT_S)
        assert self._start_s, f'the node does not serve: {self._log.read_text()}'

    def _start(self):
        self._node = NodeProcess(self._log, *self._witness.arguments, program=self._program)

    def _start_and_time(self, limit=LIMIT_S):
        """Start a node; return the seconds until the first depth, None where there is none."""
        stamp, begun = time.time_ns(), time.monotonic()
        self._start()
        at = self._witness.first_since(stamp, limit)
        return None if at is None else at - begun

    def _kill(self):
        self.owned |= self._node.segments()
        assert self._node.process.poll() is None, self._log.read_text()
        self._node.process.send_signal(signal.SIGKILL)
        assert self._node.process.wait() == -signal.SIGKILL

    def kill_once(self):
        """Kill the node, every second one before it serves, and start the next."""
        phase = ('serving', 'starting')[len(self.kills) % 2]
        if phase == 'starting':
            self._kill()
            self._start()
            moment = self._chance.uniform(0.0, self._start_s)
        else:
            moment = self._chance.uniform(0.0, SERVING_S)
        time.sleep(moment)
        self._kill()
        seconds = self._start_and_time()
        self._start_s = seconds or self._start_s
        self.most_left_over = max(self.most_left_over, len(self.left_over()))
        kill = {'phase': phase, 'after_s': moment, 'serves_after_s': seconds}
        if seconds is None:
            kill['log'] = self._log.read_text()
        self.kills.append(kill)

    def left_over(self):
        """Return which segments of killed nodes are still there, and theirs alone."""
        return sorted(segment for segment in self.owned if is_left_over(segment))

    def close(self):
        """End the last node; start one more, which removes what is left of the dead."""
        self._node.end(signal.SIGTERM)
        make_old(self.left_over())
        self._start_and_time()
        self._node.end(signal.SIGTERM)


def summarise(kills, wrong):
    """Return the figures, and under 'broken' the promises that were not kept."""
    times = [kill['serves_after_s'] for kill in kills.kills]
    served = [seconds for seconds in times if seconds is not None]
    left_over = kills.left_over()
    broken = []
    if len(served) < len(times):
        broken.append(f'{len(times) - len(served)} nodes did not serve within {LIMIT_S:g} s')
    if wrong:
        broken.append(f'{len(wrong)} depths of no image, or twice')
    if left_over:
        broken.append(f'{len(left_over)} shared-memory segments of dead nodes are left')
    return {
        'kills': len(times),
        'served': len(served),
        'serves_after_s_median': statistics.median(served) if served else None,
        'serves_after_s_max': max(served, default=None),
        'segments_watched': len(kills.owned),
        'segments_left_at_most': kills.most_left_over,
        'segments_left_at_the_end': len(left_over),
        'broken': broken,
    }
