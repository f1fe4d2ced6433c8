"""Several cameras: one node that batches their frames, against a node for each."""

from __future__ import annotations

from typing import Sequence

from monodepth_ros.benchmark.load import Load, our_node
from monodepth_ros.benchmark.node import check_ros, FULL_SIZE, SMALL_TOPICS
from monodepth_ros.benchmark.settings import Settings
from monodepth_ros.benchmark.spread import rounded
from monodepth_ros.errors import BenchmarkError

COUNTS = (1, 2, 4)
RATE = 15
"""Images a second of each camera, all taken at once as by cameras on one trigger."""


def measure_cameras(
    settings: Settings, counts: Sequence[int] = (), window_s: float = 0.0
) -> tuple[list, list]:
    """
    Return a row for each number of cameras and arrangement of nodes, and what went wrong.

    Args:
        settings: of the run; a quick one has two cameras alone.
        counts: numbers of cameras; () for `COUNTS`.
        window_s: seconds of a trial; 0 for a default.

    Raises:
        BenchmarkError: there is no ROS.

    """
    check_ros()
    window_s = window_s or (3.0 if settings.quick else 5.0)
    counts = counts or (COUNTS[1:2] if settings.quick else COUNTS)
    rows, errors = [], []
    for count in counts:
        for nodes in sorted({1, count}):
            try:
                rows.append(_measure(settings, count, nodes, window_s))
            except BenchmarkError as error:
                what = f'{count} cameras, {nodes} nodes'
                errors.append({'part': 'cameras', 'what': what, 'error': str(error)})
    for row in rows:
        apart = next((r for r in rows if r['cameras'] == r['nodes'] == row['cameras']), None)
        ratio = apart and row['frames_per_cpu_second'] / apart['frames_per_cpu_second']
        row['ratio_to_a_node_each'] = rounded(ratio)
    return rows, errors


def _measure(settings, cameras, nodes, window_s):
    namespaces = [f'camera{i}' for i in range(cameras)]
    if nodes == cameras:
        started = [our_node(name, settings) for name in namespaces]
    else:
        started = [our_node('', settings, cameras=namespaces)]
    with Load(settings, started, FULL_SIZE, namespaces, SMALL_TOPICS) as load:
        load.trial(namespaces, RATE, 1.0)  # builds what batches of several need
        trial = load.trial(namespaces, RATE, window_s)
    frames = sum(len(frames) for frames in trial.frames.values())
    return {
        'cameras': cameras,
        'nodes': nodes,
        'offered_hz': rounded(trial.rate * cameras),
        'output_hz': rounded(frames / trial.seconds),
        'frames_per_cpu_second': rounded(frames / sum(trial.cpu_seconds_in_all)),
        'cpu_percent': rounded(100 * sum(trial.cpu_seconds) / trial.seconds),
        'rss_mb': rounded(sum(trial.rss_mb)),
    }
