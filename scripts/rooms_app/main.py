"""Make environment and assets, then render until the data set has its views."""

from __future__ import annotations

import argparse
from importlib.util import find_spec
import os
from pathlib import Path
import re
import signal
import subprocess
import sys
import time

from rooms_app import assets, environment
from rooms_app.failure import RoomsFailure
from rooms_app.options import make_parser
from rooms_app.pool import Pool
from rooms_app.turns import alone

SCRIPT = Path(__file__).resolve().parents[1] / 'rooms'
LEAST_SHARE = 0.34
"""Of the views a room is to give; rooms that give less end a run that goes nowhere."""


class Progress:
    """
    Counts views and hands out seeds.

    Args:
        done: scenes and views that an earlier run has finished: {seed: views}.
        options: of the command line.

    """

    def __init__(self, done: dict[int, int], options: argparse.Namespace):
        self.views = sum(done.values())
        self._done, self._options = done, options
        self._next = options.seed
        self._begun = 0
        self._given = 0
        self._started, self._at_start = time.monotonic(), self.views

    def seeds(self, most: int) -> list[int]:
        """Return the next seeds to render, no more than are needed."""
        batch: list[int] = []
        each = self._options.views_per_room
        while (
            len(batch) < most
            and self.views + self._given + len(batch) * each < self._options.views
        ):
            if self._next not in self._done:
                batch.append(self._next)
            self._next += 1
        self._given += len(batch) * each
        return batch

    def report(self, views: int, seed: int) -> None:
        """Count a finished scene and show how far the run is."""
        self.views += views
        self._given -= self._options.views_per_room
        self._begun += 1
        if self._begun >= 10 and self.views - self._at_start < LEAST_SHARE * self._begun:
            raise RoomsFailure(
                'no camera fits in these scenes: use another --kind, --world or --seed'
            )
        rate = (self.views - self._at_start) / max(time.monotonic() - self._started, 1e-3)
        left = max(self._options.views - self.views, 0) / max(rate, 1e-6) / 60
        line = (
            f'{self.views} of {self._options.views} views, room {seed}, {rate * 3600:.0f} an hour'
        )
        print(f'\r{line}, {left:.0f} minutes left   ', end='', flush=True)


def world_file(python: Path, given: str, cache: Path) -> tuple[Path, str]:
    """Return the glTF file of a world, made once in the cache where needed, and a short name."""
    path = Path(given).resolve()
    if path.is_file() and path.suffix.lower() in ('.glb', '.gltf'):
        return path, re.sub(r'\W+', '_', path.stem).lower()
    if not path.is_dir():
        raise RoomsFailure(f'--world {given}: neither a folder nor a .glb or .gltf file')
    name = re.sub(r'\W+', '_', path.name).lower()
    out = cache / f'world_{name}.glb'
    if not out.is_file():
        print(f'converting {path}', flush=True)
        cache.mkdir(parents=True, exist_ok=True)
        command = [str(python), '-m', 'rooms_app.worlds', str(path), str(out)]
        environ = {**os.environ, 'PYTHONPATH': str(Path(__file__).resolve().parents[1])}
        done = subprocess.run(command, env=environ, stderr=subprocess.PIPE, text=True)
        if done.returncode:
            words = done.stderr.strip().splitlines() or ['the conversion died']
            raise RoomsFailure(words[-1])
    return out, name


def become(python: Path, arguments: list[str]) -> None:
    """Go on as the environment's interpreter where this one has no OpenCV to write views with."""
    if find_spec('cv2') is None:
        sys.stdout.flush()
        os.execv(str(python), [str(python), str(SCRIPT), *arguments])


def render_scenes(options: argparse.Namespace, python: Path) -> int:
    """Render until the folder has its views; return how many it has."""
    from rooms_app.dataset import Folder

    with alone(options.cache):
        if options.world:
            (world, name), root = world_file(python, options.world, options.cache), ''
        else:
            world, name, root = '', '', assets.ensure(options.cache)
    folder = Folder(options.out)
    done = {
        scene['seed']: len(scene['views'])
        for scene in folder.scenes()
        if scene['scene'].startswith(name)
    }
    progress = Progress(done, options)
    order = {
        'out': str(options.out),
        'assets': str(root),
        'size': options.size,
        'views': options.views_per_room,
        'samples': options.samples,
        'threads': options.threads,
        'kind': options.kind,
        'world': str(world),
        'name': name,
        'sequence': options.sequence,
        'boxes': options.boxes,
    }
    if done:
        print(f'{progress.views} views are there already', flush=True)
    pool = Pool(python, order, options.processes, progress.seeds, progress.report)
    source = {
        'seed': options.seed,
        'samples': options.samples,
        'kind': options.kind,
        'world': name,
    }
    try:
        pool.run()
    finally:
        print()
        total = folder.write_tables(source, options.holdout)
    return total


def heed_signals() -> None:
    """Let SIGTERM end the command as Ctrl-C does, which shells make background jobs ignore."""
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.default_int_handler)


def main(arguments: list[str] | None = None) -> int:
    """Run the command; return the exit status."""
    parser = make_parser()
    options = parser.parse_args(arguments)
    options.out = options.out.resolve()
    if options.world and options.holdout:
        parser.error(
            '--holdout is for rooms: every scene of a world is the same world under another '
            'light; render the world that is held out into a folder of its own'
        )
    if options.boxes and (options.world or options.sequence):
        parser.error('--boxes is for rooms: leave --world and --sequence away')
    if options.sequence:
        # One room has all of the walk.
        options.views_per_room = options.views
    try:
        with alone(options.cache):
            python = environment.ensure(options.cache)
        become(python, sys.argv[1:] if arguments is None else arguments)
        total = render_scenes(options, python)
        print(f'{options.out}: {total} views')
    except RoomsFailure as failure:
        print(f'scripts/rooms: {failure}', file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print('\ninterrupted; the same command goes on where it was', file=sys.stderr)
        return 130
    return 0
