"""From jobs to results in order: one process or several, one engine each."""

from __future__ import annotations

from collections import deque
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass, field, replace
import multiprocessing
from pathlib import Path
import signal
from typing import Any, Callable, Iterable, Iterator, Sequence

import cv2
from monodepth_ros.errors import ConfigError, EngineError, MonodepthError
from monodepth_ros.offline.jobs import Job, Source
from monodepth_ros.offline.rerun_writer import require_rerun, RrdWriter
from monodepth_ros.offline.sinks import Products, STREAMS, VideoWriter
from monodepth_ros.pipeline.predictor import Predictor
from monodepth_ros.processes import end_with_parent

LOOK_AHEAD = 2
"""Jobs a worker in hand or waiting; more would only fill the memory with images."""


@dataclass(frozen=True)
class Result:
    """What became of a job.

    Attributes:
        job: the job.
        error: why there is no result, or ''.
        note: why the result is not all that it could be, or ''.
        skipped: whether all its files were there already.
        payloads: what is added to a video, a bag or a recording for Rerun.

    """

    job: Job
    error: str = ''
    note: str = ''
    skipped: bool = False
    payloads: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Plan:
    """What a run makes.

    Attributes:
        products: what each frame becomes; its kinds are those of every source, none for the
            source's own.
        resume: leave alone what is complete.
        fps: frames a second of videos; 0 for the source's own.
        storage: of bags, 'mcap' or 'sqlite3'.
        namespace: put before the topics of bags.

    """

    products: Products
    resume: bool = False
    fps: float = 0.0
    storage: str = 'mcap'
    namespace: str = ''

    def kinds(self, source: Source) -> tuple[str, ...]:
        """Return what is made of a source; raise ConfigError where it cannot be."""
        kinds = self.products.kinds or source.default_kinds
        if 'bag' in kinds and 'bag' not in source.default_kinds:
            raise ConfigError(
                f'cannot write a bag of {source.name}: only bags have the stamps that it needs'
            )
        return kinds

    def missing(self, source: Source) -> tuple[str, ...]:
        """Return what is made of a source, less video, bag and recording that are there."""
        return tuple(
            kind
            for kind in self.kinds(source)
            if kind not in STREAMS or not self.stream_path(source, kind).exists()
        )

    def made_of(self, source: Source) -> Products:
        """Return what is to be made of each frame of a source."""
        kinds = self.missing(source)
        return replace(
            self.products,
            kinds=kinds,
            calibrated=source.calibrated,
            skip_complete=self.resume and not set(kinds) & set(STREAMS),
        )

    def stream_path(self, source: Source, kind: str) -> Path:
        """Return where the video, bag or recording for Rerun of a source goes."""
        end = {'video': '_monodepth.mp4', 'rrd': '_monodepth.rrd'}.get(kind, '_monodepth')
        return self.products.folder / f'{source.name}{end}'


def predict_job(predictor: Predictor, products: Products, job: Job) -> Result:
    """Return a job's result; a bad frame is part of it, a place that takes no files is raised."""
    # Where the job goes back to another process it has no use for the image in it any more.
    done = replace(job, load=_nothing)
    products = products.of_model(predictor.engine.facts)
    if products.skip_complete and products.are_complete(job.name):
        return Result(done, skipped=True)
    try:
        frame, note = job.load()
        prediction = predictor.predict(frame)
    except (MonodepthError, cv2.error) as error:
        return Result(done, error=' '.join(str(error).split()))
    payloads = products.make(job.name, prediction, predictor.engine.facts)
    return Result(done, note=note, payloads=payloads)


def _nothing():
    raise AssertionError('the job is done')


Wanted = tuple[Source, Products]
"""A source, and what is to be made of each of its frames."""

# Of a worker process: the predictor, or why there is none.
_state: dict[str, Any] = {}


def _start(make_predictor):
    end_with_parent()
    try:
        _state['predictor'] = make_predictor()
    except MonodepthError as error:
        _state['error'] = str(error)


def _predict_in_worker(products, job):
    if 'error' in _state:
        raise EngineError(_state['error'])
    return predict_job(_state['predictor'], products, job)


