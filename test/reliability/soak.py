"""Long runs of the real node through everything in `scenario`, and what they must not show."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from datetime import datetime, timezone
from pathlib import Path
import random
import time
from typing import Any, Callable

import footprint
from monodepth_ros.benchmark.machine import describe_machine, versions
from monodepth_ros.provenance import commit
import numpy as np
from rig import ACTIVATE, BrokenPromiseError, CLEANUP, CONFIGURE, DEACTIVATE, NODE, Rig
import scenario

LATENCY_EDGES_MS = (0, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 2000, 5000, 10_000)
"""Of the histogram of latency; the last bin takes all beyond, too."""
WARM_UP = {'cycles': 0.2, 'at_s': 0.4}
"""Share of a run, and of a run's cycles, in which memory may still grow..."""
LONGEST_WARM_UP_S = 600.0
"""...but no longer than this."""
SLOPE_LIMIT = 1.0
"""MB that memory may grow by in 10 minutes."""
SLOPE_SPAN_S = 1200.0
"""Shorter runs tell nothing of a slope: one step of the allocator is steeper."""
CYCLES_GROWTH_MB = 5.0
"""MB that memory may grow by over all lifecycle cycles after the first ones."""
FEWEST_CYCLES = 100
"""Cycles from which on that growth is judged."""
CONSTANT = (
    'threads', 'descriptors', 'own_segments', 'publishers', 'subscriptions', 'services', 'nodes',
)  # fmt: skip
"""What is the same at the start and at the end."""


@dataclass
class Plan:
    """
    What a run is to be.

    Attributes:
        seconds: how long the scenario goes on at least.
        frames: how many frames are to be checked at least.
        cycles: how many lifecycle cycles are made, as fast as they go, in place of the scenario.
        cameras: namespaces of the cameras.
        rate: images a second of each camera.
        in_flight: as of `Rig`; 0 for the steady rate.
        side: columns and rows of the network's input.
        size: columns and rows of the images; () for as many as the network's input has.
        topics: outputs to check.
        parameters: of the node.
        seed: of what is left to chance.
        calm_s: seconds of nothing but images after each round of the scenario.
        every_s: seconds from one sample to the next.

    """

    seconds: float = 0.0
    frames: int = 0
    cycles: int = 0
    cameras: tuple[str, ...] = ('',)
    rate: float = 30.0
    in_flight: int = 0
    side: int = 64
    size: tuple[int, ...] = ()
    topics: tuple[str, ...] = tuple(scenario.TOPICS)
    parameters: dict[str, Any] = field(default_factory=dict)
    seed: int = 0
    calm_s: float = 2.0
    every_s: float = 5.0


@dataclass
class Record:
    """
    What is seen in a run.

    Attributes:
        samples: figures over time; those taken while the node is settled have `settled`.
        events: how often each thing of the scenario has been done.
        broken: what the node did not do, in words.

    """

    samples: list[dict] = field(default_factory=list)
    events: Counter = field(default_factory=Counter)
    broken: str = ''


