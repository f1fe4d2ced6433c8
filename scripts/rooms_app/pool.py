"""Several renderers at once, each a process that renders some scenes and ends."""

from __future__ import annotations

import json
import os
from pathlib import Path
import queue
import signal
import subprocess
import sys
import tempfile
import threading
from typing import Callable, IO

from rooms_app.failure import RoomsFailure

BATCH = 8
"""Scenes a process renders before it is replaced, so that Blender's memory does not grow."""
TRIES = 2
"""Times that a scene is tried whose process dies; then it is left out."""


class Pool:
    """
    Renders seeds in processes until enough views are there.

    Args:
        python: the interpreter with Blender.
        order: what the worker is told, but for 'seeds'.
        processes: at the same time.
        seeds: gives batches of seeds that are not done; an empty one ends.
        report: called with (views, seed) after each scene.

    """

    def __init__(
        self,
        python: Path,
        order: dict,
        processes: int,
        seeds: Callable[[int], list[int]],
        report: Callable[[int, int], None],
    ):
        self._python, self._order, self._processes = python, order, processes
        self._seeds, self._report = seeds, report
        self._messages: queue.Queue = queue.Queue()
        self._children: dict[int, subprocess.Popen] = {}
        self._batches: dict[int, list[int]] = {}
        self._tried: dict[int, int] = {}
        self._again: list[int] = []
        self._words: dict[int, IO] = {}
        self.left_out: list[int] = []

    def run(self) -> None:
        """Render; finished scenes stay whatever happens."""
        try:
            for slot in range(self._processes):
                self._start(slot)
            while self._children:
                slot, message = self._messages.get()
                self._take(slot, message)
        finally:
            for child in self._children.values():
                child.kill()
                child.wait()

    def _start(self, slot):
        batch = self._again[:1] or self._seeds(BATCH)
        self._again = self._again[1:]
        if not batch:
            self._children.pop(slot, None)
            return
        self._batches[slot] = list(batch)
        command = [str(self._python), '-m', 'rooms_app.worker']
        environ = {
            **os.environ,
            'PYTHONPATH': str(Path(__file__).resolve().parents[1]),
            'OMP_NUM_THREADS': str(self._order['threads']),
        }
        self._words[slot] = tempfile.TemporaryFile('w+', errors='replace')
        child = subprocess.Popen(
            [*command, json.dumps({**self._order, 'seeds': batch})],
            stdout=subprocess.PIPE,
            stderr=self._words[slot],
            stdin=subprocess.DEVNULL,
            env=environ,
        )
        self._children[slot] = child
        threading.Thread(target=self._listen, args=(slot, child), daemon=True).start()

    def _listen(self, slot, child):
        for line in child.stdout:
            self._messages.put((slot, json.loads(line)))
        self._messages.put((slot, {'ended': child.wait()}))

    def _take(self, slot, message):
        if 'failed' in message:
            raise RoomsFailure(message['failed'])
        if 'done' in message:
            self._batches[slot].remove(message['done'])
            self._report(message['views'], message['done'])
        if 'ended' in message:
            self._settle(slot, message['ended'])
            self._start(slot)

    def _settle(self, slot, status):
        """Have what a dead process left rendered again; leave out what kills twice."""
        rest = self._batches[slot]
        if not rest:
            return
        first = rest[0]
        self._tried[first] = self._tried.get(first, 0) + 1
        killer = signal.Signals(-status).name if status < 0 else f'status {status}'
        if self._tried[first] >= TRIES:
            self.left_out.append(first)
            rest = rest[1:]
            words = self._last_words(slot)
            print(f'\nscene {first} is left out: {killer}{words}', file=sys.stderr)
            if len(self.left_out) > 5:
                raise RoomsFailure(
                    f'{len(self.left_out)} scenes failed ({killer}{words}): free memory, or use '
                    'another --seed'
                )
            self._report(0, first)
        self._again += rest

    def _last_words(self, slot):
        """Return the last line that a process wrote, after a colon."""
        self._words[slot].seek(0)
        lines = self._words[slot].read().strip().splitlines()
        return f': {lines[-1]}' if lines else ''
