"""Every network in every engine and precision, beside plain eager PyTorch."""

from __future__ import annotations

from contextlib import ExitStack
from dataclasses import dataclass
from functools import partial
from pathlib import Path
import time
from typing import Mapping, Sequence

from monodepth_ros.benchmark.alternate import alternate
from monodepth_ros.benchmark.settings import Settings
from monodepth_ros.benchmark.spread import rounded, spread
from monodepth_ros.benchmark.targets import Target
from monodepth_ros.benchmark.worker import Worker
from monodepth_ros.engines.graphs import is_foreign
from monodepth_ros.errors import BenchmarkError
import numpy as np

PLAIN = 'plain'
"""The row that others are compared with: eager PyTorch, float32, NCHW."""

OF_ONNX_FILES = ('openvino', 'onnxruntime', 'tensorrt')
"""Engines that run networks of others."""

SLOW_TO_CALIBRATE = (8, 16)
"""Output strides that int8 is not measured for: calibration would take most of the run."""


@dataclass(frozen=True)
class Case:
    """
    An engine in a precision.

    Attributes:
        engine: name in the factory, or `PLAIN`.
        precision: what it computes in.
        role: 'main' ones are measured in every run, 'more' ones only in a full run and not for
            networks that are extras, 'compiled' ones, which take minutes to build, only for the
            model that the node runs.

    """

    engine: str
    precision: str = 'float32'
    role: str = 'main'


CASES = {
    'cpu': (
        Case(PLAIN),
        Case('torch', role='more'),
        Case('torch_channels_last'),
        Case('torch_compile', role='compiled'),
        Case('openvino'),
        Case('openvino', 'bfloat16'),
        Case('openvino', 'int8', 'more'),
        Case('onnxruntime', role='more'),
    ),
    'cuda': (
        Case(PLAIN),
        Case('torch_channels_last', role='more'),
        Case('torch_channels_last', 'float16'),
        Case('torch_compile', role='compiled'),
        Case('torch_cuda_graph'),
        Case('torch_cuda_graph', 'float16'),
        Case('onnxruntime', 'float16', 'more'),
        Case('tensorrt', 'float16', 'compiled'),
    ),
}


def choose_cases(settings: Settings, target: Target, is_model: bool) -> list[Case]:
    """Return what to measure of a network, as the cases' roles say."""
    roles = {'main'}
    if not settings.quick and not target.is_extra:
        roles.add('more')
    if not settings.quick and is_model:
        roles.add('compiled')
    cases = [case for case in CASES['cuda' if settings.on_cuda else 'cpu'] if case.role in roles]
    if is_foreign(target.path):
        return [case for case in cases if case.engine in (PLAIN, *OF_ONNX_FILES)]
    if target.output_stride in SLOW_TO_CALIBRATE:
        return [case for case in cases if case.precision != 'int8']
    return cases


def measure_engines(
    settings: Settings,
    target: Target,
    cases: Sequence[Case],
    warm_start: bool = False,
) -> tuple[list[dict], list[dict]]:
    """
    Return a row for each case of a network, and what went wrong.

    Args:
        settings: of the run.
        target: the network.
        cases: engines to measure; the first is what the others are compared with.
        warm_start: start each engine a second time, when its artefacts are cached.

    """
    images = settings.save_inputs(settings.facts(target.path))
    rows, errors = {}, []
    with ExitStack() as stack:
        workers = {}
        for case in cases:
            try:
                workers[case], rows[case] = _start(settings, target, case, images, warm_start)
                stack.enter_context(workers[case])
            except BenchmarkError as error:
                errors.append(_error(target, case, error))
        gflop = None
        for case in (case for case in workers if case.engine == PLAIN):
            gflop = workers[case].ask('gflop')['gflop']
        times, failures = alternate(
            {case: partial(_time, worker) for case, worker in workers.items()}, settings.series_s
        )
        errors += [_error(target, case, text) for case, text in failures.items()]
        for case, series in times.items():
            rows[case].update(_speed(series, gflop))
        _compare(settings, {case: workers[case] for case in times}, rows)
    base = rows[cases[0]]['ms_median'] if cases[0] in times else None
    for case in times:
        faster = base / rows[case]['ms_median'] if base else None
        rows[case]['speedup_over_eager_fp32'] = rounded(faster)
    return [rows[case] for case in times], errors


