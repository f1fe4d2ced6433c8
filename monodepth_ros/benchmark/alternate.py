"""Time several things side by side, so that what else the machine does falls on all alike."""

from __future__ import annotations

import math
import time
from typing import Callable, Mapping

from monodepth_ros.errors import BenchmarkError

BLOCK_S = 0.25
"""About how long one thing runs before it is another's turn: long enough to be warm again."""
LEAST_ROUNDS = 3

Timer = Callable[[int], list]
"""Runs the thing so many times, after one time that does not count; returns milliseconds."""


def alternate(timers: Mapping[str, Timer], seconds: float) -> tuple[dict, dict]:
    """
    Run all in turn for about `seconds` altogether, forwards and backwards.

    Args:
        timers: by name.
        seconds: the last round begins before; there are at least `LEAST_ROUNDS`.

    Returns:
        Milliseconds of each run by name, and errors in words by name of those that failed.

    """
    measured: dict[str, list] = {}
    errors: dict[str, str] = {}
    counts = {}

    def run(name, count):
        try:
            return timers[name](count)
        except BenchmarkError as error:
            errors[name] = str(error)
            measured.pop(name, None)
            return []

    for name in timers:
        if first := run(name, 1):
            counts[name] = max(1, math.ceil(BLOCK_S * 1e3 / max(first[0], 1e-3)))
            measured[name] = []
    begun, rounds = time.monotonic(), 0
    while measured and (rounds < LEAST_ROUNDS or time.monotonic() < begun + seconds):
        order = list(measured)
        for name in order if rounds % 2 == 0 else reversed(order):
            block = run(name, counts[name])
            if name in measured:
                measured[name] += block
        rounds += 1
    return measured, errors
