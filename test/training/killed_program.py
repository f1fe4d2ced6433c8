"""Live a training run many times over, each life ended by SIGKILL, until one reaches the end.

Arguments: data folder, run folder, changes of the configuration (JSON). Prints one JSON object:
how many lives were killed at a write, how many at a random moment, and which steps they began at.
"""

from contextlib import suppress
import importlib
import json
import os
from pathlib import Path
import random
import signal
import sys
import time

from monodepth_ros.training import trainer as module
import torch
from training_kit import make_trainer, register_tiny_network

WRITES = ('fsync', 'replace', 'unlink')
AT_WRITES = (1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 13, 16, 19, 23, 28)
"""Life n is killed as it comes to its AT_WRITES[n]th write; early ones begin the run's files."""
RANDOM_KILLS = 6
LONGEST_LIFE = 0.3
"""Seconds, from the moment when a life resumes or begins."""


def die_at(count):
    """Kill this process as it is about to do its write number `count`."""
    left = [count]

    def counted(function):
        def call(*arguments, **options):
            left[0] -= 1
            if left[0] == 0:
                os.kill(os.getpid(), signal.SIGKILL)
            return function(*arguments, **options)

        return call

    for name in WRITES:
        setattr(os, name, counted(getattr(os, name)))


def live(data, out, changes, writes=None):
    """Train in a child process; return its process id, and a pipe that tells where it begins."""
    reader, writer = os.pipe()
    child = os.fork()
    if child:
        os.close(writer)
        return child, os.fdopen(reader)
    trainer = make_trainer(data, out, **changes)
    if writes:
        die_at(writes)
    step = trainer.resume() if trainer.files.state.exists() else 0
    os.write(writer, f'{step}\n'.encode())
    trainer.run()
    os._exit(0)


def was_killed(child):
    status = os.waitpid(child, 0)[1]
    if os.WIFSIGNALED(status):
        return os.WTERMSIG(status) == signal.SIGKILL
    assert os.WEXITSTATUS(status) == 0, 'a life failed'
    return False


def live_often(data, out, changes):
    """Return how many lives ended at a write and at random, and the steps they began at."""
    began, chance = [], random.Random(0)
    counts = {'at_writes': 0, 'at_random': 0}
    for writes in AT_WRITES:
        child, pipe = live(data, out, changes, writes)
        with pipe:
            began.append(int(pipe.readline()))
        counts['at_writes'] += was_killed(child)
    for _ in range(RANDOM_KILLS):
        child, pipe = live(data, out, changes)
        with pipe:
            began.append(int(pipe.readline()))
        time.sleep(chance.uniform(0.0, LONGEST_LIFE))
        os.kill(child, signal.SIGKILL)
        counts['at_random'] += was_killed(child)
    child, pipe = live(data, out, changes)
    with pipe:
        began.append(int(pipe.readline()))
    assert not was_killed(child)
    return {**counts, 'began': began}


def main():
    data, out, changes = Path(sys.argv[1]), Path(sys.argv[2]), json.loads(sys.argv[3])
    torch.set_num_threads(1)
    register_tiny_network()
    module.SAVE_SECONDS = -1.0  # a state every step
    # What is imported late is imported here, once for all lives.
    torch.optim.AdamW([torch.nn.Parameter(torch.zeros(1))])
    with suppress(ImportError):
        importlib.import_module('torch.utils.tensorboard')
    print(json.dumps(live_often(data, out, changes)))


if __name__ == '__main__':
    main()
