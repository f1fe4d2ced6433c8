"""A network of others as a script by hand runs it: float images on the host, one call, maps."""

from __future__ import annotations

import time

import cv2
from monodepth_ros.benchmark.onnx_flops import count_onnx_gflop
from monodepth_ros.benchmark.onnx_peer import ONLY_ERRORS, PROVIDERS
from monodepth_ros.engines.base import raw_output
from monodepth_ros.engines.foreign.facts import make_facts
from monodepth_ros.engines.foreign.network import read_network
from monodepth_ros.errors import BenchmarkError
from monodepth_ros.frames import RawOutput
import numpy as np
import onnxruntime

METRES = {
    'metres': lambda x: x,
    'millimetres': lambda x: x * np.float32(0.001),
    'log_metres': np.exp,
    'inverse_metres': lambda x: 1.0 / x,
}


class PlainOnnx:
    """
    What the engines are compared with where the model is an ONNX file.

    Attributes:
        facts: of the file and its manifest.
        network_ms: what the network itself took of the last `infer`; the rest is the host's.

    """

    network_ms = 0.0

    def __init__(self, path: str, device: str = 'cpu', threads: int = 0):
        """
        Open a file; `threads` 0 leaves ONNX Runtime's own choice.

        Raises:
            BenchmarkError: its depth is no metres, which the tables do not compare.

        """
        _, signature, self._manifest = read_network(path)
        if self._manifest.depth and not self._manifest.depth.is_metric:
            raise BenchmarkError(f'{path} gives no metres; take a network that does')
        self.facts = make_facts(self._manifest, signature)
        self._path = path
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = threads
        options.log_severity_level = ONLY_ERRORS
        providers = [PROVIDERS[device.split(':')[0]]]
        self._session = onnxruntime.InferenceSession(path, options, providers=providers)
        self._type = next(
            t.dtype for t in signature.inputs if t.name == self._manifest.takes.tensor
        )
        self._types = {tensor.name: tensor.dtype for tensor in signature.inputs}

    def gflop(self, height: int, width: int) -> float:
        """Return the 10^9 operations of one pass."""
        return count_onnx_gflop(self._path)

    def infer(self, images: np.ndarray) -> RawOutput:
        """Return depth, label and confidence of (N, h, w, 3) uint8 RGB, as an engine does."""
        self.network_ms = 0.0
        results = [self._maps(image) for image in images]
        return raw_output(self.facts, [np.stack(maps) for maps in zip(*results)])

    def _maps(self, image):
        spec = self._manifest.takes
        x = image if self._type == np.uint8 else (image.astype(np.float32) - spec.mean) / spec.std
        x = x[..., ::-1] if spec.colors == 'BGR' else x
        x = x[None] if spec.layout == 'NHWC' else x.transpose(2, 0, 1)[None]
        x = x[None] if spec.layout == 'NVCHW' else x
        feed = {spec.tensor: np.ascontiguousarray(x, self._type)}
        feed.update({n: np.asarray(v, self._types[n]) for n, v in spec.constants.items()})
        names = [output.name for output in self._session.get_outputs()]
        begun = time.perf_counter()
        values = self._session.run(None, feed)
        self.network_ms += (time.perf_counter() - begun) * 1e3
        found = dict(zip(names, values))
        size = image.shape[1::-1]
        maps = [self._depth(found, size)] if self._manifest.depth else []
        return [*maps, *(self._labels(found, size) if self._manifest.labels else [])]

    def _depth(self, found, size):
        spec = self._manifest.depth
        x = _channels(found[spec.tensor], spec.layout)[..., spec.channel].astype(np.float32)
        x = METRES[spec.kind](cv2.resize(x, size)) * np.float32(spec.factor)
        for condition in spec.conditions:
            mask = _channels(found[condition.tensor], 'NHW')[..., 0].astype(np.float32)
            mask = cv2.resize(mask, size, interpolation=cv2.INTER_NEAREST_EXACT)
            above = mask > condition.threshold
            x = np.where(above if condition.above else mask < condition.threshold, x, np.nan)
        return x.astype(np.float32)

    def _labels(self, found, size):
        spec = self._manifest.labels
        x = _channels(found[spec.tensor], spec.layout).astype(np.float32)
        if spec.kind == 'map':
            index = cv2.resize(x[..., 0], size, interpolation=cv2.INTER_NEAREST_EXACT).astype(int)
            return [self._renamed(index)]
        planes = [cv2.resize(np.ascontiguousarray(p), size) for p in np.moveaxis(x, -1, 0)]
        scores = np.stack(planes)
        index, best = scores.argmax(0), scores.max(0)
        if spec.kind == 'logits' and spec.activation == 'sigmoid':
            best = 1.0 / (1.0 + np.exp(-best))
        elif spec.kind == 'logits':
            best = 1.0 / np.exp(scores - best).sum(0)
        return [self._renamed(index), (best * 255.0 + 0.5).astype(np.uint8)]

    def _renamed(self, index):
        table = self._manifest.labels.table()
        return (index if table is None else np.array(table)[index]).astype(np.uint8)


def _channels(values, layout):
    """Return the map of one image as (h, w, C)."""
    if layout == 'NHWC':
        return values[0]
    planes = values.reshape(-1, *values.shape[-2:])
    return planes.transpose(1, 2, 0)
