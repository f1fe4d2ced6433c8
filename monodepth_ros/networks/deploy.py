"""The deployment graph: the one module that every engine runs, from bytes to metres."""

from __future__ import annotations

from monodepth_ros.networks.blocks import resize
from monodepth_ros.networks.output import relative_error
import torch
from torch import nn, Tensor

UNLABELLED = 255


class Normalize(nn.Module):
    """Subtract the mean and divide by the deviation of each RGB channel, both on 0..255."""

    def __init__(self, mean: tuple[float, ...], std: tuple[float, ...]):
        super().__init__()
        scale = 1.0 / torch.tensor(std).view(1, 3, 1, 1)
        self.register_buffer('scale', scale, persistent=False)
        self.register_buffer(
            'shift', -torch.tensor(mean).view(1, 3, 1, 1) * scale, persistent=False
        )

    def forward(self, images: Tensor) -> Tensor:
        """Map (N, H, W, 3) uint8 RGB to normalised (N, 3, H, W), channels last in memory."""
        x = images.permute(0, 3, 1, 2).to(self.scale.dtype)
        return x * self.scale + self.shift


class DeploymentGraph(nn.Module):
    """Normalisation, network, conversion to metres, arg-max and confidence in one module."""

    def __init__(self, network: nn.Module, mean: tuple[float, ...], std: tuple[float, ...]):
        super().__init__()
        self.normalize = Normalize(mean, std)
        self.network = network

    def forward(self, images: Tensor) -> tuple[Tensor, ...]:
        """Run the graph.

        Args:
            images: (N, H, W, 3) uint8 RGB.

        Returns:
            depth (N, H, W) float32 metres, NaN without a depth branch; label (N, H, W) uint8,
            255 without a semantic branch; confidence (N, H, W) uint8, 0..255 for the sigmoid
            0..1 of the label's class; of a network that has it, error (N, H, W) float32, the
            expected relative error of the depth.

        """
        size = (images.shape[1], images.shape[2])
        output = self.network(self.normalize(images))
        if output.depth is None:
            depth = torch.full(images.shape[:3], float('nan'), device=images.device)
        else:
            depth = resize(self.network.metres(output.depth), size)[:, 0]
        if output.semantic is None:
            label = torch.full(images.shape[:3], UNLABELLED, device=images.device)
            confidence = torch.zeros(images.shape[:3], device=images.device)
        else:
            best, label = _highest(resize(output.semantic, size))
            confidence = torch.sigmoid(best.float()) * 255.0 + 0.5
        maps = depth, label.to(torch.uint8), confidence.to(torch.uint8)
        if output.error is None:
            return maps
        return (*maps, resize(relative_error(output.error), size)[:, 0])


def _highest(scores: Tensor) -> tuple[Tensor, Tensor]:
    """Return the highest of (N, C, H, W) scores along C and its index, both (N, H, W)."""
    if torch.onnx.is_in_onnx_export():
        # `max` becomes two operators, each of which reads the scores; OpenVINO is slow at them.
        best, index = scores.topk(1, dim=1)
        return best[:, 0], index[:, 0]
    return scores.max(dim=1)
