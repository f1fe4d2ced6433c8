"""Run tasks on Ray: a cluster, or the processes of this machine."""

from __future__ import annotations

from collections import deque
import os
import socket
from typing import Any, Callable, Iterable, Iterator, Optional

from monodepth_ros.errors import ConfigError, EngineError, MonodepthError
from monodepth_ros.fleet.tasks import MakeWorker

LOCAL = 'local'
"""In place of an address: Ray on this machine alone."""
LOOK_AHEAD = 3
"""Tasks a worker in hand or waiting: the others are not even made."""
RETRIES = 5
"""How often a task begins anew whose worker or machine is gone."""
ATTEMPTS = 3
"""To start Ray here: it gives itself half a minute, which a loaded machine may exceed."""
CONNECT_SECONDS = 10.0
OWN_PRIORITY = ('RAY_worker_niceness', '0')
"""Ray's own, 15, is next to the lowest priority: beside other programs workers hardly run."""
REQUIREMENT = 'ray>=2.10'


class _Worker:
    """Does tasks in a process of Ray; what goes wrong is a result, since it must get back."""

    def __init__(self, make: MakeWorker) -> None:
        self._error: Optional[MonodepthError] = None
        try:
            self._worker = make()
        except MonodepthError as error:
            self._error = error

    def run(self, task: Any) -> tuple[Any, Optional[MonodepthError]]:
        """Return what came of a task, and what went wrong or None."""
        if self._error is not None:
            return None, self._error
        try:
            return self._worker.run(task), None
        except MonodepthError as error:
            return None, error


def _all(task):
    return task


class RayWorkers:
    """
    Workers on Ray, one in each process; use it as a context manager.

    Args:
        make: gives a worker; every machine must have what that takes, such as the weights.
        address: of the cluster, or `LOCAL`.
        workers: how many; 0 for one a GPU, or one a CPU where there are none.

    Attributes:
        count: how many there are.

    Raises:
        ConfigError: Ray is not installed, is of another version than the cluster's, or does not
            answer.

    """

    def __init__(self, make: MakeWorker, address: str, workers: int = 0) -> None:
        self._ray = _connected(address, workers)
        resources = self._ray.cluster_resources()
        gpus = int(resources.get('GPU', 0))
        count = workers or gpus or max(1, int(resources.get('CPU', 1)))
        remote = self._ray.remote(
            num_cpus=1, num_gpus=min(1.0, gpus / count), max_restarts=-1, max_task_retries=RETRIES
        )(_Worker)
        self.count = count
        self._workers = [remote.remote(make) for _ in range(count)]

    def __enter__(self) -> RayWorkers:
        return self

    def __exit__(self, *_) -> None:
        self._ray.shutdown()

    def results(
        self, tasks: Iterable[Any], sent: Callable[[Any], Any] = _all
    ) -> Iterator[tuple[Any, Any]]:
        """
        Yield each task and what came of it, in order; tasks are taken as they are needed.

        A task whose worker or machine is gone is done anew by another.

        Args:
            tasks: to do.
            sent: gives what of a task a worker needs.

        Raises:
            EngineError: that happened `RETRIES` times to one task.
            MonodepthError: as the worker.

        """
        waiting: deque = deque()
        busy = [0] * len(self._workers)
        for task in tasks:
            place = busy.index(min(busy))
            busy[place] += 1
            waiting.append((task, place, self._workers[place].run.remote(sent(task))))
            if len(waiting) >= LOOK_AHEAD * len(self._workers):
                yield self._first(waiting, busy)
        while waiting:
            yield self._first(waiting, busy)

    def _first(self, waiting, busy):
        task, place, reference = waiting.popleft()
        try:
            result, error = self._ray.get(reference)
        except self._ray.exceptions.RayError as failure:
            text = ' '.join(str(failure).split())[:300]
            raise EngineError(
                f'a task on Ray failed {RETRIES} times ({text}); what is done stays, the same '
                'command goes on; look at the memory of the machines'
            ) from None
        busy[place] -= 1
        if error is not None:
            raise error
        return task, result


def _connected(address, workers):
    """Return the library, connected."""
    try:
        import ray
    except ImportError as error:
        raise ConfigError(
            f'--ray needs the library ray ({error}); install it: pip install "{REQUIREMENT}"'
        ) from None
    place: dict[str, Any] = {'address': address}
    _check_address(address, ray.__version__)
    if address == LOCAL:
        place = {'num_cpus': workers or None, 'include_dashboard': False}
        os.environ.setdefault(*OWN_PRIORITY)
    for attempt in range(ATTEMPTS):
        try:
            ray.init(**place, log_to_driver=False, logging_level='ERROR')
            return ray
        # RuntimeError for another version, ConnectionError and ValueError for an address, and
        # Exception itself where it takes too long.
        except Exception as error:
            ray.shutdown()
            slow = address == LOCAL and 'timed out' in str(error)
            if not slow or attempt == ATTEMPTS - 1:
                raise ConfigError(_not_connected(address, ray.__version__, error)) from None
    raise AssertionError('the last attempt returns or raises')


def _check_address(address, version):
    """Raise ConfigError where nobody answers: Ray would end the whole process."""
    host, _, port = address.rpartition('://')[2].rpartition(':')
    if address in (LOCAL, 'auto'):
        return
    try:
        socket.create_connection((host, int(port)), CONNECT_SECONDS).close()
    except (OSError, ValueError, OverflowError) as error:
        raise ConfigError(_not_connected(address, version, error)) from None


def _not_connected(address, version, error):
    text = ' '.join(str(error).split())[:300]
    return (
        f'--ray {address}: {text}; this is Ray {version}, the cluster must be of the same; start '
        'one with: ray start --head, or give --ray local'
    )


def run_ray(
    make: MakeWorker, tasks: Iterable[Any], address: str, workers: int = 0
) -> Iterator[tuple[Any, Any]]:
    """Yield each task and what came of it, in order; see `RayWorkers`."""
    with RayWorkers(make, address, workers) as found:
        yield from found.results(tasks)
