"""The side of a benchmark process that asks."""

from __future__ import annotations

import os
from pathlib import Path
import queue
import sys
import time
from typing import Callable, Mapping, Optional

from monodepth_ros.errors import BenchmarkError
from monodepth_ros.processes import Child

ANSWER_LIMIT_S = 300.0
"""Longest wait for an answer: building an engine on a slow board takes minutes."""


class Worker:
    """
    A process of the benchmark that answers one request at a time; use it in a `with` block.

    Attributes:
        pid: its process id.
        started: when it was started, by `time.perf_counter`.

    """

    def __init__(
        self,
        module: str,
        log_folder: Path,
        *arguments: str,
        environ: Optional[Mapping[str, str]] = None,
    ):
        """
        Start `python -m monodepth_ros.benchmark.<module>`.

        Args:
            module: name below this package.
            log_folder: folder that gets the log.
            arguments: of the command line.
            environ: variables on top of this process's own.

        """
        self._messages: queue.Queue = queue.Queue()
        self.started = time.perf_counter()
        log = log_folder / f'{module}_{time.monotonic_ns()}.log'
        self._child = Child(
            module,
            [sys.executable, '-m', f'monodepth_ros.benchmark.{module}', *arguments],
            {**os.environ, **(environ or {})},
            log,
            self._messages,
        )
        self.pid = self._child.pid

    def ask(self, what: str, check: Callable[[], None] = lambda: None, **options: object) -> dict:
        """
        Have the process do something and return its answer.

        Args:
            what: name of the request.
            check: is called while the answer is awaited; what it raises ends the wait.
            options: of the request.

        Raises:
            BenchmarkError: it failed, ended, or has not answered in time.

        """
        self._child.tell(do=what, **options)
        end = time.monotonic() + ANSWER_LIMIT_S
        while True:
            try:
                answer = self._messages.get(timeout=0.2)
            except queue.Empty:
                check()
                self._check(what, end)
                continue
            if 'failed' in answer:
                raise BenchmarkError(answer['failed'])
            return answer

    def _check(self, what, end):
        if self._child.is_silent and self._messages.empty():
            raise BenchmarkError(f'{what}: the process ended with {self._child.last_words()}')
        if time.monotonic() > end:
            self._child.stop()
            raise BenchmarkError(f'{what}: no answer in time')

    def stop(self) -> None:
        """End the process; twice is safe."""
        self._child.stop()

    def __enter__(self) -> Worker:
        return self

    def __exit__(self, *exception) -> None:
        self.stop()
