"""Predict jobs on Ray, with the interface of the pool of this machine."""

from __future__ import annotations

from functools import partial
from typing import Callable, Iterable, Iterator

from monodepth_ros.fleet.ray_tasks import RayWorkers
from monodepth_ros.offline.jobs import Job
from monodepth_ros.offline.runner import predict_job, Result
from monodepth_ros.offline.sinks import Products
from monodepth_ros.pipeline.predictor import Predictor


class PredictWorker:
    """Predicts jobs with one engine.

    Args:
        make_predictor: gives the predictor.

    """

    def __init__(self, make_predictor: Callable[[], Predictor]) -> None:
        self._predictor = make_predictor()

    def run(self, task: tuple[Products, Job]) -> Result:
        """Return the result of a job."""
        return predict_job(self._predictor, *task)


class RayPool:
    """As `offline.runner.Pool`, on Ray; videos and bags are written here, in order.

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

    def results(self, jobs: Iterable[Job], products: Products) -> Iterator[Result]:
        """Yield the results in the order of the jobs, which are taken as they are needed."""
        for _, result in self._workers.results((products, job) for job in jobs):
            yield result
