"""What a trial of a node comes down to: rates, latencies, and where frames were lost."""

from __future__ import annotations

import math
from typing import Callable, Mapping, Sequence

from monodepth_ros.benchmark.spread import percentile, rounded
import numpy as np

MOST_LOSS = 0.05
"""Share of frames that may be lost at a rate that still counts (ros2_benchmark's default)."""
CLOSE_ENOUGH = 1.06
"""Ratio of a rate that was kept to one that was not, at which the search ends."""
MOST_TRIALS = 8


def latency(frames: Sequence[Sequence[int]]) -> dict:
    """
    Return latency and jitter in milliseconds, None where there are no frames.

    Args:
        frames: stamp and arrival of each frame in nanoseconds.

    Returns:
        `latency_ms_p50`, `_p95`, `_p99`, and `jitter_ms`, the mean change of latency from a frame
        to the next one by stamp (RFC 3550, appendix A.8, without its smoothing).

    """
    values = [(arrival - stamp) / 1e6 for stamp, arrival in sorted(frames)]
    figures = {f'latency_ms_p{share}': percentile(values, share) for share in (50, 95, 99)}
    changes = np.abs(np.diff(values))
    figures['jitter_ms'] = rounded(changes.mean()) if len(changes) else None
    return figures


def losses(sent: int, received: int, published: int, complete: int) -> dict:
    """
    Return how many frames were lost, and where.

    Args:
        sent: images that the camera published.
        received: images that reached the node.
        published: frames that the node gave out.
        complete: frames of which everything reached the listener.

    Returns:
        `drops`: all of them; `lost_in_middleware`: between camera and node; `superseded`: in the
        node, for a newer image; `lost_at_listener`: between node and listener.

    """
    return {
        'drops': sent - complete,
        'lost_in_middleware': sent - received,
        'superseded': received - published,
        'lost_at_listener': published - complete,
    }


def loss_share(sent: Sequence[int], complete: Sequence[int], settle_s: float) -> float:
    """
    Return the share of frames lost after queues have filled.

    Args:
        sent: stamps in nanoseconds.
        complete: stamps of those that came out.
        settle_s: frames of so many first seconds do not count.

    """
    counted = {stamp for stamp in sent if stamp - sent[0] >= settle_s * 1e9}
    return 1 - len(counted.intersection(complete)) / len(counted) if counted else 0.0


def search_highest(keeps: Callable[[float], bool], guess: float, limit: float) -> float:
    """
    Return the highest rate tried that a node keeps; 0 where it keeps none.

    Bisects the logarithm of the rate, after steps of a quarter up or down from a guess have found
    a rate that is kept and one that is not.

    Args:
        keeps: tries a rate.
        guess: rate to begin with, in Hz.
        limit: highest rate to try, in Hz.

    """
    kept, missed = 0.0, math.inf
    rate = min(guess, limit)
    for _ in range(MOST_TRIALS):
        if keeps(rate):
            kept = rate
        else:
            missed = rate
        if kept >= limit or missed <= kept * CLOSE_ENOUGH:
            break
        if math.isinf(missed):
            rate = min(kept * 1.25, limit)
        elif kept == 0:
            rate = missed / 1.25
        else:
            rate = math.sqrt(kept * missed)
    return kept


def stage_times(status: Mapping[str, str]) -> dict[str, float]:
    """Return the median milliseconds of each stage, of a node's diagnostics."""
    prefix = 'stage_ms_'
    times = {
        key.removeprefix(prefix): float(value)
        for key, value in status.items()
        if key.startswith(prefix)
    }
    return {name: value for name, value in times.items() if math.isfinite(value)}
