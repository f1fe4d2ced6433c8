"""The machine's matrix-multiply peak in each precision, by the quickest library there is."""

from __future__ import annotations

import statistics

from monodepth_ros.benchmark.settings import Settings
from monodepth_ros.benchmark.spread import rounded
from monodepth_ros.benchmark.worker import Worker
from monodepth_ros.errors import BenchmarkError

PRECISIONS = {'cpu': ('float32', 'bfloat16', 'int8')}
PRECISIONS['cuda'] = ('float32', 'float16', 'bfloat16', 'int8')
SIZES = {'cpu': (2048, 1024), 'cuda': (8192, 4096)}
"""Rows of the square matrices: large enough for blocking to pay, two since it differs which."""
LIBRARIES = {'cpu': ('torch', 'openvino'), 'cuda': ('torch',)}
REPEATS = 7


def measure_peak(settings: Settings) -> dict[str, float]:
    """
    Return 10^9 operations a second by precision, a multiply-add counting as two.

    Each figure is of the median time of `REPEATS` products, in the size and library that give
    most, with the threads that the engines get. A precision that no library has is left out.

    Raises:
        BenchmarkError: no product could be measured at all.

    """
    kind = 'cuda' if settings.on_cuda else 'cpu'
    peaks: dict[str, float] = {}
    errors = []
    for library in LIBRARIES[kind]:
        with Worker('engine_process', settings.scratch) as worker:
            for precision in PRECISIONS[kind]:
                try:
                    rate = max(_rate(worker, settings, library, precision, n) for n in SIZES[kind])
                except BenchmarkError as error:
                    errors.append(f'{library} {precision}: {error}')
                    continue
                peaks[precision] = max(rate, peaks.get(precision, 0.0))
    if not peaks:
        raise BenchmarkError('; '.join(errors))
    return {precision: rounded(rate) for precision, rate in peaks.items()}


def _rate(worker, settings, library, precision, size):
    worker.ask(
        'load_product',
        library=library,
        precision=precision,
        size=size,
        device=settings.device,
        threads=settings.threads,
    )
    times = worker.ask('time_product', count=REPEATS)['ms']
    return 2e-9 * size**3 / (statistics.median(times) * 1e-3)