class Soak:
    """One run: a rig, what is done to it, and a record of it."""

    def __init__(self, plan: Plan, rig: Rig, say: Callable[[str], None]):
        """Begin; `say` gets one line a minute."""
        self.plan, self.rig, self.record = plan, rig, Record()
        self._rng = random.Random(plan.seed)
        self._say, self._doing = say, 'at the start'
        self._begun = self._sampled = self._said = time.monotonic()
        rig.in_flight = plan.in_flight
        rig.chores.append(self._look)

    @property
    def seconds(self) -> float:
        """Return how long the run has been going."""
        return time.monotonic() - self._begun

    def run(self) -> None:
        """Do what the plan says; a promise that breaks ends it, and is recorded."""
        try:
            if self.plan.cycles:
                self._run_cycles()
            else:
                self._run_scenario()
        except BrokenPromiseError as error:
            self.record.broken = f'{error}; {self._doing}'
        # The figures of an hour are not lost for what ends it.
        except (Exception, KeyboardInterrupt) as error:
            self.record.broken = f'{type(error).__name__}: {error}'

    def _run_scenario(self) -> None:
        self._settle()
        while not self._is_done():
            for event in self._rng.sample(scenario.EVENTS, len(scenario.EVENTS)):
                self._doing = f'in {event.__name__} after {self.seconds:.0f} s'
                event(self.rig, self._rng)
                self.record.events[event.__name__] += 1
            self._settle()

    def _settle(self) -> None:
        scenario.settle(self.rig, self.plan.calm_s)
        self._sample(settled=True)

    def _is_done(self) -> bool:
        enough = self.rig.checker.frames >= self.plan.frames
        return bool(self.record.events) and enough and self.seconds >= self.plan.seconds

    def _run_cycles(self) -> None:
        every = max(1, self.plan.cycles // 50)
        for number in range(self.plan.cycles + 1):
            if number % every == 0:
                self.rig.pump(0.5)
                self._sample(settled=True)
            if number < self.plan.cycles:
                self.rig.transit(DEACTIVATE, CLEANUP, CONFIGURE, ACTIVATE)
                self.rig.cycles += 1
                self.rig.wait_for_output()

    def _look(self, now: float) -> None:
        if now - self._sampled > self.plan.every_s:
            self._sample(settled=False)
        if now - self._said > 60.0:
            self._said = now
            last, checker = self.record.samples[-1], self.rig.checker
            self._say(
                f'{self.seconds / 60:.0f} min: {checker.frames} frames, '
                f'{checker.wrong.total()} wrong, {self.rig.cycles} cycles, RSS '
                f'{last["rss_mb"]:.1f} MB, p95 {last["latency_ms"]["p95"]:.0f} ms'
            )

    def _sample(self, settled: bool) -> None:
        self._sampled = time.monotonic()
        rig, checker = self.rig, self.rig.checker
        row = {
            'at_s': round(self.seconds, 2),
            'settled': settled,
            'cycles': rig.cycles,
            'frames': checker.frames,
            'sent': sum(camera.count for camera in rig.cameras),
            'wrong': checker.wrong.total(),
            'latency_ms': latency_figures(checker.latencies),
            **footprint.of_process(rig.process.pid),
        }
        if settled:
            row.update(footprint.of_node(rig.node, NODE))
        checker.latencies.clear()
        self.record.samples.append(row)


def latency_figures(seconds: list[float]) -> dict:
    """Return percentiles and a histogram over `LATENCY_EDGES_MS`; NaN is None."""
    ms = np.array(seconds) * 1e3
    edges = [*LATENCY_EDGES_MS[:-1], float('inf')]
    names = ('p50', 'p95', 'p99', 'max')
    figures = np.percentile(ms, (50, 95, 99, 100)).round(2).tolist() if len(ms) else [0.0] * 4
    return {**dict(zip(names, figures)), 'counts': np.histogram(ms, edges)[0].tolist()}


def slope(samples: list[dict], by: str, of: str = 'rss_mb') -> float:
    """Return the median of the slopes between all pairs of samples (Theil and Sen)."""
    x, y = (np.array([row[name] for row in samples], float) for name in (by, of))
    first, second = np.triu_indices(len(x), 1)
    steps = x[second] - x[first]
    slopes = (y[second] - y[first])[steps > 0] / steps[steps > 0]
    return float(np.median(slopes)) if len(slopes) else 0.0


def after_warm_up(samples: list[dict], by: str) -> list[dict]:
    """Return the settled samples after the warm-up, by 'at_s' or 'cycles'."""
    settled = [row for row in samples if row['settled']]
    limit = WARM_UP[by] * settled[-1][by]
    if by == 'at_s':
        limit = min(limit, LONGEST_WARM_UP_S)
    return [row for row in settled if row[by] >= limit]


def judge(plan: Plan, soak: Soak) -> list[dict]:
    """Return the promises: what each is, what was found, whether it was kept."""
    checker, record = soak.rig.checker, soak.record
    promises = [
        _promise('the node does all that it is asked', record.broken or 'yes', not record.broken),
        _promise('wrong outputs', dict(checker.wrong), not checker.wrong.total()),
        _promise(f'frames checked, {plan.frames} or more', checker.frames,
                 checker.frames >= max(1, plan.frames)),
    ]  # fmt: skip
    settled = [row for row in record.samples if row['settled']]
    if len(settled) < 2:
        return promises
    calm = after_warm_up(settled, 'cycles' if plan.cycles else 'at_s')
    start, end = (calm if len(calm) > 1 else settled)[0], settled[-1]
    for name in CONSTANT:
        found = f'{start[name]} at the start, {end[name]} at the end'
        promises.append(_promise(f'{name} constant', found, start[name] == end[name]))
    return [*promises, *_judge_memory(plan, calm)]


def _judge_memory(plan: Plan, calm: list[dict]) -> list[dict]:
    if plan.cycles:
        growth = slope(calm, 'cycles') * (calm[-1]['cycles'] - calm[0]['cycles'])
        kept = growth < CYCLES_GROWTH_MB or plan.cycles < FEWEST_CYCLES
        what = f'growth over {plan.cycles} cycles below {CYCLES_GROWTH_MB:g} MB'
        return [_promise(what, round(growth, 2), kept)]
    per_10_min = slope(calm, 'at_s') * 600
    span = calm[-1]['at_s'] - calm[0]['at_s']
    kept = per_10_min < SLOPE_LIMIT or span < SLOPE_SPAN_S
    what = f'growth in 10 minutes below {SLOPE_LIMIT:g} MB, judged from {SLOPE_SPAN_S / 60:g} min'
    return [_promise(what, round(per_10_min, 3), kept)]


def _promise(what, found, kept) -> dict:
    return {'promise': what, 'found': found, 'kept': bool(kept)}


def compile_network(plan: Plan, folder: Path) -> None:
    """Start the node once, so that later ones find the network compiled and need no PyTorch."""
    with Rig(folder, plan.cameras, side=plan.side):
        return


def soak(plan: Plan, folder: Path, say: Callable[[str], None]) -> dict:
    """
    Make a run and return its report, as plain JSON values.

    Args:
        plan: what to do.
        folder: for the node's files.
        say: gets one line a minute.

    """
    begun = datetime.now(timezone.utc)
    settings = plan.parameters, plan.topics, plan.side, plan.rate
    with Rig(folder, plan.cameras, *settings) as rig:
        for camera in rig.cameras:
            camera.info_every = 20 if plan.in_flight else 1
            camera.size = plan.size or camera.size
        run = Soak(plan, rig, say)
        run.run()
        promises = judge(plan, run)
        return {
            'kept': all(promise['kept'] for promise in promises),
            'promises': promises,
            'plan': {**vars(plan)},
            'begun': begun.isoformat(timespec='seconds'),
            'seconds': round(run.seconds, 1),
            'frames': rig.checker.frames,
            'frames_per_s': round(rig.checker.frames / run.seconds, 1),
            'sent': sum(camera.count for camera in rig.cameras),
            'checked': dict(rig.checker.checked),
            'wrong': dict(rig.checker.wrong),
            'wrong_texts': rig.checker.texts,
            'cycles': rig.cycles,
            'events': dict(run.record.events),
            'latency_edges_ms': LATENCY_EDGES_MS,
            'samples': run.record.samples,
            'commit': commit(),
            'machine': describe_machine(),
            'versions': versions(),
        }
