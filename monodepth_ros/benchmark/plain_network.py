"""A network as a tutorial runs it: eager PyTorch, float32, NCHW, one step after the other."""

from __future__ import annotations

from monodepth_ros.frames import RawOutput, UNLABELLED
from monodepth_ros.networks.checkpoint import load_checkpoint
from monodepth_ros.networks.device import select_device
from monodepth_ros.networks.flops import count_gflop
import numpy as np
import torch
from torch.nn.functional import interpolate


class PlainNetwork:
    """
    What the engines are compared with, and what the plain node runs.

    Attributes:
        facts: the checkpoint's facts.

    """

    def __init__(self, path: str, device: str = 'cpu', threads: int = 0):
        """Load a checkpoint; `threads` 0 leaves torch's own choice."""
        if threads:
            torch.set_num_threads(threads)
        self._device = select_device(device)
        network, self.facts = load_checkpoint(path)
        self._network = network.eval().to(self._device)
        self._mean = torch.tensor(self.facts.mean, device=self._device).view(1, 3, 1, 1)
        self._std = torch.tensor(self.facts.std, device=self._device).view(1, 3, 1, 1)

    def gflop(self, height: int, width: int) -> float:
        """Return the 10^9 operations for one image of this size."""
        return count_gflop(self._network, height, width)

    def infer(self, images: np.ndarray) -> RawOutput:
        """Return depth, label and confidence of (N, h, w, 3) uint8 RGB, as an engine does."""
        with torch.no_grad():
            batch = torch.from_numpy(images).to(self._device)
            batch = batch.permute(0, 3, 1, 2).float().contiguous()
            output = self._network((batch - self._mean) / self._std)
            size = images.shape[1:3]
            return RawOutput(self._depth(output.depth, size), *self._label(output.semantic, size))

    def _depth(self, raw, size):
        if raw is None:
            return np.full((1, *size), np.nan, np.float32)
        metres = self._network.metres(raw)
        return interpolate(metres, size, mode='bilinear')[:, 0].cpu().numpy()

    def _label(self, logits, size):
        if logits is None:
            return np.full((1, *size), UNLABELLED, np.uint8), np.zeros((1, *size), np.uint8)
        scores = torch.sigmoid(interpolate(logits, size, mode='bilinear'))
        confidence, label = scores.max(dim=1)
        confidence = (confidence * 255).round().to(torch.uint8)
        return label.to(torch.uint8).cpu().numpy(), confidence.cpu().numpy()
