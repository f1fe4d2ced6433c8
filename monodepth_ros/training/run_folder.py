"""The files of a training run, written so that a crash at any moment leaves whole ones."""

from __future__ import annotations

from contextlib import contextmanager
import fcntl
import json
import os
from pathlib import Path
from typing import Iterator, Optional

import cv2
from monodepth_ros.errors import TrainingError
from monodepth_ros.networks.safetensors_file import write_atomically
from monodepth_ros.training.config import TrainConfig
import numpy as np

FREE_TO_CHANGE = {'epochs', 'validate_every', 'patience', 'cache'}
"""Keys of the configuration that may differ when a run is resumed."""


class RunFolder:
    """Paths and writers of one run's files.

    Attributes:
        state: everything that a run goes on from.
        best: weights of the best validation.
        last: weights of the last validation.
        config: the configuration, JSON.
        card: what the weights of a fine-tuning are, Markdown.
        history: one JSON line a validation.
        steps: one JSON line a step.
        sessions: one JSON line each time that the run was started: versions and device.
        events: folder for TensorBoard.
        pictures: folder with one PNG a validation.

    """

    def __init__(self, path: str | Path):
        self.path = Path(path)
        self.state = self.path / 'state.safetensors'
        self.best = self.path / 'best.safetensors'
        self.last = self.path / 'last.safetensors'
        self.config = self.path / 'config.json'
        self.card = self.path / 'card.md'
        self.history = self.path / 'history.jsonl'
        self.steps = self.path / 'steps.jsonl'
        self.sessions = self.path / 'sessions.jsonl'
        self.events = self.path / 'events'
        self.pictures = self.path / 'pictures'

    @contextmanager
    def writing(self) -> Iterator[None]:
        """Turn an error of the file system into a TrainingError."""
        try:
            yield
        except OSError as error:
            raise TrainingError(
                f'cannot write to {self.path}: {error.strerror or error}; make room and resume, '
                'the last saved state is still whole'
            ) from error

    @contextmanager
    def opened(self) -> Iterator[None]:
        """Make the folder and hold it for this process alone.

        Raises:
            TrainingError: another process trains in it, or it cannot be written to.

        """
        with self.writing():
            self.path.mkdir(parents=True, exist_ok=True)
            lock = open(self.path / '.lock', 'a')
        with lock:
            self._lock(lock)
            with self.writing():
                for leftover in self.path.glob('.*.tmp'):  # of a process that was killed
                    leftover.unlink()
            yield

    def _lock(self, file) -> None:
        """Take the lock, which the kernel drops when this process ends, however it does."""
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise TrainingError(
                f'another process trains in {self.path}; wait for it, or choose another --out'
            ) from None

    def write_config(self, config: TrainConfig) -> None:
        """Write the configuration."""
        self._write(self.config, json.dumps(config.to_dict(), indent=2) + '\n')

    def write_history(self, records: list[dict]) -> None:
        """Write the records of all validations."""
        self._write(self.history, ''.join(json.dumps(record) + '\n' for record in records))

    def write_card(self, text: str) -> None:
        """Write the card of a fine-tuning."""
        self._write(self.card, text)

    def add_session(self, record: dict) -> None:
        """Note that the run starts or goes on."""
        with self.writing(), open(self.sessions, 'a', encoding='utf-8') as file:
            file.write(json.dumps(record) + '\n')

    def write_picture(self, epoch: int, picture: Optional[np.ndarray]) -> None:
        """Write the (H, W, 3) uint8 RGB picture of an epoch's validation, if there is one."""
        if picture is None:
            return
        data = cv2.imencode('.png', cv2.cvtColor(picture, cv2.COLOR_RGB2BGR))[1].tobytes()
        with self.writing():
            self.pictures.mkdir(exist_ok=True)
            write_atomically(self.pictures / f'epoch_{epoch:04}.png', data)

    def _write(self, path, text):
        with self.writing():
            write_atomically(path, text.encode())

    def check_same_run(self, config: TrainConfig) -> None:
        """Raise TrainingError where the run was begun otherwise, and say with which keys."""
        if not self.config.is_file():
            return
        before, now = self._read_config(), json.loads(json.dumps(config.to_dict()))
        changed = {k for k in before if k in now and before[k] != now[k]} - FREE_TO_CHANGE
        if changed:
            raise TrainingError(
                f'{self.config} was begun with another {", ".join(sorted(changed))}; resume with '
                'the configuration of the run, or start anew in another --out folder'
            )

    def _read_config(self) -> dict:
        try:
            values = json.loads(self.config.read_bytes())
            if not isinstance(values, dict):
                raise ValueError(f'it holds a {type(values).__name__}, expected an object')
            return values
        except (OSError, ValueError, RecursionError) as error:
            raise TrainingError(
                f'{self.config} cannot be read: {error}; restore it, or start anew in another '
                '--out folder'
            ) from None


class StepLog:
    """One line of JSON a step, exactly once, however often the run was killed and resumed.

    Args:
        path: the file; what it holds of steps after `step` is cut off, since they will be done
            again.
        step: how many steps are done.

    """

    def __init__(self, path: Path, step: int):
        kept = _lines_up_to(path, step) if path.exists() else []
        write_atomically(path, b''.join(kept))
        self._file = open(path, 'ab')

    def add(self, record: dict) -> None:
        """Append a record whose 'step' counts from 1."""
        self._file.write(json.dumps(record).encode() + b'\n')
        self._file.flush()

    def sync(self) -> None:
        """Bring what was added to the disk; a state may be saved only after that."""
        os.fsync(self._file.fileno())

    def close(self) -> None:
        """Close the file."""
        self._file.close()


def _lines_up_to(path: Path, step: int) -> list[bytes]:
    """Return the whole lines of steps 1..step; the last one may have been cut by a kill."""
    kept = []
    for line in path.read_bytes().splitlines(keepends=True):
        try:
            number = json.loads(line)['step']
        except (ValueError, TypeError, KeyError, RecursionError):
            break
        if type(number) is not int or number > step or not line.endswith(b'\n'):
            break
        kept.append(line)
    return kept
