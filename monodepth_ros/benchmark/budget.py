"""The node's stages against a floor: copies of the same bytes, and an empty way over DDS."""

from __future__ import annotations

import statistics
import time
from typing import Mapping

from monodepth_ros.benchmark.load import ros_environment
from monodepth_ros.benchmark.node import check_ros, FULL_SIZE
from monodepth_ros.benchmark.settings import Settings
from monodepth_ros.benchmark.spread import rounded
from monodepth_ros.benchmark.worker import Worker
from monodepth_ros.pipeline.preprocess import plan_input
import numpy as np

OUTPUT_BYTES = {
    'depth/image_rect': 4,
    'depth/points': 16,
    'segmentation/mask': 1,
    'segmentation/confidence': 1,
    'segmentation/color_mask': 3,
    'segmentation/overlay': 3,
}
"""Bytes a pixel of each output; camera_info is a few hundred bytes in all."""
COPIES = 60
ROUND_TRIPS = 200
BUFFERS = 8
"""Copied in turn: a camera's next image is not in the cache either."""


def measure_budget(settings: Settings, stages: Mapping[str, float]) -> dict:
    """
    Return `floor_ms` and what it is made of, beside the stages of the node.

    `floor_ms` is a copy of each byte that a frame brings in, that the network takes and that the
    outputs hold, and an empty message's way to another process and back. `publish_floor_ms` is
    what publishing ready messages of the outputs' sizes takes: rclpy and the middleware copy them
    several times, whatever the node does.

    Args:
        settings: of the run.
        stages: the node's milliseconds a frame by stage, at `FULL_SIZE` and all outputs.

    Raises:
        BenchmarkError: there is no ROS, or its processes failed.

    """
    check_ros()
    sizes = stage_bytes(settings, *FULL_SIZE)
    copies = {stage: copy_ms(count) for stage, count in sizes.items()}
    outputs = [count * FULL_SIZE[0] * FULL_SIZE[1] for count in OUTPUT_BYTES.values()]
    round_trip, publish = _middleware(settings, outputs)
    return {
        'floor_ms': rounded(sum(copies.values()) + round_trip),
        'copy_ms': {stage: rounded(value) for stage, value in copies.items()},
        'bytes': sizes,
        'round_trip_ms': rounded(round_trip),
        'publish_floor_ms': rounded(publish),
        'stages_ms': {stage: rounded(value) for stage, value in stages.items()},
    }


def stage_bytes(settings: Settings, width: int, height: int) -> dict[str, int]:
    """Return the bytes that each stage has to write at least, for an rgb8 image of this size."""
    plan = plan_input(width, height, None, settings.facts())
    return {
        'convert': width * height * 3,
        'prepare': plan.width * plan.height * 3,
        'output': width * height * sum(OUTPUT_BYTES.values()),
    }


def copy_ms(count: int) -> float:
    """Return the median milliseconds that copying so many bytes takes."""
    sources = [np.full(count, i, np.uint8) for i in range(BUFFERS)]
    targets = [np.empty(count, np.uint8) for _ in range(BUFFERS)]
    for target in targets:
        target.fill(0)  # so that its pages are there
    times = []
    for i in range(COPIES):
        begun = time.perf_counter()
        np.copyto(targets[i % BUFFERS], sources[i % BUFFERS])
        times.append((time.perf_counter() - begun) * 1e3)
    return statistics.median(times)


def _middleware(settings, sizes):
    environ = ros_environment(settings.scratch)
    with Worker('ros.middleware', settings.scratch, 'echo', environ=environ):
        with Worker('ros.middleware', settings.scratch, environ=environ) as prober:
            prober.ask('wait')
            prober.ask('round_trip', count=20)
            round_trips = prober.ask('round_trip', count=ROUND_TRIPS)['ms']
            published = prober.ask('publish', sizes=sizes, count=COPIES)['ms']
    return statistics.median(round_trips), statistics.median(published)
