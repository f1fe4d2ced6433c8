"""How long the node takes to end after a signal, in each phase of its life."""

from pathlib import Path
import random
import signal
import time

from faulty_node import HANGS
from node_kills import is_left_over
from node_process import NodeProcess, REAL

LIMIT_S = 2.0
"""Within this a node ends after SIGTERM or SIGINT."""
SIGNALS = (signal.SIGTERM, signal.SIGINT)
FAULTY = (str(Path(__file__).parent / 'faulty_node.py'),)
BAD_WORDS = ('Traceback', 'terminate', 'Fatal')


class SignalTimes:
    """Bring a node into a phase, send a signal and time its end."""

    PHASES = ('configuring', 'load_hangs', 'inferring', 'frame_hangs')

    def __init__(self, folder, witness, seed=0):
        self._log = folder / 'node.log'
        self._witness = witness
        self._chance = random.Random(seed)

    def _configuring(self):
        """Return the real node somewhere in its load."""
        node = NodeProcess(self._log, program=REAL)
        node.wait_for(lambda: node.catches_signals, 'signal handlers')
        time.sleep(self._chance.uniform(0.0, 1.5))
        return node

    def _load_hangs(self):
        node = NodeProcess(self._log, program=FAULTY, environ={HANGS: 'load'})
        node.wait_for_log('the load hangs')
        return node

    def _inferring(self):
        """Return the real node with frames in it, in any stage."""
        stamp = time.time_ns()
        node = NodeProcess(self._log, *self._witness.arguments, program=REAL)
        assert self._witness.first_since(stamp, 60), self._log.read_text()
        time.sleep(self._chance.uniform(0.0, 0.5))
        return node

    def _frame_hangs(self):
        arguments = self._witness.arguments
        node = NodeProcess(self._log, *arguments, program=FAULTY, environ={HANGS: 'frame'})
        node.wait_for_log('the frame hangs')
        return node

    def measure(self, phase, number):
        """
        Return seconds from the signal to the end, the exit code, and what is not as it should be.

        `segments_left` tells whether the middleware was taken down: shared memory left behind.
        `bad_words` are of the log.
        """
        node = getattr(self, f'_{phase}')()
        try:
            segments = node.segments()
            begun = time.monotonic()
            code = node.end(number)
            seconds = time.monotonic() - begun
            left_over = [segment for segment in segments if is_left_over(segment)]
        finally:
            node.kill()
        text = self._log.read_text()
        return {
            'phase': phase,
            'signal': number.name,
            'seconds': seconds,
            'exit_code': code,
            'segments_left': len(left_over),
            'bad_words': [word for word in BAD_WORDS if word in text],
        }


def summarise(ends):
    """Return the figures by phase, and under 'broken' the promises that were not kept."""
    phases = {}
    for end in ends:
        phases.setdefault(end['phase'], []).append(end['seconds'])
    broken = [
        f'{end["signal"]} while {end["phase"]}: {end["seconds"]:.2f} s, exit code '
        f'{end["exit_code"]}, in the log {end["bad_words"]}'
        for end in ends
        if end['seconds'] > LIMIT_S or end['exit_code'] or end['bad_words']
    ]
    return {
        'ends': len(ends),
        'segments_left': sum(end['segments_left'] for end in ends),
        'seconds_max': {phase: max(seconds) for phase, seconds in phases.items()},
        'broken': broken,
    }