def _start(settings, target, case, images, warm_start):
    """Start an engine with an empty cache, once more where asked; return its process and row."""
    cache = settings.scratch / f'cache_{time.monotonic_ns()}'
    row = {
        'network': target.network,
        'output_stride': target.output_stride or None,
        'weights': target.weights,
        'engine': case.engine,
        'precision': case.precision,
        'start_warm_s': None,
    }
    worker = _spawn(settings, cache)
    try:
        if case.precision == 'int8':
            row['calibration_s'] = _calibrate(settings, target, worker)
            worker.stop()
            worker = _spawn(settings, cache)
        loaded = _load(settings, target, case, worker, images)
        row['start_cold_s'] = rounded(time.perf_counter() - worker.started)
        if warm_start:
            worker.stop()
            worker = _spawn(settings, cache)
            loaded = _load(settings, target, case, worker, images)
            row['start_warm_s'] = rounded(time.perf_counter() - worker.started)
    except BaseException:
        worker.stop()
        raise
    row['rss_mb'] = rounded(loaded['resident_mb'])
    row['device'] = loaded['device'] or settings.device
    return worker, row


def _spawn(settings: Settings, cache: Path) -> Worker:
    """Start a process that keeps what it compiles in a folder of its own."""
    environ = {'XDG_CACHE_HOME': str(cache), 'TORCHINDUCTOR_CACHE_DIR': str(cache / 'inductor')}
    return Worker('engine_process', settings.scratch, environ=environ)


def _calibrate(settings, target, worker):
    images = settings.save_inputs(settings.facts(target.path), calibration=True)
    return rounded(worker.ask('calibrate', model=target.path, images=images)['seconds'])


def _load(settings, target, case, worker, images):
    options = {'device': settings.device, 'threads': settings.threads}
    if case.engine == PLAIN:
        return worker.ask('load', kind='plain', images=images, path=target.path, **options)
    options.update(engine=case.engine, precision=case.precision, model=target.path)
    return worker.ask('load', kind='engine', images=images, **options)


def _time(worker, count):
    return worker.ask('time', count=count)['ms']


def _speed(series, gflop):
    figures = spread(series)
    figures['frames_per_second'] = rounded(1e3 / figures['ms_median'])
    figures['gflop'] = rounded(gflop)
    figures['peak_share'] = None
    return figures


def add_peak_shares(rows: Sequence[dict], peaks: Mapping[str, float]) -> None:
    """Set `peak_share` of each row: its operations a second over the peak in its precision."""
    for row in rows:
        peak = peaks.get(row['precision'])
        if peak and row['gflop']:
            row['peak_share'] = rounded(row['gflop'] / (row['ms_median'] * 1e-3) / peak)


def _compare(settings, workers, rows):
    """Add to each row how its results differ from those of the first."""
    results = {}
    for number, (case, worker) in enumerate(workers.items()):
        path = settings.scratch / f'outputs_{number}.npz'
        worker.ask('outputs', out=str(path))
        with np.load(path) as file:
            results[case] = {name: file[name] for name in file.files}
        path.unlink()
    reference = next(iter(results.values()), None)
    for case, result in results.items():
        rows[case].update(difference(result, reference))


def difference(result: dict, reference: dict) -> dict:
    """
    Return median relative error of depth and share of equal labels; None where there are none.

    Args:
        result: 'depth', float32 metres, and 'label', uint8, of any one shape.
        reference: the same of what is taken for right.

    """
    errors = np.abs(result['depth'] - reference['depth']) / reference['depth']
    labelled = reference['label'] != 255
    agreement = (result['label'] == reference['label'])[labelled]
    return {
        'depth_median_rel_error': rounded(np.median(errors)),
        'label_agreement': rounded(agreement.mean()) if labelled.any() else None,
    }


def _error(target, case, error):
    what = f'{target.network} {target.output_stride or ""} {case.engine} {case.precision}'
    return {'part': 'engines', 'what': ' '.join(what.split()), 'error': str(error)}
