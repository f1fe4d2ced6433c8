"""Look at a frame now and then in a thread of its own, so that frames need not wait for it."""

from __future__ import annotations

from concurrent.futures import Future, ThreadPoolExecutor
import time
from typing import Any, Callable, Optional


class SideLooks:
    """What checks that look at frames beside them have in common: one look at a time, with pauses.

    The methods are for one thread.

    Args:
        thread_name: what the thread's name begins with.
        clock: gives the time in seconds.

    """

    def __init__(self, thread_name: str, clock: Callable[[], float] = time.monotonic) -> None:
        self._name, self._clock = thread_name, clock
        self._pool: Optional[ThreadPoolExecutor] = None
        self._future: Optional[Future[Any]] = None
        self._last = float('-inf')
        self._is_closed = False

    def _is_free(self) -> bool:
        """Return whether no look is under way, and another one may begin."""
        return self._future is None and not self._is_closed

    def _rested(self, pause_s: float) -> bool:
        """Return whether the last look began so many seconds ago."""
        return self._clock() - self._last >= pause_s

    def _begin(self, look: Callable[..., Any], *arguments: Any) -> None:
        """Begin a look in the thread."""
        self._last = self._clock()
        self._pool = self._pool or ThreadPoolExecutor(1, self._name)
        self._future = self._pool.submit(look, *arguments)

    def _take_done(self) -> Optional[Future[Any]]:
        """Return the look that is done, once; None where there is none."""
        if self._future is None or not self._future.done():
            return None
        future, self._future = self._future, None
        return future

    def close(self) -> None:
        """End the thread for good; twice is safe."""
        self._is_closed = True
        if self._pool is not None:
            self._pool.shutdown()
