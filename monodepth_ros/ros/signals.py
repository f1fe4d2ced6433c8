"""Run an executor until a signal ends it, in an order that the middleware survives."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
import os
import signal
import threading
from typing import Callable

from rclpy.executors import Executor


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


def spin_until_signal(executor: Executor, pipe: tuple[int, int], end: Callable[[], None]) -> None:
    """
    Run callbacks in a thread until a signal comes; then call `end`.

    Args:
        executor: runs the callbacks.
        pipe: what `catch_signals` has returned.
        end: takes nodes, executor and middleware down.

    Raises:
        Exception: what has ended the executor, if it was no signal.

    """
    reader, writer = pipe
    stop = threading.Event()
    with ThreadPoolExecutor(1, 'monodepth_executor') as thread:
        spinning = thread.submit(_spin, executor, stop)
        spinning.add_done_callback(lambda _: os.write(writer, b'.'))
        os.read(reader, 1)
        stop.set()
        executor.create_task(lambda: None)  # `spin_once` returns after some work only.
    end()
    spinning.result()


def _spin(executor: Executor, stop: threading.Event) -> None:
    """Run callbacks until told to stop; `Executor.shutdown` is not safe from another thread."""
    while not stop.is_set():
        executor.spin_once()
