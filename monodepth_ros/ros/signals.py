"""Run an executor until a signal ends it, in an order that the middleware survives."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor, wait
import os
import signal
import sys
import threading
import traceback
from typing import Callable

from rclpy.executors import Executor

THREADS = 'monodepth'
"""Begins the names of the node's own threads."""

PATIENCE_S = 0.7
"""
How long the end waits for a callback, and then for a frame in hand.

Together with the middleware's own end, a third of a second, they make less than two seconds.
"""

LONGEST_END_S = 4.0
"""How long all of the end may take; `ros2 launch` sends stronger signals after 5 seconds."""


def catch_signals() -> tuple[int, int]:
    """
    Have SIGINT and SIGTERM write to a pipe; return its ends to read from and to write to.

    rclpy's own handlers would take the middleware down in the middle of a transition or of a
    frame. Blocking the signals is not enough: libraries have started threads at import, which
    would take them. A second Ctrl-C, as `ros2 launch` can send, changes nothing.
    """
    reader, writer = os.pipe()
    os.set_blocking(writer, False)
    signal.set_wakeup_fd(writer, warn_on_full_buffer=False)
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: None)
    return reader, writer


def spin_until_signal(
    executor: Executor,
    pipe: tuple[int, int],
    interrupt: Callable[[], None],
    end: Callable[[], None],
) -> None:
    """
    Run callbacks in a thread until a signal comes; then call `end`.

    What cannot be interrupted, deep in an engine's or the middleware's library, is not waited for:
    the process ends with exit code 0 all the same.

    Args:
        executor: runs the callbacks.
        pipe: what `catch_signals` has returned.
        interrupt: has a callback that takes long return.
        end: takes nodes, executor and middleware down.

    Raises:
        Exception: what has ended the executor, if it was no signal.

    """
    reader, writer = pipe
    stop = threading.Event()
    thread = ThreadPoolExecutor(1, f'{THREADS}_executor')
    spinning = thread.submit(_spin, executor, stop)
    thread.shutdown(wait=False)
    spinning.add_done_callback(lambda _: os.write(writer, b'.'))
    os.read(reader, 1)
    stop.set()
    interrupt()
    executor.create_task(lambda: None)  # `spin_once` returns after some work only.
    limit = threading.Timer(LONGEST_END_S, _exit_at_once)
    limit.daemon = True
    limit.start()
    if not wait([spinning], PATIENCE_S).done:
        _exit_at_once()
    try:
        end()
        spinning.result()
    except Exception:
        if _has_threads():
            traceback.print_exc()
            _exit_at_once(1)
        raise
    finally:
        limit.cancel()
    if _has_threads():
        _exit_at_once()


def _has_threads() -> bool:
    return any(t.name.startswith(THREADS) and t.is_alive() for t in threading.enumerate())


def _exit_at_once(code: int = 0) -> None:
    """End the process: the interpreter's own end could crash threads in libraries."""
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(code)


def _spin(executor: Executor, stop: threading.Event) -> None:
    """Run callbacks until told to stop; `Executor.shutdown` is not safe from another thread."""
    while not stop.is_set():
        executor.spin_once()
