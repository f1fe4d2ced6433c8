"""TensorRT: an engine built for one GPU and kept in the cache, since a build takes minutes."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path
from typing import Callable, Optional

from monodepth_ros.engines.base import (
    choose_precision,
    Engine,
    OF_THE_FILE,
    output_types,
    raw_output,
)
from monodepth_ros.engines.cache import Artefact, file_digest
from monodepth_ros.engines.export import INPUT
from monodepth_ros.engines.graphs import graph_key, is_foreign, load_graph, read_facts
from monodepth_ros.errors import EngineError
from monodepth_ros.facts import ModelFacts
from monodepth_ros.frames import RawOutput
from monodepth_ros.networks.device import select_device
import numpy as np
import tensorrt
import torch

SHAPES_KEPT = 8
"""Execution contexts held at a time: one for each size and number of images."""
MAX_BATCH = 8
"""Images of one run; what is more is run in parts. TensorRT plans its memory for as many."""


class TensorrtEngine(Engine):
    """Run the deployment graph in TensorRT, built for each input size, up to `MAX_BATCH` images.

    Args:
        path: checkpoint.
        facts: its facts.
        device: 'auto', 'cuda' or 'cuda:N'.
        precision: 'auto' and 'float16' are the same; 'float32'.
        update: build anew what the cache has.

    """

    name = 'tensorrt'

    def __init__(self, path, facts: ModelFacts, device='auto', precision='auto', update=False):
        self.facts = facts
        self._device = select_device('cuda' if device == 'auto' else device)
        if self._device.type != 'cuda':
            raise EngineError(
                f"engine 'tensorrt' needs a CUDA device, device is {device!r}; set device to "
                "'cuda' or engine to 'auto'"
            )
        self._gpu = torch.cuda.get_device_name(self._device)
        self.device = f'{self._device} ({self._gpu})'
        # A network of others computes in what its file says, and may take one image at a time.
        foreign = is_foreign(path)
        offered = ('float32',) if foreign else ('float16', 'float32')
        where = f'TensorRT{OF_THE_FILE if foreign else ""}'
        self.precision = choose_precision(precision, offered, where)
        self._most = 1 if foreign else MAX_BATCH
        self._path, self._update = Path(path), update
        self._logger = tensorrt.Logger(tensorrt.Logger.WARNING)
        self._runtime = tensorrt.Runtime(self._logger)
        self._engine = lru_cache(maxsize=SHAPES_KEPT)(self._load)
        self._runner: Optional[Callable] = lru_cache(maxsize=SHAPES_KEPT)(self._make_runner)

    @classmethod
    def from_file(cls, path, device='auto', threads=0, precision='auto', update=False):
        """Load a checkpoint; raise CheckpointError or EngineError. CPU threads play no part."""
        return cls(path, read_facts(path), device, precision, update)

    def _infer(self, images: np.ndarray) -> RawOutput:
        if self._runner is None:
            raise EngineError('the engine is closed; create a new one')
        parts = [images[i:][: self._most] for i in range(0, len(images), self._most)]
        try:
            with torch.inference_mode(), torch.cuda.device(self._device):
                maps = [self._runner(part.shape)(part) for part in parts]
        except RuntimeError as error:  # out of memory among them
            raise EngineError(f'TensorRT failed on {self.device}: {error}') from error
        return raw_output(self.facts, list(map(np.concatenate, zip(*maps))))

    def _artefact(self, size: tuple[int, int]) -> Artefact:
        """Return the place of an engine: it fits one GPU, driver and TensorRT only."""
        slot = {
            'checkpoint': str(self._path.resolve()),
            'size': size,
            'precision': self.precision,
            'gpu': self._gpu,
        }
        key = {
            **graph_key(self._path),
            'engine': file_digest(__file__),
            'tensorrt': tensorrt.__version__,
            'cuda': torch.version.cuda,
            'driver': _driver_version(),
            'capability': torch.cuda.get_device_capability(self._device),
        }
        return Artefact('tensorrt', slot, key)

    def _load(self, size: tuple[int, int]):
        """Return the engine of an input size from the cache, else built and stored."""
        artefact = self._artefact(size)
        plan = None if self._update else artefact.load()
        engine = plan and self._runtime.deserialize_cuda_engine(plan)
        if not engine:  # absent, or TensorRT would not take it
            plan = self._build(size)
            artefact.store(plan)
            engine = self._runtime.deserialize_cuda_engine(plan)
        if not engine:
            raise EngineError(f'TensorRT {tensorrt.__version__} cannot load what it has built')
        return engine

    def _build(self, size: tuple[int, int]) -> bytes:
        builder = tensorrt.Builder(self._logger)
        network = builder.create_network(_network_flags())
        parser = tensorrt.OnnxParser(network, self._logger)
        if not self._parse(parser):
            reasons = '; '.join(str(parser.get_error(i)) for i in range(parser.num_errors))
            raise EngineError(f'TensorRT {tensorrt.__version__} cannot take the graph: {reasons}')
        config = builder.create_builder_config()
        profile = builder.create_optimization_profile()
        # One image is what most robots send: TensorRT chooses its kernels for that.
        profile.set_shape(INPUT, (1, *size, 3), (1, *size, 3), (self._most, *size, 3))
        config.add_optimization_profile(profile)
        if self.precision == 'float16' and not _strongly_typed():
            config.set_flag(tensorrt.BuilderFlag.FP16)
        plan = builder.build_serialized_network(network, config)
        if plan is None:
            raise EngineError(
                f'TensorRT {tensorrt.__version__} cannot build for {self.device} and input '
                f'{size[1]} x {size[0]}; its log says why; '
                "engine 'torch_cuda_graph' needs no build"
            )
        return bytes(plan)

    def _parse(self, parser) -> bool:
        """Give TensorRT the graph; return whether it takes it."""
        graph = load_graph(self._path, half=self.precision == 'float16')
        if not graph.files:
            return parser.parse(graph.content)
        with graph.on_disk() as path:
            return parser.parse_from_file(str(path))

    def _make_runner(self, shape: tuple[int, ...]) -> Callable[[np.ndarray], list[np.ndarray]]:
        """Return what copies a batch of this shape in, runs the engine and copies out."""
        engine = self._engine(shape[1:3])
        context = engine.create_execution_context()
        context.set_input_shape(INPUT, shape)
        kinds = {
            name: getattr(torch, np.dtype(kind).name)
            for name, kind in output_types(self.facts).items()
        }
        host_input = torch.empty(shape, dtype=torch.uint8, pin_memory=True)
        device_input = torch.empty(shape, dtype=torch.uint8, device=self._device)
        host = [torch.empty(shape[:3], dtype=k, pin_memory=True) for k in kinds.values()]
        device = [torch.empty(shape[:3], dtype=k, device=self._device) for k in kinds.values()]
        for name, buffer in zip((INPUT, *kinds), (device_input, *device)):
            context.set_tensor_address(name, buffer.data_ptr())
        stream = torch.cuda.Stream()
        done = torch.cuda.Event(blocking=True)  # leaves the core to others meanwhile

        def run(images: np.ndarray) -> list[np.ndarray]:
            host_input.numpy()[...] = images
            with torch.cuda.stream(stream):
                device_input.copy_(host_input, non_blocking=True)
                if not context.execute_async_v3(stream.cuda_stream):
                    raise RuntimeError('the engine did not run; its log says why')
                for target, source in zip(host, device):
                    target.copy_(source, non_blocking=True)
                done.record()
            done.synchronize()
            # The pinned buffers are written again by the next call.
            return [x.numpy().copy() for x in host]

        return run

    def close(self) -> None:
        """Drop the engines and give cached GPU memory back."""
        if self._runner is not None:
            self._runner.cache_clear()
            self._engine.cache_clear()
        self._runner = None
        torch.cuda.empty_cache()


def _strongly_typed() -> bool:
    """Return whether this TensorRT takes each layer's type from the graph (9 and newer)."""
    return hasattr(tensorrt.NetworkDefinitionCreationFlag, 'STRONGLY_TYPED')


def _network_flags() -> int:
    flags = tensorrt.NetworkDefinitionCreationFlag
    if _strongly_typed():
        return 1 << int(flags.STRONGLY_TYPED)
    return 1 << int(flags.EXPLICIT_BATCH)


def _driver_version() -> str:
    """Return the NVIDIA driver's version line, or 'unknown'; Jetson has it elsewhere."""
    for path in ('/proc/driver/nvidia/version', '/etc/nv_tegra_release'):
        try:
            return Path(path).read_text().splitlines()[0]
        except (OSError, IndexError):
            continue
    return 'unknown'
