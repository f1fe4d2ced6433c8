"""Kill workers and drivers of runs on Ray, and compare what they leave: see fleet_check."""

from __future__ import annotations

import os
from pathlib import Path
import random
import shutil
import signal
import subprocess
import time
from typing import Optional, Sequence

from fleet_runs import differences, files_of, finish, frames_in, start, tree, WAYS

WORKER = 'ray::_Worker'
"""How Ray titles the processes of `fleet.ray_tasks`."""
POLL_S = 0.05
ENDED_S = 120.0
"""After the last death; programs of Ray look for their dead server for a minute."""


class Kills:
    """
    Runs that lose workers or their driver at random moments.

    Args:
        folder: for results.
        bags: recordings.
        ray: arguments that make the command one on Ray; a test has others.
        others: arguments of `monodepth predict`.
        seed: of the moments.

    Attributes:
        seconds: of an unbroken run by way, here and on Ray.
        runs: what came of each run.
        kills: for each what was killed, in which run and when.

    """

    def __init__(
        self,
        folder: Path,
        bags: Sequence[Path],
        ray: Sequence[str],
        others: Sequence[str],
        seed: int = 0,
    ) -> None:
        self._folder, self._bags, self._ray, self._others = folder, bags, ray, others
        self._chance = random.Random(seed)
        self.seconds: dict[str, dict[str, float]] = {}
        self.runs: list[dict] = []
        self.kills: list[dict] = []
        self._orphans: dict[int, str] = {}

    def reference(self, way: str) -> Path:
        """Return the folder of the run without Ray."""
        return self._folder / f'{way}_here'

    def run_unbroken(self, way: str) -> None:
        """Make the reference, and the same on Ray."""
        self.seconds[way] = {'here': self._unbroken(way, self.reference(way), ())}
        out = self._folder / f'{way}_ray'
        self.seconds[way]['ray'] = self._unbroken(way, out, self._ray)
        self._judge(way, out, 'nobody', 0)

    def _unbroken(self, way, out, arguments):
        begun = time.monotonic()
        finish(self._start(way, out, arguments), out)
        return time.monotonic() - begun

    def _start(self, way, out, arguments) -> subprocess.Popen:
        others = self._others if WAYS[way][0] == 'predict' else ()
        return start(way, self._bags, out, *arguments, *others)

    def _judge(self, way, out, victim, kills):
        """Compare a run with the reference, note it, and remove its files."""
        expected, found = (frames_in(way, folder) for folder in (self.reference(way), out))
        different = differences(self.reference(way), out)
        self.runs.append(
            {
                'way': way,
                'killed': victim,
                'kills': kills,
                'frames': len(found),
                'lost': len(set(expected) - set(found)),
                'twice': len(found) - len(set(found)),
                'files': len(files_of(out)),
                'different': different,
            }
        )
        shutil.rmtree(out)

    def kill(self, way: str, victim: str, count: int) -> int:
        """Kill up to so often in one run, compare what comes of it; return how often."""
        out = self._folder / f'{way}_{victim}{len(self.runs)}'
        kill_in = {'worker': self._kill_workers, 'driver': self._kill_driver}[victim]
        done = kill_in(way, out, count)
        self._judge(way, out, victim, done)
        return done

    def _kill_workers(self, way, out, count) -> int:
        """Kill workers of one run; return how many."""
        begun = time.monotonic()
        process = self._start(way, out, self._ray)
        moments = sorted(self._chance.uniform(0, self.seconds[way]['ray']) for _ in range(count))
        done = 0
        for moment in moments:
            while time.monotonic() < begun + moment and process.poll() is None:
                time.sleep(POLL_S)
            if pid := self._worker(process):
                os.kill(pid, signal.SIGKILL)
                done += 1
                self._note(way, 'worker', begun, out)
        finish(process, out)
        return done

    def _worker(self, process) -> Optional[int]:
        """Return one of the workers, once there is one; None where the run ends before."""
        while process.poll() is None:
            found = [n for n, p in tree(process.pid).items() if p.title.startswith(WORKER)]
            if found:
                return self._chance.choice(found)
            time.sleep(POLL_S)
        return None

    def _kill_driver(self, way, out, count) -> int:
        """Kill the driver of one run and start it again, so often; return how often."""
        # On average the kills are spread over the run, however many there are.
        work_s = self.seconds[way]['ray'] / count
        done = 0
        while done < count:
            begun = time.monotonic()
            process = self._start(way, out, self._ray)
            if self._chance.random() < 2 / 3:
                self._wait_for_work(process, out)
            try:
                process.wait(self._chance.uniform(0, work_s))
            except subprocess.TimeoutExpired:
                self._end_driver(process)
                done += 1
                self._note(way, 'driver', begun, out)
                continue
            finish(process, out)
            return done
        finish(self._start(way, out, self._ray), out)
        return done

    def _wait_for_work(self, process, out):
        """Wait until a life has written something, or has ended."""
        before = files_of(out)
        while process.poll() is None and files_of(out) <= before:
            time.sleep(POLL_S)

    def _end_driver(self, process):
        """Kill the driver; the next life begins at once, whatever is left of this one."""
        below = tree(process.pid)
        process.kill()
        process.wait()
        del below[process.pid]
        self._orphans.update({pid: found.title for pid, found in below.items()})

    def left_over(self) -> list[str]:
        """Return the titles of processes that outlive their driver by more than `ENDED_S`."""
        deadline = time.monotonic() + ENDED_S
        while (left := self._alive()) and time.monotonic() < deadline:
            time.sleep(POLL_S)
        return left

    def _alive(self):
        found = {pid: tree(pid).get(pid) for pid in self._orphans}
        return [p.title for pid, p in found.items() if p and p.title == self._orphans[pid]]

    def _note(self, way, victim, begun, out):
        moment = {'after_s': round(time.monotonic() - begun, 2), 'files': len(files_of(out))}
        self.kills.append({'run': len(self.runs), 'way': way, 'killed': victim, **moment})


def summarise(kills: Kills, frames: int) -> dict:
    """Return the figures, and under 'broken' what is not as in the run without Ray."""
    broken = [
        f'{run["way"]}, {run["killed"]} killed: {run["different"] or run}'
        for run in kills.runs
        if run['different'] or run['lost'] or run['twice'] or run['frames'] != frames
    ]
    left = kills.left_over()
    return {
        'runs': kills.runs,
        'unbroken_run_s': kills.seconds,
        'worker_kills': sum(kill['killed'] == 'worker' for kill in kills.kills),
        'driver_kills': sum(kill['killed'] == 'driver' for kill in kills.kills),
        'processes_left': len(left),
        'broken': broken + [f'outlived its driver: {title}' for title in left],
        'each': kills.kills,
    }
