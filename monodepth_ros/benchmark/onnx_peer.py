"""A published depth network as an ONNX file, in ONNX Runtime, to compare with."""

from __future__ import annotations

from monodepth_ros.benchmark.onnx_flops import count_onnx_gflop
import numpy as np
import onnxruntime

PROVIDERS = {'cpu': 'CPUExecutionProvider', 'cuda': 'CUDAExecutionProvider'}
ONLY_ERRORS = 3


class OnnxPeer:
    """A network with one input, (1, 3, h, w) float32 RGB 0..1, as FastDepth and its like have.

    Args:
        path: of the ONNX file.
        device: 'cpu' or 'cuda'.
        threads: CPU threads; 0 leaves ONNX Runtime's own choice.

    """

    name = 'onnxruntime'
    precision = 'float32'

    def __init__(self, path: str, device: str = 'cpu', threads: int = 0):
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = threads
        options.log_severity_level = ONLY_ERRORS
        self.device = device
        self._path = path
        self._session = onnxruntime.InferenceSession(
            path, options, providers=[PROVIDERS[device.split(':')[0]]]
        )
        entry = self._session.get_inputs()[0]
        self._input = entry.name
        self._values = np.random.default_rng(0).random(entry.shape, np.float32)

    def infer(self, images: np.ndarray) -> list[np.ndarray]:
        """Run once on values made beforehand, of the network's own size; `images` go unused."""
        return self._session.run(None, {self._input: self._values})

    def gflop(self, height: int, width: int) -> float:
        """Return the 10^9 operations of one pass, which has a size of its own."""
        return count_onnx_gflop(self._path)
