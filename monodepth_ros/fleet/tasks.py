"""Run tasks here or in several processes, one interface for each way."""

from __future__ import annotations

from collections import deque
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
import multiprocessing
from typing import Any, Callable, Iterable, Iterator, Protocol

from monodepth_ros.errors import EngineError, MonodepthError
from monodepth_ros.processes import end_with_parent

LOOK_AHEAD = 2
"""Tasks a worker in hand or waiting: the others are not even made."""


class Worker(Protocol):
    """What does the tasks; made once in each process."""

    def run(self, task: Any) -> Any:
        """Do a task."""


MakeWorker = Callable[[], Worker]
"""Gives a `Worker`; can be sent to another process."""


def run_here(make: MakeWorker, tasks: Iterable[Any]) -> Iterator[tuple[Any, Any]]:
    """Yield each task and what came of it."""
    worker = make()
    for task in tasks:
        yield task, worker.run(task)


# Of a worker process: the worker, or why there is none.
_state: dict[str, Any] = {}


def _start(make):
    end_with_parent()
    try:
        _state['worker'] = make()
    except MonodepthError as error:
        _state['error'] = error


def _run(task):
    if 'error' in _state:
        raise _state['error']
    return _state['worker'].run(task)


def run_processes(
    make: MakeWorker, tasks: Iterable[Any], workers: int
) -> Iterator[tuple[Any, Any]]:
    """
    Yield each task and what came of it, in order.

    Raises:
        EngineError: a process was ended from outside.
        MonodepthError: as the worker.

    """
    context = multiprocessing.get_context('spawn')
    with ProcessPoolExecutor(workers, context, _start, (make,)) as executor:
        waiting: deque = deque()
        try:
            for task in tasks:
                waiting.append((task, executor.submit(_run, task)))
                if len(waiting) >= LOOK_AHEAD * workers:
                    done, future = waiting.popleft()
                    yield done, future.result()
            while waiting:
                done, future = waiting.popleft()
                yield done, future.result()
        except BrokenProcessPool:
            raise EngineError(
                f'one of {workers} worker processes was ended from outside; the same command goes '
                'on; if the memory is too small for them, use fewer --workers'
            ) from None
        finally:
            executor.shutdown(cancel_futures=True)
