"""Prepare the next batches in threads while the device trains on one."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from itertools import islice
from typing import Generic, TypeVar

Batch = TypeVar('Batch')


class Prefetch(Generic[Batch]):
    """The batches of steps start..stop - 1 in order, prepared ahead of time.

        with Prefetch(batches, start, stop) as stream:
            for step, batch in stream:
                train(batch)

    What goes wrong in a thread is raised where its batch would have come. Leaving the block stops
    the threads once the batches that they are at are done.

    Args:
        batches: makes the batch of a step; a function of the step alone, called in threads.
        start: first step.
        stop: the step after the last.
        workers: threads. Decoding and resampling release Python's lock, so several are faster.
        ahead: batches that are ready or in the making beside the one in use.

    """

    def __init__(
        self,
        batches: Callable[[int], Batch],
        start: int,
        stop: int,
        workers: int = 1,
        ahead: int = 2,
    ):
        self._batches = batches
        self._steps = iter(range(start, stop))
        self._ahead = ahead
        self._executor = ThreadPoolExecutor(workers, thread_name_prefix='prefetch')
        self._pending: deque[tuple[int, Future[Batch]]] = deque()

    def __enter__(self) -> Prefetch[Batch]:
        """Begin with the first batches."""
        self._submit(self._ahead)
        return self

    def __exit__(self, *error) -> None:
        """Stop the threads."""
        self._executor.shutdown(wait=True, cancel_futures=True)

    def __iter__(self) -> Iterator[tuple[int, Batch]]:
        """Yield each step with its batch."""
        while self._pending:
            step, future = self._pending.popleft()
            batch = future.result()
            self._submit(1)
            yield step, batch

    def _submit(self, count: int) -> None:
        for step in islice(self._steps, count):
            self._pending.append((step, self._executor.submit(self._batches, step)))
