"""Eager PyTorch on CPU and CUDA."""

from __future__ import annotations

from monodepth_ros.engines.base import Engine
from monodepth_ros.errors import EngineError
from monodepth_ros.facts import ModelFacts
from monodepth_ros.frames import RawOutput
from monodepth_ros.networks.checkpoint import load_checkpoint
from monodepth_ros.networks.deploy import DeploymentGraph
from monodepth_ros.networks.device import select_device
import numpy as np
import torch


class TorchEngine(Engine):
    """Run the deployment graph in eager PyTorch, float32.

    Args:
        network: the network, whose `metres` turns its raw depth map into metres.
        facts: the checkpoint's facts.
        device: 'auto', 'cpu', 'cuda' or 'cuda:N'.
        threads: CPU threads; 0 leaves torch's own choice.

    """

    name = 'torch'

    def __init__(
        self, network: torch.nn.Module, facts: ModelFacts, device='auto', threads: int = 0
    ):
        self.facts = facts
        self._device = select_device(device)
        if threads > 0:
            torch.set_num_threads(threads)
        graph = DeploymentGraph(network, facts.mean, facts.std).eval().to(self._device)
        self._graph = graph.to(memory_format=torch.channels_last)
        self.device = self._describe()

    @classmethod
    def from_file(cls, path, device: str = 'auto', threads: int = 0) -> TorchEngine:
        """Load a checkpoint; raise CheckpointError or EngineError."""
        select_device(device)
        return cls(*load_checkpoint(path), device=device, threads=threads)

    def _describe(self) -> str:
        if self._device.type == 'cuda':
            return f'{self._device} ({torch.cuda.get_device_name(self._device)})'
        return f'cpu ({torch.get_num_threads()} threads)'

    def _infer(self, images: np.ndarray) -> RawOutput:
        if self._graph is None:
            raise EngineError('the engine is closed; create a new one')
        try:
            with torch.inference_mode():
                batch = torch.from_numpy(np.ascontiguousarray(images)).to(self._device)
                depth, label, confidence = (x.cpu().numpy() for x in self._graph(batch))
        except RuntimeError as error:  # out of memory among them
            raise EngineError(f'torch failed on {self.device}: {error}') from error
        return RawOutput(depth=depth, label=label, confidence=confidence)

    def close(self) -> None:
        """Drop the graph and give cached GPU memory back."""
        self._graph = None
        if self._device.type == 'cuda':
            torch.cuda.empty_cache()
