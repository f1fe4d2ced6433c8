"""Process that runs one engine: `python -m monodepth_ros.benchmark.engine_process`."""

from __future__ import annotations

import sys
import time
from typing import Callable

from monodepth_ros.benchmark.serve import serve
from monodepth_ros.benchmark.usage import resident_mb
from monodepth_ros.frames import Frame, RawOutput
from monodepth_ros.pipeline.flicker import Flicker
from monodepth_ros.pipeline.predictor import Predictor, PredictorOptions
import numpy as np

NOISE = 4.0
"""Deviation of a camera's noise in grey levels, as of a usual webcam indoors."""


class _TimedEngine:
    """An engine that notes how long it takes."""

    labels = None

    def __init__(self, engine):
        self._engine = engine
        self.facts = engine.facts
        self.times: list[float] = []

    def infer(self, images: np.ndarray) -> RawOutput:
        begun = time.perf_counter()
        result = self._engine.infer(images)
        self.times.append((time.perf_counter() - begun) * 1e3)
        return result


class EngineProcess:
    """What the process answers; it holds one subject at a time."""

    def __init__(self):
        self._empty_mb = resident_mb()
        self._subject = None
        self._product: Callable[[], object] = lambda: None

    def load(self, kind: str, images: str, **options) -> dict:
        """Load a network into an engine and run it once, on the first image of an .npy file."""
        self._images = np.load(images)
        self._subject = _SUBJECTS[kind](**options)
        self._subject.infer(self._images[:1])
        facts = {'resident_mb': resident_mb() - self._empty_mb}
        for name in ('name', 'precision', 'device', 'reason'):
            facts[name] = getattr(self._subject, name, '')
        return facts

    def time(self, count: int, batch: int = 1, size: tuple = ()) -> dict:
        """Return the milliseconds of each run on a batch of images, (height, width) or as are."""
        height, width = size or self._images.shape[1:3]
        images = np.resize(self._images, (batch, height, width, 3))
        return {'ms': time_calls(lambda: self._subject.infer(images), count)}

    def predict(self, width: int, height: int, count: int) -> dict:
        """Return the milliseconds from a camera's image to maps of its size, and the engine's."""
        engine = _TimedEngine(self._subject)
        predictor = Predictor(engine)
        frame = Frame(np.resize(self._images[0], (height, width, 3)))
        times = time_calls(lambda: predictor.predict(frame), count)
        return {'ms': times, 'engine_ms': engine.times[-count:]}

    def flicker(self, frames: int, rate: float, temporal_filter: float) -> dict:
        """Return the change of depth on noisy copies of each image, and the time of a frame."""
        options = PredictorOptions(temporal_filter=temporal_filter)
        changes, times = [], []
        for image in self._images:
            predictor, flicker = Predictor(self._subject, options), Flicker()
            random = np.random.default_rng(0)
            for number in range(frames):
                noisy = image + random.normal(0.0, NOISE, image.shape)
                stamp_ns = round((number + 1) / rate * 1e9)
                frame = Frame(np.clip(noisy, 0, 255).astype(np.uint8), stamp_ns=stamp_ns)
                begun = time.perf_counter()
                prediction = predictor.predict(frame)
                times.append((time.perf_counter() - begun) * 1e3)
                flicker.update(frame.image, prediction.depth)
            changes.append(flicker.compute()['change'])
        return {'change': float(np.median(changes)), 'ms_median': float(np.median(times))}

    def outputs(self, out: str) -> dict:
        """Write the results of all images, one by one, to an .npz file."""
        results = [self._subject.infer(image[np.newaxis]) for image in self._images]
        maps = {
            name: np.concatenate([getattr(result, name) for result in results])
            for name in ('depth', 'label')
        }
        np.savez(out, **maps)
        return {}

    def gflop(self) -> dict:
        """Return the arithmetic for one image; of a plain network or a peer."""
        height, width = self._images.shape[1:3]
        return {'gflop': self._subject.gflop(height, width)}

    def load_product(self, **options) -> dict:
        """Make a matrix product."""
        from monodepth_ros.benchmark.products import make_product

        self._product = make_product(**options)
        return {}

    def time_product(self, count: int) -> dict:
        """Return the milliseconds of each product."""
        return {'ms': time_calls(self._product, count)}


def time_calls(function: Callable[[], object], count: int) -> list[float]:
    """Return the milliseconds of `count` calls, after one that does not count."""
    function()
    times = []
    for _ in range(count):
        begun = time.perf_counter()
        function()
        times.append((time.perf_counter() - begun) * 1e3)
    return times


def calibrate(model: str, images: str) -> dict:
    """Calibrate a checkpoint for INT8 with images, (N, h, w, 3) uint8 RGB in an .npy file."""
    from monodepth_ros.engines.openvino_int8 import calibrate as find_ranges

    begun = time.perf_counter()
    find_ranges(model, [image[np.newaxis] for image in np.load(images)])
    return {'seconds': time.perf_counter() - begun}


def write_random(images: str, **options) -> dict:
    """Write a checkpoint of random weights."""
    from monodepth_ros.benchmark import weights

    weights.write_random(images=np.load(images), **options)
    return {}


def write_with_stride(**options) -> dict:
    """Write a checkpoint anew for another output stride."""
    from monodepth_ros.benchmark import weights

    weights.write_with_stride(**options)
    return {}


def known_networks() -> dict:
    """Return the names of all networks."""
    from monodepth_ros.benchmark import weights

    return {'names': weights.known_networks()}


def _plain(**options):
    from monodepth_ros.benchmark.plain import open_plain

    return open_plain(**options)


def _engine(**options):
    from monodepth_ros.engines.factory import create_engine

    return create_engine(**options)


def _peer(**options):
    from monodepth_ros.benchmark.onnx_peer import OnnxPeer

    return OnnxPeer(**options)


_SUBJECTS = {'plain': _plain, 'engine': _engine, 'peer': _peer}


def main() -> int:
    """Answer until standard input ends."""
    process = EngineProcess()
    methods = ('load', 'time', 'predict', 'flicker', 'outputs', 'gflop', 'load_product')
    methods += ('time_product',)
    functions = (calibrate, write_random, write_with_stride, known_networks)
    handlers = {name: getattr(process, name) for name in methods}
    return serve({**handlers, **{function.__name__: function for function in functions}})


if __name__ == '__main__':
    sys.exit(main())
