"""What a run tells while it goes on: a line a step, curves, pictures, the history."""

from __future__ import annotations

import time
from typing import Optional

from monodepth_ros.training.run_folder import RunFolder, StepLog
from monodepth_ros.training.tensorboard import EventLog
import numpy as np


class Recorder:
    """Writes the records of the process that leads.

    Args:
        files: the run's folder.
        step: how many steps are done.
        batch_size: images a step.

    """

    def __init__(self, files: RunFolder, step: int, batch_size: int):
        self._files = files
        with files.writing():
            self._steps = StepLog(files.steps, step)
            self._events = EventLog(files.events, step)
        self._batch_size = batch_size
        self._before = time.monotonic()

    def __enter__(self) -> Recorder:
        """Begin."""
        return self

    def __exit__(self, *error) -> None:
        """Close the files."""
        self._steps.close()
        self._events.close()

    def step(self, step: int, numbers: dict[str, Optional[float]]) -> None:
        """Record a step, counted from 1."""
        now = time.monotonic()
        speed = self._batch_size / max(now - self._before, 1e-9)
        self._before = now
        with self._files.writing():
            self._steps.add({'step': step, **numbers})
            self._events.scalars(step, {**numbers, 'images_per_second': speed}, 'train')

    def validation(self, history: list[dict], picture: Optional[np.ndarray]) -> None:
        """Record the last validation of the history."""
        record = history[-1]
        self._files.write_history(history)
        self._files.write_picture(record['epoch'], picture)
        with self._files.writing():
            values = {key: v for key, v in record.items() if key not in ('epoch', 'step')}
            self._events.scalars(record['step'], values, 'held_out')
            self._events.picture(record['step'], picture)
            self._events.flush()
        self._before = time.monotonic()  # its time is not the next step's

    def sync(self) -> None:
        """Bring all steps to the disk; a state may be saved only after that."""
        with self._files.writing():
            self._steps.sync()
            self._events.flush()
