"""How fast frames come, here and on Ray, and what a frame costs whom: see fleet_check."""

from __future__ import annotations

from pathlib import Path
import shutil
from statistics import median
import subprocess
import time
from typing import Callable, Sequence

from fleet_kills import WORKER
from fleet_runs import finish, start, tree
import numpy as np

WAY = 'files'
"""Each frame has a file of its own, whose time says when it was done."""
LOCAL_WORKER = 'multiprocessing'
"""In the command line of a worker process of this machine."""
WARM = 0.25
"""Share of the frames after which all workers are in full swing."""
SAMPLE_S = 0.2
ROLES = ('driver', 'workers', 'ray')


class Used:
    """
    CPU seconds of a process and all below it over time, by what they are.

    Args:
        process: the driver.

    """

    def __init__(self, process: subprocess.Popen) -> None:
        self._driver = process.pid
        self._workers: set[int] = set()
        self._latest: dict[int, float] = {}
        self._samples: list[tuple[float, dict[int, float]]] = []
        while process.poll() is None:
            self._take()
            time.sleep(SAMPLE_S)

    def _take(self):
        for pid, (title, cpu_s) in tree(self._driver).items():
            self._latest[pid] = cpu_s
            # Ray changes the titles of its processes as they come to work and end it.
            if title.startswith(WORKER) or LOCAL_WORKER in title:
                self._workers.add(pid)
        self._samples.append((time.time(), dict(self._latest)))

    def _role(self, pid):
        if pid == self._driver:
            return 'driver'
        return 'workers' if pid in self._workers else 'ray'

    def between(self, begin: float, end: float) -> dict[str, float]:
        """Return what each role has used between two times, in seconds."""
        times, samples = zip(*self._samples)
        found = dict.fromkeys(ROLES, 0.0)
        for pid in self._latest:
            used = [sample.get(pid, 0.0) for sample in samples]
            first, last = np.interp((begin, end), times, used)
            found[self._role(pid)] += float(last - first)
        return found


def measure(bags: Sequence[Path], out: Path, arguments: Sequence[str]) -> dict:
    """
    Run the command once; return its figures.

    `start_s` until the first frame is done, `per_second` of the frames after `WARM` of them, and
    `cpu_ms` a frame of those by role.
    """
    begun = time.time()
    process = start(WAY, bags, out, *arguments)
    used = Used(process)
    finish(process, out)
    done = sorted(path.stat().st_mtime for path in out.glob('*_depth.png'))
    shutil.rmtree(out)
    first = int(WARM * len(done))
    count = len(done) - 1 - first
    seconds = used.between(done[first], done[-1])
    return {
        'start_s': done[0] - begun,
        'per_second': count / (done[-1] - done[first]),
        'cpu_ms': {role: 1e3 * value / count for role, value in seconds.items()},
    }


def compare(
    bags: Sequence[Path],
    folder: Path,
    ways: dict[str, Sequence[str]],
    rounds: int,
    report: Callable[[str], None],
    warm_ups: int = 1,
) -> dict:
    """
    Run several commands in turn, forwards and backwards.

    Args:
        bags: recordings.
        folder: for results.
        ways: arguments by name.
        rounds: how often each.
        report: is told what was measured.
        warm_ups: runs of each before, which do not count.

    Returns:
        By name the medians, and under 'each' all figures.

    """
    found: dict[str, list[dict]] = {name: [] for name in ways}
    for number in range(-warm_ups, rounds):
        for name in list(ways)[:: 1 if number % 2 else -1]:
            figures = measure(bags, folder / 'speed', ways[name])
            report(f'{name}: {figures}')
            if number >= 0:
                found[name].append(figures)
    return {name: _medians(each) for name, each in found.items() if each}


def _medians(each):
    result = {key: median(f[key] for f in each) for key in ('start_s', 'per_second')}
    cpu = {role: median(f['cpu_ms'][role] for f in each) for role in ROLES}
    return {**result, 'cpu_ms': cpu, 'each': each}
