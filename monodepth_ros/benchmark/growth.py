"""How time grows with the camera's image, with the network's input, and with the batch."""

from __future__ import annotations

from functools import partial
from typing import Sequence

from monodepth_ros.benchmark.alternate import alternate
from monodepth_ros.benchmark.settings import Settings
from monodepth_ros.benchmark.spread import rounded, spread
from monodepth_ros.benchmark.worker import Worker
from monodepth_ros.errors import BenchmarkError

SIZES = ((320, 240), (640, 480), (1280, 720), (1920, 1080))
BATCHES = (1, 2, 4, 8)
MULTIPLE = 32


def measure_growth(
    settings: Settings,
    sizes: Sequence[tuple[int, int]] = SIZES,
    batches: Sequence[int] = BATCHES,
) -> tuple[dict, list[dict]]:
    """
    Return rows by input size and by batch size of the model in the engine of 'auto'.

    `sizes`: width and height of a camera's image; `predict_ms...` from image to depth and labels
    of that size, of which the engine takes `engine_ms_median` at the network's own input size;
    `full_ms...` is the engine alone on an input as large as the image. `batches`: one call of the
    engine, and `ms_per_image`.
    """
    with Worker('engine_process', settings.scratch) as worker:
        loaded = settings.load_engine(worker)
        rows, errors = _sizes(settings, worker, sizes)
        by_batch, more = _batches(settings, worker, batches)
    engine = {name: loaded[name] for name in ('name', 'precision', 'device')}
    return {'engine': engine, 'sizes': rows, 'batches': by_batch}, errors + more


def _sizes(settings, worker, sizes):
    padded = {size: [-(-n // MULTIPLE) * MULTIPLE for n in reversed(size)] for size in sizes}
    full, errors = alternate(
        {size: partial(_time, worker, size=padded[size]) for size in sizes}, settings.series_s
    )
    problems = [_error(f'{size[0]} x {size[1]}', text) for size, text in errors.items()]
    rows = []
    for size in sizes:
        row = {'width': size[0], 'height': size[1]}
        try:
            times = worker.ask('predict', width=size[0], height=size[1], count=15)
        except BenchmarkError as error:
            problems.append(_error(f'{size[0]} x {size[1]}', error))
            continue
        row['predict_ms_median'] = spread(times['ms'])['ms_median']
        row['predict_ms_p95'] = spread(times['ms'])['ms_p95']
        row['engine_ms_median'] = spread(times['engine_ms'])['ms_median']
        if size in full:
            row['full_ms_median'] = spread(full[size])['ms_median']
        rows.append(row)
    return rows, problems


def _batches(settings, worker, batches):
    times, errors = alternate(
        {batch: partial(_time, worker, batch=batch) for batch in batches}, settings.series_s
    )
    rows = []
    for batch, series in times.items():
        figures = spread(series)
        rows.append(
            {'batch': batch, **figures, 'ms_per_image': rounded(figures['ms_median'] / batch)}
        )
    return rows, [_error(f'batch of {batch}', text) for batch, text in errors.items()]


def _time(worker, count, **shape):
    return worker.ask('time', count=count, **shape)['ms']


def _error(what, error):
    return {'part': 'growth', 'what': what, 'error': str(error)}
