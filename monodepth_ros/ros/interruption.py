"""Calls that may take long, and that a signal need not wait for."""

from __future__ import annotations

from concurrent.futures import Future
import threading
from typing import Any, Callable, TypeVar

Result = TypeVar('Result')


class InterruptedCallError(Exception):
    """The process is to end, and a call is left behind."""


class Interruption:
    """
    Wait for long calls until the process is to end.

    Loading an engine takes seconds inside libraries that know no interruption.
    """

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._interrupted = False

    def interrupt(self) -> None:
        """Give up the call at hand and all later ones; for any thread, twice is safe."""
        with self._changed:
            self._interrupted = True
            self._changed.notify_all()

    def call(self, function: Callable[[], Result], name: str) -> Result:
        """
        Return what `function` returns, or raise what it raises.

        Args:
            function: runs in a thread of its own.
            name: the thread's.

        Raises:
            InterruptedCallError: the process is to end; the thread goes on by itself.

        """
        future: Future = Future()
        thread = threading.Thread(target=_run, args=(future, function), name=name, daemon=True)
        with self._changed:
            if not self._interrupted:
                thread.start()
                future.add_done_callback(self._notify)
                self._changed.wait_for(lambda: self._interrupted or future.done())
        if not future.done():
            raise InterruptedCallError(f'{name} was interrupted')
        return future.result()

    def _notify(self, _: Any) -> None:
        with self._changed:
            self._changed.notify_all()


def _run(future: Future, function: Callable[[], Any]) -> None:
    try:
        future.set_result(function())
    # Whatever it is, the caller gets it.
    except BaseException as error:
        future.set_exception(error)
