"""The threads that run the network, so that the executor's thread never does."""

from __future__ import annotations

from dataclasses import dataclass, field
import threading
import time
from typing import Any, Callable, Iterator, Mapping, Optional, Protocol, Sequence

from monodepth_ros.frames import RawOutput
from monodepth_ros.pipeline.predictor import Prepared
from monodepth_ros.ros.frame_mailbox import Handover, Mailbox
from monodepth_ros.ros.signals import THREADS
from monodepth_ros.ros.stopwatch import Stopwatch

PIPELINE_DEPTHS = (1, 2)
"""Values of the parameter `pipeline_depth`."""

STOP_TIMEOUT_S = 4.0
"""How long a transition waits for the frame in hand: less than the 5 s after which `ros2 launch`
and Nav2's lifecycle manager lose patience."""


class Source(Protocol):
    """Where frames come from, and what is done with them before and after the network."""

    def refuses(self, task: Task) -> bool:
        """Return whether the source takes no more frames, and count this one."""

    def prepare(self, task: Task) -> None:
        """Set `task.values` and `task.prepared`."""

    def finish(self, task: Task, raw: RawOutput, index: int) -> None:
        """Publish what the network gave for the frame, number `index` of the batch `raw`."""

    def superseded(self, task: Task) -> None:
        """Count a frame that a newer one has replaced."""

    def failed(self, task: Task, error: BaseException) -> None:
        """Count and report a frame that was dropped for `error`."""


@dataclass(eq=False)
class Task:
    """
    One image message on its way to published outputs.

    Attributes:
        source: whose frame it is.
        message: Image or CompressedImage.
        received: when it came, by the clock `time.monotonic`.
        values: parameter values by name that hold for the frame to its end.
        prepared: the frame, once it is ready for the network.
        stopwatch: how long each stage took.

    """

    source: Source
    message: Any
    received: float = 0.0
    values: Mapping[str, Any] = field(default_factory=dict)
    prepared: Optional[Prepared] = None
    stopwatch: Stopwatch = field(default_factory=Stopwatch)


class Worker:
    """
    Take the newest frame of each source through its stages, in threads of its own.

    Frames that are ready at the same time and have network inputs of one size go through the
    network together; none waits for another. With depth 1 one thread does all. With depth 2,
    while the network has one frame, the frame before is being finished and the next prepared, each
    in a thread: a prepared frame is replaced by a newer one until the network takes it, and the
    network waits where finishing is slower.
    """

    def __init__(self, infer: Callable[[Sequence[Prepared]], RawOutput], depth: int = 1) -> None:
        """
        Start the threads.

        Args:
            infer: runs the network on frames of one input size; this object is its only user.
            depth: one of `PIPELINE_DEPTHS`.

        """
        self._infer = infer
        self._stopping = False
        self._arrived: Mailbox[Task] = Mailbox()
        self._prepared: Mailbox[Task] = Mailbox()
        self._results: Handover[tuple[list[Task], RawOutput]] = Handover()
        stages = (
            [self._do_all]
            if depth == 1
            else [self._prepare_next, self._run_network, self._finish_last]
        )
        self._threads = [
            threading.Thread(target=stage, name=f'{THREADS}{stage.__name__}', daemon=True)
            for stage in stages
        ]
        for thread in self._threads:
            thread.start()

    def submit(self, task: Task) -> None:
        """Hand over a frame and return at once; it replaces its source's one that still waits."""
        _leave(self._arrived, task)

    def stop(self, timeout: float) -> bool:
        """Finish the frames in hand, drop those that wait, end; return whether all has ended."""
        self._stopping = True
        self._arrived.close()
        self._prepared.close()
        deadline = time.monotonic() + timeout
        for thread in self._threads:
            thread.join(max(0.0, deadline - time.monotonic()))
        return not self.is_alive

    @property
    def is_alive(self) -> bool:
        """Whether a thread, and with it perhaps the network, still runs."""
        return any(thread.is_alive() for thread in self._threads)

    def _do_all(self) -> None:
        while tasks := self._arrived.take():
            ready = [task for task in tasks if self._prepare(task)]
            for batch, raw in self._run(ready):
                self._finish(batch, raw)

    def _prepare_next(self) -> None:
        while tasks := self._arrived.take():
            for task in tasks:
                if self._prepare(task):
                    _leave(self._prepared, task)

    def _run_network(self) -> None:
        while tasks := self._prepared.take():
            for result in self._run(tasks):
                self._results.put(result)
        self._results.close()

    def _finish_last(self) -> None:
        while (result := self._results.take()) is not None:
            self._finish(*result)

    def _prepare(self, task: Task) -> bool:
        if task.source.refuses(task):
            return False
        try:
            task.source.prepare(task)
        except BaseException as error:
            self._drop(task, error)
            return False
        return True

    def _run(self, tasks: list[Task]) -> Iterator[tuple[list[Task], RawOutput]]:
        """Yield batches of frames and what the network gives for each batch."""
        batches: dict[tuple[int, ...], list[Task]] = {}
        for task in tasks:
            if not task.source.refuses(task):
                batches.setdefault(task.prepared.shapes, []).append(task)
        for batch in batches.values():
            begun = time.perf_counter()
            try:
                raw = self._infer([task.prepared for task in batch])
            except BaseException as error:
                for task in batch:
                    self._drop(task, error)
                continue
            seconds = time.perf_counter() - begun
            for task in batch:
                task.stopwatch.add('engine', seconds)
            yield batch, raw

    def _finish(self, batch: list[Task], raw: RawOutput) -> None:
        for index, task in enumerate(batch):
            try:
                task.source.finish(task, raw, index)
            except BaseException as error:
                self._drop(task, error)

    # The threads outlive whatever an engine or a driver raises; what it was is for the source.
    # SystemExit, too: it would end a thread in silence, and the node would live on without output.
    def _drop(self, task: Task, error: BaseException) -> None:
        # What a frame does that was left behind, with its topics gone, is nobody's concern.
        if not self._stopping:
            task.source.failed(task, error)


def _leave(mailbox: Mailbox[Task], task: Task) -> None:
    replaced = mailbox.put(task.source, task)
    if replaced is not None:
        replaced.source.superseded(replaced)
