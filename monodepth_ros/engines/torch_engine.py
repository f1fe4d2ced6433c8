"""PyTorch on CPU and CUDA: eager in two memory layouts, compiled, and as a CUDA graph."""

from __future__ import annotations

from functools import lru_cache
from typing import Callable, Optional

from monodepth_ros.engines.base import choose_precision, Engine
from monodepth_ros.errors import EngineError
from monodepth_ros.facts import ModelFacts
from monodepth_ros.frames import RawOutput
from monodepth_ros.networks.checkpoint import load_checkpoint
from monodepth_ros.networks.deploy import DeploymentGraph
from monodepth_ros.networks.device import select_device
import numpy as np
import torch

SHAPES_KEPT = 8
"""CUDA graphs held at a time: one for each size and number of images."""
WARM_UP_RUNS = 3
"""Before capture, so that cuDNN has chosen its kernels and the allocator has its blocks."""


class TorchEngine(Engine):
    """Run the deployment graph in eager PyTorch, in its default memory layout.

    Args:
        network: the network, whose `metres` turns its raw depth map into metres.
        facts: the checkpoint's facts.
        device: 'auto', 'cpu', 'cuda' or 'cuda:N'.
        threads: CPU threads; 0 leaves torch's own choice.
        precision: 'auto', 'float32', or on CUDA 'float16'.

    """

    name = 'torch'
    cuda_precisions = ('float32', 'float16')
    memory_format = torch.contiguous_format

    def __init__(
        self,
        network: torch.nn.Module,
        facts: ModelFacts,
        device: str = 'auto',
        threads: int = 0,
        precision: str = 'auto',
    ):
        self.facts = facts
        self._device = select_device(device)
        on_cuda = self._device.type == 'cuda'
        offered = self.cuda_precisions if on_cuda else ('float32',)
        self.precision = choose_precision(precision, offered, f'{self.name} on {self._device}')
        if threads > 0:
            torch.set_num_threads(threads)
        graph = DeploymentGraph(network, facts.mean, facts.std).eval()
        graph.to(self._device, getattr(torch, self.precision))
        self._graph: Optional[Callable] = graph.to(memory_format=self.memory_format)
        self.device = self._describe()

    @classmethod
    def from_file(cls, path, device='auto', threads=0, precision='auto', update=False):
        """Load a checkpoint; raise CheckpointError or EngineError. There is nothing to update."""
        select_device(device)
        return cls(*load_checkpoint(path), device, threads, precision)

    def _describe(self) -> str:
        if self._device.type == 'cuda':
            return f'{self._device} ({torch.cuda.get_device_name(self._device)})'
        return f'cpu ({torch.get_num_threads()} threads)'

    def _infer(self, images: np.ndarray) -> RawOutput:
        if self._graph is None:
            raise EngineError('the engine is closed; create a new one')
        try:
            with torch.inference_mode():
                maps = self._run(np.ascontiguousarray(images))
        except RuntimeError as error:  # out of memory among them
            raise EngineError(f'torch failed on {self.device}: {error}') from error
        return RawOutput(*maps)

    def _run(self, images: np.ndarray) -> list[np.ndarray]:
        batch = torch.from_numpy(images).to(self._device)
        # Convolutions take the layout of what they are given.
        planes = batch.permute(0, 3, 1, 2).contiguous(memory_format=self.memory_format)
        return [x.cpu().numpy() for x in self._graph(planes.permute(0, 2, 3, 1))]

    def close(self) -> None:
        """Drop the graph and give cached GPU memory back."""
        self._graph = None
        if self._device.type == 'cuda':
            torch.cuda.empty_cache()


class ChannelsLastTorchEngine(TorchEngine):
    """Run the deployment graph in eager PyTorch, channels last in memory: mostly faster."""

    name = 'torch_channels_last'
    memory_format = torch.channels_last


class CompiledTorchEngine(ChannelsLastTorchEngine):
    """Run the deployment graph as torch.compile makes it for each input shape.

    It needs a C++ compiler on the CPU and Triton on CUDA, and takes about a minute a shape.
    """

    name = 'torch_compile'

    def __init__(self, *arguments, **options):
        super().__init__(*arguments, **options)
        self._graph = torch.compile(self._graph, dynamic=False)


class CudaGraphEngine(ChannelsLastTorchEngine):
    """Replay the deployment graph as one CUDA graph for each input shape, by default in float16.

    One launch replaces the hundreds of kernel launches of a small network, and pinned buffers let
    the copies to and from the GPU run without the CPU's help.
    """

    name = 'torch_cuda_graph'
    cuda_precisions = ('float16', 'float32')

    def __init__(self, *arguments, **options):
        super().__init__(*arguments, **options)
        if self._device.type != 'cuda':
            raise EngineError(
                f'engine {self.name!r} needs a CUDA device, device is {str(self._device)!r}; set '
                "device to 'cuda' or engine to 'auto'"
            )
        torch.backends.cudnn.benchmark = True  # shapes are fixed: let it measure its kernels
        self._captured = lru_cache(maxsize=SHAPES_KEPT)(self._capture)

    def _capture(self, shape: tuple[int, ...]) -> Callable[[np.ndarray], list[np.ndarray]]:
        """Capture the graph for a shape and return what copies in, replays and copies out."""
        host_input = torch.empty(shape, dtype=torch.uint8, pin_memory=True)
        device_input = torch.zeros(shape, dtype=torch.uint8, device=self._device)
        with torch.cuda.device(self._device):
            stream = torch.cuda.Stream()
            stream.wait_stream(torch.cuda.current_stream())
            with torch.cuda.stream(stream):
                for _ in range(WARM_UP_RUNS):
                    self._graph(device_input)
            torch.cuda.current_stream().wait_stream(stream)
            replayed = torch.cuda.CUDAGraph()
            with torch.cuda.graph(replayed):
                device_outputs = self._graph(device_input)
        host_outputs = [torch.empty_like(x, device='cpu').pin_memory() for x in device_outputs]
        done = torch.cuda.Event(blocking=True)  # leaves the core to others meanwhile

        def run(images: np.ndarray) -> list[np.ndarray]:
            host_input.numpy()[...] = images
            with torch.cuda.device(self._device):
                device_input.copy_(host_input, non_blocking=True)
                replayed.replay()
                for host, device in zip(host_outputs, device_outputs):
                    host.copy_(device, non_blocking=True)
                done.record()
            done.synchronize()
            # The pinned buffers are written again by the next call.
            return [x.numpy().copy() for x in host_outputs]

        return run

    def _run(self, images: np.ndarray) -> list[np.ndarray]:
        return self._captured(images.shape)(images)

    def close(self) -> None:
        """Drop the captured graphs and give cached GPU memory back."""
        self._captured.cache_clear()
        super().close()
