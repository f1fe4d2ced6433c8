"""How long the stages of a frame take."""

from __future__ import annotations

from contextlib import contextmanager
import time
from typing import Iterator

STAGES = ('convert', 'prepare', 'engine', 'output', 'publish')
"""
What a frame goes through: message to RGB, RGB to the network's input, the network (for a batch,
all of it), maps and pictures written into messages, messages handed to the middleware.
"""


class Stopwatch:
    """
    Add up the time that a frame spends in each stage.

    Attributes:
        seconds: by stage of `STAGES`; those that have not run are missing.

    """

    def __init__(self) -> None:
        self.seconds: dict[str, float] = {}

    def add(self, stage: str, seconds: float) -> None:
        """Count time to a stage."""
        self.seconds[stage] = self.seconds.get(stage, 0.0) + seconds

    @contextmanager
    def measure(self, stage: str) -> Iterator[None]:
        """Count the time of a `with` block to a stage."""
        begun = time.perf_counter()
        yield
        self.add(stage, time.perf_counter() - begun)