class Pool:
    """
    Predict jobs; make it in the main thread and use it as a context manager.

    Args:
        make_predictor: give a Predictor; with several workers it must be possible to pickle it.
        workers: processes; 1 works in this one.

    Raises:
        MonodepthError: as `make_predictor`; with several workers, from `results`.

    """

    def __init__(self, make_predictor: Callable[[], Predictor], workers: int = 1) -> None:
        self._workers = workers
        self._predictor = make_predictor() if workers == 1 else None
        self._executor = None
        if workers > 1:
            # Forked processes inherit locks of torch's threads in any state.
            context = multiprocessing.get_context('spawn')
            self._executor = ProcessPoolExecutor(workers, context, _start, (make_predictor,))
            self._start_workers()

    def _start_workers(self) -> None:
        # Ctrl-C reaches all processes of a terminal, but it is the main one that ends the others:
        # they inherit that they ignore it. A process is started for each call that finds none.
        handler = signal.signal(signal.SIGINT, signal.SIG_IGN)
        try:
            for _ in range(self._workers):
                self._executor.submit(int)
        finally:
            signal.signal(signal.SIGINT, handler)

    def __enter__(self) -> Pool:
        return self

    def __exit__(self, *_) -> None:
        if self._executor:
            self._executor.shutdown(cancel_futures=True)

    def results(self, wanted: Iterable[Wanted]) -> Iterator[tuple[Source, Result]]:
        """Yield each source with its results, in order; jobs are taken as they are needed."""
        jobs = ((source, products, job) for source, products in wanted for job in source.jobs())
        if self._executor is None:
            for source, products, job in jobs:
                yield source, predict_job(self._predictor, products, job)
            return
        try:
            waiting: deque = deque()
            for source, *task in jobs:
                waiting.append((source, self._executor.submit(_predict_in_worker, *task)))
                if len(waiting) >= LOOK_AHEAD * self._workers:
                    yield _first(waiting)
            while waiting:
                yield _first(waiting)
        except BrokenProcessPool:
            raise EngineError(
                f'one of {self._workers} worker processes was ended from outside; if the memory '
                'is too small for them, use fewer --workers'
            ) from None


def _first(waiting):
    source, future = waiting.popleft()
    return source, future.result()


def check(sources: Iterable[Source], plan: Plan) -> None:
    """Raise ConfigError where a source cannot become what is wanted, or would replace a result."""
    for source in sources:
        if 'rrd' in plan.kinds(source):
            require_rerun()
        for kind in set(plan.kinds(source)) & set(STREAMS):
            path = plan.stream_path(source, kind)
            if path.exists() and not plan.resume:
                raise ConfigError(
                    f'{path} exists; keep it with --resume, remove it, or choose another --out'
                )


def run(sources: Sequence[Source], pool: Pool, plan: Plan) -> Iterator[tuple[Source, Result]]:
    """
    Make what is wanted of sources; yield each with a result for every frame, in their order.

    What the frames of a source share gets its name when the results of the next one come, or all
    have been taken; when that ends early, by an error or by closing the iterator, it is removed.

    Raises:
        ConfigError: a place cannot be written to.
        EngineError: a worker process ended.

    """
    wanted = [(source, plan.made_of(source)) for source in sources]
    kinds = {source: products.kinds for source, products in wanted}
    streams = _Streams(plan)
    try:
        for source, result in pool.results(wanted):
            streams.begin(source, kinds[source])
            streams.add(result)
            yield source, replace(result, payloads={})
        streams.finish()
    except BaseException:
        streams.abort()
        raise


class _Streams:
    """What the frames of one source after the other share."""

    def __init__(self, plan):
        self._plan = plan
        self._source = None
        self._open: dict[str, Any] = {}

    def begin(self, source, kinds):
        """Go on with a source; finish those of the one before."""
        if source is not self._source:
            self.finish()
            self._source = source
            for kind in kinds:
                if kind in STREAMS:
                    self._open[kind] = _open_stream(source, kind, self._plan)

    def add(self, result):
        for kind, payload in result.payloads.items():
            self._open[kind].add(result.job.time_ns, payload)

    def finish(self):
        for stream in self._open.values():
            stream.finish()
        self._open = {}

    def abort(self):
        for stream in self._open.values():
            stream.abort()


def _open_stream(source, kind, plan):
    path = plan.stream_path(source, kind)
    if kind == 'video':
        return VideoWriter(path, plan.fps or source.fps)
    if kind == 'rrd':
        return RrdWriter(path, source.poses())
    from monodepth_ros.offline.bag_writer import BagWriter

    return BagWriter(path, plan.storage, plan.namespace)
