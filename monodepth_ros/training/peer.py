"""A published depth network as an ONNX file, evaluated beside ours on the same pixels."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Optional

import cv2
from monodepth_ros.errors import ConfigError, EngineError
from monodepth_ros.frames import Prediction
from monodepth_ros.training.datasets import Sample
from monodepth_ros.training.datasets.base import Crop
from monodepth_ros.training.depth_evaluation import DepthEvaluation
from monodepth_ros.training.evaluate import crop_mask, depth_on_truth
import numpy as np

RESIZING = {
    'area': cv2.INTER_AREA,
    'linear': cv2.INTER_LINEAR,
    'nearest': cv2.INTER_NEAREST_EXACT,
}
"""How the part of the image that a peer sees gets the size of its input."""
COMPARED = {
    'model': 'this model, on the pixels that both see',
    'peer_same': 'the peer, on the same pixels',
    'peer_own': 'the peer, on all that it sees',
}
"""What `SideBySide` measures, by key and in words."""


@dataclass(frozen=True)
class PeerOptions:
    """What a published network takes and gives.

    Attributes:
        crop: x, y, width and height in pixels of the image, the part that the network sees; None
            for all.
        size: width and height in pixels of the network's input; None for what the file says.
        resize: one of `RESIZING`.
        mean: per-channel RGB mean, on the scale 0..255, that is subtracted from the input.
        std: per-channel RGB deviation, on the scale 0..255, that divides the input.
        scale: metres that the network's output 1 stands for.

    """

    crop: Optional[tuple[int, int, int, int]] = None
    size: Optional[tuple[int, int]] = None
    resize: str = 'area'
    mean: tuple[float, float, float] = (0.0, 0.0, 0.0)
    std: tuple[float, float, float] = (255.0, 255.0, 255.0)
    scale: float = 1.0


class OnnxPeer:
    """A network from (1, 3, h, w) float32 RGB to depth, run by ONNX Runtime on the CPU.

    Args:
        path: the ONNX file.
        options: what it takes and gives.
        threads: CPU threads; 0 leaves ONNX Runtime's own choice.

    Raises:
        EngineError: ONNX Runtime is not installed, or cannot load the file.
        ConfigError: there is no such file, it takes another kind of input, or its input has no
            fixed size and none is given.

    """

    def __init__(self, path: str | Path, options: PeerOptions | None = None, threads: int = 0):
        self.path = Path(path).expanduser()
        self.options = options or PeerOptions()
        if not self.path.is_file():
            raise ConfigError(f'--onnx-peer {self.path} does not exist; give an ONNX file')
        self._session = _open(self.path, threads)
        taken = self._session.get_inputs()[0]
        self._input = taken.name
        self.size = self._input_size(taken.shape)

    def _input_size(self, shape) -> tuple[int, int]:
        """Return width and height of the input."""
        if len(self._session.get_inputs()) != 1 or len(shape) != 4 or shape[1] != 3:
            raise ConfigError(
                f'--onnx-peer {self.path}: its first of {len(self._session.get_inputs())} inputs '
                f'is {shape}, expected one input, (1, 3, height, width)'
            )
        fixed = shape[3], shape[2]
        if not all(isinstance(side, int) for side in fixed):
            if self.options.size is None:
                raise ConfigError(
                    f'--onnx-peer {self.path}: its input {shape} has no fixed size; give '
                    '--peer-size WIDTHxHEIGHT'
                )
            return self.options.size
        if self.options.size not in (None, fixed):
            raise ConfigError(
                f'--peer-size {self.options.size[0]}x{self.options.size[1]}, but the input of '
                f'{self.path} is {fixed[0]} x {fixed[1]}'
            )
        return fixed

    def crop(self, size: tuple[int, int]) -> Crop:
        """Return the rows and columns that the network sees of an image of (rows, columns).

        Raises:
            ConfigError: the image does not have all of them.

        """
        rows, columns = size
        x, y, width, height = self.options.crop or (0, 0, columns, rows)
        if x + width > columns or y + height > rows:
            raise ConfigError(
                f'--peer-crop {x},{y},{width},{height} does not fit into an image of {columns} x '
                f'{rows}; give X,Y,WIDTH,HEIGHT in its pixels'
            )
        return slice(y, y + height), slice(x, x + width)

    def predict(self, image: np.ndarray) -> np.ndarray:
        """Return (H, W) float32 metres, NaN where the network does not see the image.

        Args:
            image: (H, W, 3) uint8 RGB.

        Raises:
            ConfigError: as `crop`.
            EngineError: the network failed, or gives something else than one map.

        """
        crop = self.crop(image.shape[:2])
        seen = np.ascontiguousarray(image[crop])
        values = cv2.resize(seen, self.size, interpolation=RESIZING[self.options.resize])
        values = (values.astype(np.float32) - self.options.mean) / self.options.std
        values = np.ascontiguousarray(values.transpose(2, 0, 1)[np.newaxis], np.float32)
        depth = np.full(image.shape[:2], np.nan, np.float32)
        found = self._run(values) * np.float32(self.options.scale)
        depth[crop] = cv2.resize(found, seen.shape[1::-1], interpolation=cv2.INTER_LINEAR)
        return depth

    def _run(self, values: np.ndarray) -> np.ndarray:
        try:
            found = self._session.run(None, {self._input: values})[0]
        except Exception as error:  # its errors derive from Exception alone
            raise EngineError(f'ONNX Runtime failed on {self.path}: {error}') from error
        if found.ndim < 2 or found.size != found.shape[-1] * found.shape[-2]:
            raise EngineError(f'{self.path} gives {found.shape}, expected one map of depth')
        return found.reshape(found.shape[-2:]).astype(np.float32)


def _open(path: Path, threads: int):
    try:
        import onnxruntime
    except ImportError as error:
        raise EngineError(
            f'--onnx-peer needs ONNX Runtime ({error}); install it: pip install onnxruntime'
        ) from error
    onnxruntime.disable_telemetry_events()
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    options.log_severity_level = 3  # old files list their weights as inputs: a warning for each
    try:
        return onnxruntime.InferenceSession(str(path), options, providers=['CPUExecutionProvider'])
    except Exception as error:  # its errors derive from Exception alone
        raise EngineError(f'ONNX Runtime cannot load --onnx-peer {path}: {error}') from error


class SideBySide:
    """Measure a model and a peer on the pixels that count for both.

    Args:
        peer: the peer.
        max_depth: metres; farther ground truth does not count.
        crop: rows and columns of the image that count for the model; None for all.

    Attributes:
        model: of the model, on the pixels that count and that the peer sees.
        peer_same: of the peer, on the same pixels.
        peer_own: of the peer, on all that it sees.

    """

    def __init__(self, peer: OnnxPeer, max_depth: float, crop: Optional[Crop] = None):
        self._peer = peer
        self._crop = crop
        self.model = DepthEvaluation(max_depth)
        self.peer_same = DepthEvaluation(max_depth)
        self.peer_own = DepthEvaluation(max_depth)

    def update(self, sample: Sample, prediction: Prediction) -> None:
        """Add one image and what the model predicts for it."""
        size = sample.image.shape[:2]
        depth = self._peer.predict(sample.image)
        seen = crop_mask(size, self._peer.crop(size))
        both = seen & crop_mask(size, self._crop)
        self.model.update(*depth_on_truth(sample, prediction.depth, both))
        self.peer_same.update(*depth_on_truth(sample, depth, both))
        self.peer_own.update(*depth_on_truth(sample, depth, seen))

    def compute(self) -> dict:
        """Return figures and details by the keys of `COMPARED`, as plain JSON types."""
        rows = {key: getattr(self, key) for key in COMPARED}
        return {key: {**row.metric.compute(), **row.details()} for key, row in rows.items()}
