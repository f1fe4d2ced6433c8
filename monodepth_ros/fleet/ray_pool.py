"""Predict sources on Ray, with the interface of the pool of this machine."""

from __future__ import annotations

from functools import partial
from typing import Callable, Iterable, Iterator, NamedTuple

import cv2
from monodepth_ros.fleet.ray_tasks import RayWorkers
from monodepth_ros.offline.jobs import Held, Source, Stretch
from monodepth_ros.offline.runner import predict_job, Result, Wanted
from monodepth_ros.offline.sinks import Products, STREAMS
from monodepth_ros.pipeline.predictor import Predictor

FRAMES = 8
"""Of a task: one costs the driver and Ray the same whether of one frame or of many."""
FRAMES_SENT = 2
"""Where their messages or pictures come back, which fill the memory while they wait."""


class PredictWorker:
    """Reads and predicts stretches of sources with one engine.

    Args:
        make_predictor: gives the predictor.

    """

    def __init__(self, make_predictor: Callable[[], Predictor]) -> None:
        # As local workers: the engine has its own threads, and one CPU is all that there is.
        cv2.setNumThreads(1)
        self._predictor = make_predictor()
        self._held = Held()

    def run(self, task: tuple[Products, Stretch]) -> list[Result]:
        """Return the results of the jobs of a stretch."""
        products, stretch = task
        return [predict_job(self._predictor, products, job) for job in stretch.jobs(self._held)]


class RayPool:
    """As `offline.runner.Pool`, on Ray; videos and bags are written here, in order.

    Workers read their frames themselves, so every machine must see the sources where they are.

    Args:
        make_predictor: gives a Predictor; can be sent to another machine, which has the weights.
        address: of the cluster, or 'local'.
        workers: how many; 0 for one a GPU, or one a CPU.

    """

    def __init__(
        self, make_predictor: Callable[[], Predictor], address: str, workers: int = 0
    ) -> None:
        self._workers = RayWorkers(partial(PredictWorker, make_predictor), address, workers)

    def __enter__(self) -> RayPool:
        return self

    def __exit__(self, *error) -> None:
        self._workers.__exit__(*error)

    def results(self, wanted: Iterable[Wanted]) -> Iterator[tuple[Source, Result]]:
        """Yield each source with its results, in order; stretches are cut as they are needed."""
        found = self._workers.results(
            tasks(wanted, self._workers.count), sent=lambda task: task[1:]
        )
        for task, results in found:
            for result in results:
                yield task.source, result


class Task(NamedTuple):
    """What a worker does at once; the source itself stays here.

    Attributes:
        source: whose frames they are.
        products: what is made of each.
        stretch: the frames.

    """

    source: Source
    products: Products
    stretch: Stretch


def tasks(wanted: Iterable[Wanted], workers: int) -> Iterator[Task]:
    """Yield the tasks of sources, of so few frames that each worker has some."""
    for source, products in wanted:
        length = FRAMES_SENT if set(products.kinds) & set(STREAMS) else FRAMES
        length = max(1, min(length, len(source) // (2 * workers)))
        for stretch in source.stretches(length):
            yield Task(source, products, stretch)
