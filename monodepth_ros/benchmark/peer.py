"""A published network in ONNX Runtime beside ours, in the same engine and in our best one."""

from __future__ import annotations

from contextlib import ExitStack
from functools import partial

from monodepth_ros.benchmark.alternate import alternate
from monodepth_ros.benchmark.settings import Settings
from monodepth_ros.benchmark.spread import rounded, spread
from monodepth_ros.benchmark.worker import Worker
from monodepth_ros.errors import BenchmarkError


def measure_peer(settings: Settings) -> tuple[dict, list[dict]]:
    """
    Return a row for the peer, and under `ours` one for our model in each of two engines.

    Raises:
        BenchmarkError: no peer was given, or it could not be run.

    """
    if settings.peer is None:
        raise BenchmarkError('no peer was given; --peer FILE.onnx')
    images = settings.save_inputs(settings.facts())
    options = {'device': settings.device, 'threads': settings.threads}
    subjects = {
        'peer': {'kind': 'peer', 'path': str(settings.peer)},
        'onnxruntime': {'kind': 'engine', 'engine': 'onnxruntime', 'model': settings.model_path},
        'auto': {'kind': 'engine', 'engine': 'auto', 'model': settings.model_path},
        'plain': {'kind': 'plain', 'path': settings.model_path},
    }
    with ExitStack() as stack:
        workers, rows, errors = {}, {}, []
        for name, subject in subjects.items():
            worker = stack.enter_context(Worker('engine_process', settings.scratch))
            try:
                loaded = worker.ask('load', images=images, **subject, **options)
            except BenchmarkError as error:
                errors.append({'part': 'peer', 'what': name, 'error': str(error)})
                continue
            workers[name] = worker
            rows[name] = {
                'network': settings.peer.stem if name == 'peer' else settings.facts().network,
                'engine': loaded['name'] or name,
                'precision': loaded['precision'] or 'float32',
            }
        if 'peer' not in workers:
            raise BenchmarkError(errors[0]['error'])
        gflop = _gflop(workers, errors)
        times, failures = alternate(
            {name: partial(_time, worker) for name, worker in workers.items()}, settings.series_s
        )
    errors += [{'part': 'peer', 'what': n, 'error': text} for n, text in failures.items()]
    for name, series in times.items():
        rows[name].update(spread(series))
        rows[name]['frames_per_second'] = rounded(1e3 / rows[name]['ms_median'])
        rows[name]['gflop'] = rounded(gflop.get('peer' if name == 'peer' else 'plain'))
    return {**rows['peer'], 'ours': [rows[n] for n in times if n != 'peer']}, errors


def _gflop(workers, errors):
    """Return the arithmetic of the peer and of our network, where it can be counted."""
    counted = {}
    for name in ('peer', 'plain'):
        if name not in workers:
            continue
        try:
            counted[name] = workers[name].ask('gflop')['gflop']
        except BenchmarkError as error:
            errors.append({'part': 'peer', 'what': f'gflop of {name}', 'error': str(error)})
    return counted


def _time(worker, count):
    return worker.ask('time', count=count)['ms']
