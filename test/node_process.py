"""The node as a process of its own, with its log, and the shared memory that it holds."""

import os
from pathlib import Path
import re
import signal
import subprocess
import sys
import time

from monodepth_ros.processes import leashed

TEST = Path(__file__).parent
FORMULA = (str(TEST / 'ros' / 'formula_node.py'),)
"""A formula in place of the network, which is there at once."""
REAL = ('-m', 'monodepth_ros.benchmark.ros.our_node')
"""What the executable runs."""
_SEGMENT_LOCK = re.compile(r'/dev/shm/(fast(?:dds|rtps)_[0-9a-f]{16})_el')
TIMEOUT = 30.0
CLOCK_TICK_S = 0.02
"""Files have the time of the kernel's last tick."""


def segments_of(pid, since):
    """Return the name of the segment of Fast DDS that a process owns, if made since then."""
    found = {}
    for link in Path(f'/proc/{pid}/fd').iterdir():
        try:
            name = _SEGMENT_LOCK.fullmatch(os.readlink(link))
            if name and link.stat().st_mtime >= since - CLOCK_TICK_S:
                found[int(link.name)] = name[1]
        except FileNotFoundError:  # closed meanwhile
            continue
    # It looks now and then whether others live, by their locks, but its own it has opened first.
    return {found[min(found)]} if found else set()


class NodeProcess:
    """A node process and its log."""

    def __init__(self, log, *arguments, program=FORMULA, environ=(), prefix=()):
        path = [str(TEST.parent), str(TEST), os.environ.get('PYTHONPATH', '')]
        self.log = log
        self._started = time.time()
        with log.open('w') as file:
            self.process = subprocess.Popen(
                leashed(
                    [*prefix, sys.executable, *program, '--ros-args', *arguments], signal.SIGKILL
                ),
                env={
                    **os.environ,
                    'PYTHONPATH': os.pathsep.join(path),
                    'PYTHONUNBUFFERED': '1',
                    **dict(environ),
                },
                stdout=file,
                stderr=subprocess.STDOUT,
            )

    def wait_for(self, condition, what, timeout=TIMEOUT):
        """Wait until something is true while the process runs."""
        deadline = time.monotonic() + timeout
        while not condition():
            text = self.log.read_text()
            assert self.process.poll() is None, f'ended before {what}: {text}'
            assert time.monotonic() < deadline, f'waited {timeout} s in vain for {what}: {text}'
            time.sleep(0.005)

    def wait_for_log(self, words):
        """Wait until the log has some words."""
        self.wait_for(lambda: words in self.log.read_text(), words)

    @property
    def catches_signals(self):
        """Whether it is so far that SIGTERM is its own to deal with (proc(5), SigCgt)."""
        status = Path(f'/proc/{self.process.pid}/status').read_text()
        mask = int(re.search(r'^SigCgt:\s*(\w+)', status, re.MULTILINE)[1], 16)
        return bool(mask >> (signal.SIGTERM - 1) & 1)

    def segments(self):
        """Return the names of the shared-memory segments of Fast DDS that it owns."""
        return segments_of(self.process.pid, self._started)

    def end(self, *signals):
        """Send signals and return the exit code."""
        for number in signals:
            self.process.send_signal(number)
        return self.process.wait(TIMEOUT)

    def kill(self):
        """Kill it as the kernel does where memory is short; twice is safe."""
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait(TIMEOUT)
