"""A camera in front of nodes and a listener behind them, each a process of its own."""

from __future__ import annotations

from contextlib import ExitStack
from dataclasses import dataclass
import json
import os
from pathlib import Path
import random
import sys
import time
from typing import Mapping, Sequence

from monodepth_ros.benchmark import measures, usage
from monodepth_ros.benchmark.settings import Settings
from monodepth_ros.benchmark.worker import Worker
from monodepth_ros.errors import BenchmarkError
from monodepth_ros.processes import Child
from monodepth_ros.ros.fastdds import profile_environment

SETTLE_S = 1.0
"""Frames of a trial's first second do not count: queues fill, caches warm up."""
DRAIN_LIMIT_S = 8.0
QUIET_S = 0.6
"""A trial has ended when nothing has come for so long; more than the diagnostics' period..."""
PAUSES = 2.0
"""...and for so many times the longest pause between two frames."""
REPORT_PERIOD_S = 0.2


@dataclass(frozen=True)
class Node:
    """A node to start: its module below `benchmark`, and its arguments."""

    module: str
    arguments: tuple[str, ...]


@dataclass(frozen=True)
class Trial:
    """
    What came of one rate.

    Attributes:
        sent: stamps of the images in nanoseconds.
        frames: stamp and arrival of each frame that came out whole, by namespace.
        seconds: from the first image to the last.
        cpu_seconds: processor time of each node in these seconds, by its place in their list.
        cpu_seconds_in_all: the same until all frames were out.
        rss_mb: memory of each node.
        before: each node's diagnostics before, by the node's name.
        after: the same after.

    """

    sent: list[int]
    frames: dict[str, list[list[int]]]
    seconds: float
    cpu_seconds: list[float]
    cpu_seconds_in_all: list[float]
    rss_mb: list[float]
    before: dict[str, dict]
    after: dict[str, dict]

    @property
    def rate(self) -> float:
        """Images a second that the camera really sent."""
        return (len(self.sent) - 1) / self.seconds if self.seconds else 0.0

    def loss_share(self, namespace: str) -> float:
        """Return the share of frames lost, of those that count."""
        complete = [stamp for stamp, _ in self.frames[namespace]]
        return measures.loss_share(self.sent, complete, SETTLE_S)

    def status(self, namespace: str) -> dict:
        """Return the latest diagnostics of the node in a namespace."""
        return next((s for n, s in self.after.items() if n.startswith(f'{namespace}/')), {})

    def losses(self, namespace: str) -> dict:
        """Return how many frames were lost and where, as `measures.losses`."""
        old = next((s for n, s in self.before.items() if n.startswith(f'{namespace}/')), {})
        new = self.status(namespace)
        received, published = (
            int(new.get(key, 0)) - int(old.get(key, 0)) for key in ('received', 'published')
        )
        complete = len(self.frames[namespace])
        return measures.losses(len(self.sent), received, published, complete)


def our_node(namespace: str, settings: Settings, **parameters) -> Node:
    """Return the package's node, with what the benchmark needs and `parameters` on top."""
    values = {
        'model': settings.model_path,
        'device': settings.device,
        'diagnostics.period': REPORT_PERIOD_S,
        **parameters,
    }
    arguments = ['--ros-args']
    if namespace:
        arguments += ['-r', f'__ns:=/{namespace}']
    for name, value in values.items():
        arguments += ['-p', f'{name}:={json.dumps(value)}']
    return Node('ros.our_node', tuple(arguments))


def plain_node(namespace: str, settings: Settings) -> Node:
    """Return the plain node."""
    options = ('--model', settings.model_path, '--device', settings.device)
    return Node('ros.plain_process', (*options, '--ros-args', '-r', f'__ns:=/{namespace}'))


