"""The package's node beside a plain one: highest rate, and latency, drops and cost at rates."""

from __future__ import annotations

from importlib.util import find_spec
from typing import Optional, Sequence

from monodepth_ros.benchmark.load import Load, our_node, plain_node, SETTLE_S, Trial
from monodepth_ros.benchmark.measures import (
    latency,
    MOST_LOSS,
    search_highest,
    stage_times,
)
from monodepth_ros.benchmark.settings import Settings
from monodepth_ros.benchmark.spread import rounded
from monodepth_ros.errors import BenchmarkError

OURS, PLAIN, PIPELINED = 'ours', 'plain', 'ours_pipelined'
RATES = (10, 30, 60)
"""Frames a second of cameras at which latency, drops and cost are measured."""
FULL_SIZE, SMALL_SIZE = (640, 480), (320, 240)
SMALL_TOPICS = ('depth/image_rect', 'depth/camera_info', 'segmentation/mask')
"""Depth and labels with intrinsics: what a planner takes that wants many frames."""
LEAST_FRAMES = 30
"""Frames that count in a trial; fewer say little of a loss of 5 %."""
LONGEST_WINDOW_S = 12.0
NARROW_LOSS = 0.25
"""A rate that is missed by no more is tried once more: a moment's pause may have done it."""
GUESS_RATE = 60.0
LIMIT_RATE = 240.0


def check_ros() -> None:
    """Raise BenchmarkError where there is no ROS."""
    if find_spec('rclpy') is None:
        raise BenchmarkError('rclpy is not installed; source ROS 2, or pip install .[pip-ros]')


def measure_node(
    settings: Settings,
    size: tuple[int, int] = FULL_SIZE,
    topics: Sequence[str] = (),
    rates: Sequence[int] = RATES,
    window_s: Optional[float] = None,
    pipelined: bool = True,
) -> dict:
    """
    Return figures of the nodes, which run side by side and are given images in turn.

    They are the package's node, the plain one and, unless the run is quick or `pipelined` is
    False, the package's node with `pipeline_depth` 2.

    Args:
        settings: of the run.
        size: width and height of images and outputs.
        topics: outputs that are subscribed to; () for all.
        rates: images a second.
        window_s: seconds of a trial that count; None for a default.
        pipelined: measure `pipeline_depth` 2, too.

    Raises:
        BenchmarkError: a node could not be started, or ended.

    """
    check_ros()
    window_s = window_s or (2.0 if settings.quick else 3.0)
    nodes = {OURS: our_node(OURS, settings), PLAIN: plain_node(PLAIN, settings)}
    if pipelined and not settings.quick:
        nodes[PIPELINED] = our_node(PIPELINED, settings, pipeline_depth=2)
    figures: dict = {name: {'at_hz': {}} for name in nodes}
    with Load(settings, list(nodes.values()), size, list(nodes), topics) as load:
        for rate in rates:
            for index, name in enumerate(nodes):
                trial = load.trial((name,), rate, window_s + SETTLE_S)
                figures[name]['at_hz'][str(rate)] = at_rate(trial, index, name)
                if rate == rates[0]:  # where nobody waits for a core
                    figures[name].update(_describe(trial.status(name)))
        for name in nodes:
            figures[name]['max_rate_hz'] = highest_rate(load, name, window_s)
    return {**figures, 'size': list(size), 'topics': list(topics) or 'all'}


def at_rate(trial: Trial, index: int, name: str) -> dict:
    """Return what a node did at a rate: latency, losses, output rate, processor and memory."""
    counted = [f for f in trial.frames[name] if f[0] - trial.sent[0] >= SETTLE_S * 1e9]
    arrivals = [arrival for _, arrival in counted]
    span_s = (max(arrivals) - min(arrivals)) / 1e9 if len(arrivals) > 1 else 0.0
    return {
        'offered_hz': rounded(trial.rate),
        'output_hz': rounded((len(arrivals) - 1) / span_s) if span_s else 0.0,
        **latency(counted),
        'sent': len(trial.sent),
        **trial.losses(name),
        'cpu_percent': rounded(100 * trial.cpu_seconds[index] / trial.seconds),
        'rss_mb': rounded(trial.rss_mb[index]),
    }


def highest_rate(load: Load, name: str, window_s: float) -> float:
    """Return the highest rate, as really sent, at which a node loses at most 5 % of frames."""
    overloaded = load.trial((name,), GUESS_RATE, SETTLE_S + window_s)
    done = len(overloaded.frames[name]) / overloaded.seconds
    sent_at = {}

    def loss_at(rate):
        counting_s = max(window_s, min(LEAST_FRAMES / rate, LONGEST_WINDOW_S))
        trial = load.trial((name,), rate, SETTLE_S + counting_s)
        sent_at[rate] = trial.rate
        return trial.loss_share(name)

    def keeps(rate):
        loss = loss_at(rate)
        return (loss_at(rate) if MOST_LOSS < loss <= NARROW_LOSS else loss) <= MOST_LOSS

    kept = search_highest(keeps, max(done, 0.5), LIMIT_RATE)
    return rounded(sent_at[kept]) if kept else 0.0


def _describe(status):
    """Return stage times and engine as a node's diagnostics tell them."""
    facts = {key: status[key] for key in ('engine', 'precision', 'device') if key in status}
    host_ms = status.get('host_ms_median')
    return {
        'host_ms_median': rounded(host_ms and float(host_ms)),
        'stages_ms': stage_times(status),
        **facts,
    }
