"""What a run of the benchmark is to do."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Optional

from monodepth_ros.benchmark.images import load_images, network_inputs
from monodepth_ros.benchmark.worker import Worker
from monodepth_ros.engines.factory import resolve_model
from monodepth_ros.engines.graphs import read_facts
from monodepth_ros.facts import ModelFacts
import numpy as np

EVALUATION_IMAGES = 8
CALIBRATION_IMAGES = 18
"""Fewer than `monodepth export` takes: the figures are of speed, and of errors to expect."""


@dataclass(frozen=True)
class Settings:
    """
    One run.

    Attributes:
        images: folder of images.
        scratch: folder for logs and what the processes hand on; it is taken away at the end.
        threads: CPU threads of every engine.
        device: 'cpu', 'cuda' or 'cuda:N'.
        model: what the node runs: a shipped model's name or the path of a checkpoint.
        checkpoints: more checkpoints for the table of engines.
        peer: ONNX file of a published network, or None.
        quick: fewer networks, shorter series.

    """

    images: Path
    scratch: Path
    threads: int
    device: str = 'cpu'
    model: str = 'dual_efficientnet_lite0'
    checkpoints: tuple[Path, ...] = ()
    peer: Optional[Path] = None
    quick: bool = False

    @property
    def on_cuda(self) -> bool:
        """Whether a GPU is measured."""
        return self.device != 'cpu'

    @property
    def series_s(self) -> float:
        """Seconds for which things are run side by side."""
        return 3.0 if self.quick else 8.0

    @property
    def model_path(self) -> str:
        """Path of the model's weight file."""
        return str(resolve_model(self.model))

    def facts(self, path: Optional[str] = None) -> ModelFacts:
        """Return the facts of a checkpoint, of the model where none is given."""
        return read_facts(path or self.model_path)

    def load_engine(self, worker: Worker) -> dict:
        """Let a worker load the model into the engine of 'auto', and return what it says of it."""
        return worker.ask(
            'load',
            kind='engine',
            images=self.save_inputs(self.facts()),
            model=self.model_path,
            device=self.device,
            threads=self.threads,
        )

    def save_inputs(self, facts: ModelFacts, calibration: bool = False) -> str:
        """Write images at a network's input size to an .npy file and return its path.

        Args:
            facts: tell the size.
            calibration: images for calibration; else others, for timing and errors.

        """
        count, offset = (CALIBRATION_IMAGES, 1) if calibration else (EVALUATION_IMAGES, 0)
        inputs = network_inputs(load_images(self.images, count, offset), facts)
        name = f'{"calibration" if calibration else "inputs"}_{inputs.shape[2]}x{inputs.shape[1]}'
        path = self.scratch / f'{name}.npy'
        np.save(path, inputs)
        return str(path)