class Load:
    """Start nodes, a camera and a listener; use it in a `with` block."""

    def __init__(
        self,
        settings: Settings,
        nodes: Sequence[Node],
        size: tuple[int, int],
        namespaces: Sequence[str],
        topics: Sequence[str] = (),
    ):
        """
        Start the processes and wait until all have found each other.

        Args:
            settings: of the run.
            nodes: to start.
            size: width and height of the images.
            namespaces: of the cameras' and the outputs' topics.
            topics: outputs to subscribe to; () for all.

        Raises:
            BenchmarkError: one of them could not start.

        """
        self._stack = ExitStack()
        self._nodes: list[Child] = []
        environ = ros_environment(settings.scratch)
        try:
            for node in nodes:
                self._nodes.append(self._start(node, settings, environ))
            width, height = (str(n) for n in size)
            self._listener = self._worker(
                settings, environ, 'ros.listener', '--topics', *topics, '--namespaces', *namespaces
            )
            self._camera = self._worker(
                settings, environ, 'ros.camera', '--images', str(settings.images),
                '--width', width, '--height', height, *namespaces,
            )  # fmt: skip
            self._ask_alive(self._listener, 'wait', statuses=len(namespaces))
            self._ask_alive(self._camera, 'wait')
        except BaseException:
            self._stack.close()
            raise

    def _start(self, node, settings, environ):
        child = Child(
            node.module,
            [sys.executable, '-m', f'monodepth_ros.benchmark.{node.module}', *node.arguments],
            environ,
            settings.scratch / f'{node.module}_{time.monotonic_ns()}.log',
            None,
        )
        self._stack.callback(child.stop)
        return child

    def _worker(self, settings, environ, module, *arguments):
        return self._stack.enter_context(
            Worker(module, settings.scratch, *arguments, environ=environ)
        )

    def _ask_alive(self, worker, what, **options):
        return worker.ask(what, check=self._check_nodes, **options)

    def _check_nodes(self):
        for child in self._nodes:
            if child.ended:
                raise BenchmarkError(f'{child.name} ended with {child.last_words()}')

    def trial(self, namespaces: Sequence[str], rate: float, seconds: float) -> Trial:
        """Publish images in some namespaces, all at once, and return what came of it."""
        before = self._listener.ask('collect', clear=True)['statuses']
        cpu_before = self._cpu_seconds()
        answer = self._ask_alive(
            self._camera, 'publish', namespaces=list(namespaces), rate=rate, seconds=seconds
        )
        cpu_then = self._cpu_seconds()
        after = self._drain()
        sent = answer['stamps']
        # What came late of an earlier trial is not of this one.
        return Trial(
            sent=sent,
            frames={
                name: [frame for frame in frames if frame[0] >= sent[0]]
                for name, frames in after['complete'].items()
            },
            seconds=(sent[-1] - sent[0]) / 1e9,
            cpu_seconds=[new - old for new, old in zip(cpu_then, cpu_before)],
            cpu_seconds_in_all=[new - old for new, old in zip(self._cpu_seconds(), cpu_before)],
            rss_mb=[usage.resident_mb(child.pid) for child in self._nodes],
            before=before,
            after=after['statuses'],
        )

    def _cpu_seconds(self) -> list[float]:
        self._check_nodes()
        return [usage.cpu_seconds(child.pid) for child in self._nodes]

    def _drain(self) -> dict:
        """Wait until nothing comes any more and return what has come."""
        end = time.monotonic() + DRAIN_LIMIT_S
        while True:
            collected = self._listener.ask('collect', check=self._check_nodes)
            arrivals = sorted(a for frames in collected['complete'].values() for _, a in frames)
            if len(arrivals) > 1:
                silence_s = (time.time_ns() - arrivals[-1]) / 1e9
                pauses = (later - earlier for earlier, later in zip(arrivals, arrivals[1:]))
                if silence_s > max(QUIET_S, PAUSES * max(pauses) / 1e9):
                    return collected
            if time.monotonic() > end:
                return collected
            time.sleep(REPORT_PERIOD_S)

    def __enter__(self) -> Load:
        return self

    def __exit__(self, *exception) -> None:
        self._stack.close()


def ros_environment(scratch: Path) -> Mapping[str, str]:
    """Return the processes' environment: this machine alone, in a domain of their own."""
    environ = {**os.environ, **profile_environment(), 'ROS_LOG_DIR': str(scratch)}
    # Up to 101, domains keep clear of the ports that Linux gives out by itself.
    environ.setdefault('ROS_DOMAIN_ID', str(random.randint(1, 101)))
    environ['ROS_AUTOMATIC_DISCOVERY_RANGE'] = 'LOCALHOST'
    return environ
