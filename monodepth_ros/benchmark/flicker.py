"""How much depth flickers on a camera that stands still, with the filter over time and without."""

from __future__ import annotations

from typing import Sequence

from monodepth_ros.benchmark.settings import Settings
from monodepth_ros.benchmark.spread import rounded
from monodepth_ros.benchmark.worker import Worker

FILTERS_S = (0.0, 0.5)
"""Time constants; 0 is without the filter."""
FRAMES, RATE = 16, 15.0
"""Of each image, and frames a second."""


def measure_flicker(
    settings: Settings, filters: Sequence[float] = FILTERS_S, frames: int = FRAMES
) -> list[dict]:
    """
    Return a row by time constant of the filter, of the model in the engine of 'auto'.

    A still camera is an image seen again and again with a camera's noise. `change` is the median
    relative change of depth from one frame to the next, and `ms_median` a frame's time from image
    to maps.

    Raises:
        BenchmarkError: the engine failed.

    """
    with Worker('engine_process', settings.scratch) as worker:
        settings.load_engine(worker)
        rows = []
        for seconds in filters:
            found = worker.ask('flicker', frames=frames, rate=RATE, temporal_filter=seconds)
            figures = {name: rounded(value) for name, value in found.items()}
            rows.append({'temporal_filter_s': seconds, **figures})
    return rows
