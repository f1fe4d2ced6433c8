"""Kill a training run at random moments, resume it, and compare its end with an unbroken one's."""

import json
import os
from pathlib import Path
import random
import signal
import subprocess
import sys
import time

from monodepth_ros.processes import leashed
from safetensors.numpy import load_file
from tiny_folder import write_tiny_folder

ROOT = Path(__file__).parents[2]
PROGRAM = Path(__file__).parent / 'killed_training.py'
CONFIG = """
network: dual_efficientnet_lite0
options: {widths: [8, 8, 8, 8]}
dataset: folder
held_out: 2
width: 64
height: 64
batch_size: 2
precision: float32
validate_every: 5
augment: {max_zoom: 1.3, flip: 0.5, brightness: 0.2}
"""
WEIGHTS = ('state.safetensors', 'last.safetensors', 'best.safetensors')
RECORDS = ('steps.jsonl', 'history.jsonl')


class TrainingKills:
    """
    A training run that is killed at random moments and resumed until it ends.

    Attributes:
        whole: folder of the unbroken run.
        whole_s: seconds that the unbroken run took.
        kills: for each its run, phase and moment, and the steps that were done by then.
        differences: for each run what is not as in the unbroken one at the end.

    """

    def __init__(self, folder, epochs=8, seed=0):
        self._folder = folder
        self._epochs = epochs
        self._chance = random.Random(seed)
        self._data = write_tiny_folder(folder / 'data')
        self._config = folder / 'train.yaml'
        self._config.write_text(CONFIG)
        self.kills, self.differences = [], []
        begun = time.monotonic()
        self.whole = folder / 'whole'
        process = self._live(self.whole)
        self._wait_for_step(process, self.whole)
        self._start_s = time.monotonic() - begun
        assert process.wait() == 0, self._last_words()
        self.whole_s = time.monotonic() - begun

    def _live(self, out):
        resume = ['--resume'] if (out / 'state.safetensors').exists() else []
        path = os.pathsep.join([str(ROOT), os.environ.get('PYTHONPATH', '')])
        values = ['--root', self._data, '--out', out, '--epochs', self._epochs]
        with (self._folder / 'log').open('w') as log:
            return subprocess.Popen(
                leashed(
                    [sys.executable, PROGRAM, 'train', self._config]
                    + [*map(str, values), '--device', 'cpu', '--threads', '1', *resume],
                    signal.SIGKILL,
                ),
                env={**os.environ, 'PYTHONPATH': path, 'OMP_NUM_THREADS': '1'},
                stdout=log,
                stderr=subprocess.STDOUT,
            )

    def _wait_for_step(self, process, out):
        """Wait until a life has done a step, or ended."""
        done = _steps(out)
        while _steps(out) == done and process.poll() is None:
            time.sleep(0.01)

    def _end_or_kill(self, process, out, phase):
        """Kill a life at a random moment of a phase; return how, or None where it had ended."""
        if phase == 'training':
            self._wait_for_step(process, out)
            longest = self.whole_s - self._start_s
        else:
            longest = self._start_s
        moment = self._chance.uniform(0.0, longest)
        try:
            code = process.wait(moment)
        except subprocess.TimeoutExpired:
            process.send_signal(signal.SIGKILL)
            code = process.wait()
        if code == -signal.SIGKILL:
            return {'phase': phase, 'after_s': moment, 'step': _steps(out)}
        # It may also end by itself just before the signal.
        assert code == 0, self._last_words()
        return None

    def _last_words(self):
        return (self._folder / 'log').read_text()[-2000:]

    def run(self, kills, report=lambda: None):
        """Train to the end, killed at most so often on the way, and compare."""
        number = len(self.differences)
        out = self._folder / f'run{number}'
        for _ in range(kills):
            # Two of three while it trains: what begins and what goes on is at stake there.
            phase = self._chance.choice(('starting', 'training', 'training'))
            kill = self._end_or_kill(self._live(out), out, phase)
            if kill is None:
                break
            self.kills.append({'run': number, **kill})
            report()
        else:
            assert self._live(out).wait() == 0, self._last_words()
        self.differences.append(differences(self.whole, out))


def _steps(out):
    steps = out / 'steps.jsonl'
    return len(steps.read_bytes().splitlines()) if steps.exists() else 0


def differences(whole, broken):
    """Return the names of the files of two runs, or of arrays in them, that are not the same."""
    found = []
    for name in WEIGHTS:
        expected, arrays = load_file(whole / name), load_file(broken / name)
        found += [f'{name}: {key}' for key in expected.keys() ^ arrays.keys()]
        found += [
            f'{name}: {key}'
            for key in expected.keys() & arrays.keys()
            if expected[key].tobytes() != arrays[key].tobytes()
        ]
    for name in RECORDS:
        if (whole / name).read_text() != (broken / name).read_text():
            found.append(name)
    names = [sorted(p.name for p in folder.iterdir()) for folder in (whole, broken)]
    if names[0] != names[1]:
        found.append(json.dumps(names))
    return found


def summarise(kills):
    """Return the figures, and under 'broken' what ended otherwise."""
    broken = {run: found for run, found in enumerate(kills.differences) if found}
    return {
        'kills': len(kills.kills),
        'runs': len(kills.differences),
        'recovered': sum(kill['run'] not in broken for kill in kills.kills),
        'unbroken_run_s': kills.whole_s,
        'steps_when_killed': [kill['step'] for kill in kills.kills],
        'broken': [f'run {run} ends otherwise: {found}' for run, found in broken.items()],
    }
