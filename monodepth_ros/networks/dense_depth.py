"""DenseDepth (Alhashim and Wonka, arXiv:1812.11941): reciprocal depth at half the resolution."""

from __future__ import annotations

import math

from monodepth_ros.errors import ConfigError
from monodepth_ros.networks.blocks import GlobalContext, resize
from monodepth_ros.networks.output import (
    DEPTH_LIMITS,
    NetworkOutput,
    TYPICAL_DEPTH,
    TYPICAL_ERROR,
)
import torch
from torch import nn, Tensor
from torch.nn import functional

UP_BLOCKS = 4
SLOPE = 0.2
"""Of the leaky ReLUs below zero (section 3.1 of the paper)."""
NYU_RANGE = 10.0
"""Metres; m of the target m / depth, the farthest that NYU Depth v2 shows."""


class UpBlock(nn.Module):
    """Bilinear upsampling, concatenation with the encoder's map, two 3 x 3 convolutions."""

    def __init__(self, in_channels: int, skip_channels: int, out_channels: int):
        super().__init__()
        self.conv1 = nn.Conv2d(in_channels + skip_channels, out_channels, 3, padding=1)
        self.conv2 = nn.Conv2d(out_channels, out_channels, 3, padding=1)

    def forward(self, x: Tensor, skip: Tensor) -> Tensor:
        """Map (N, in, h, w) and (N, skip, 2 h, 2 w) to (N, out, 2 h, 2 w)."""
        x = torch.cat((resize(x, skip.shape[-2:]), skip), dim=1)
        x = functional.leaky_relu(self.conv1(x), SLOPE)
        return functional.leaky_relu(self.conv2(x), SLOPE)


class DenseDepthNetwork(nn.Module):
    """Encoder and a decoder of four up-blocks; the head's map is m / depth.

    Args:
        encoder: module with `channels`, `strides`, `mean`, `std`, that maps an image to a list
            of five maps, fine to coarse, the finest at half the image's resolution.
        widths: channels of the up-blocks; of the paper by default: a half, a quarter, an eighth
            and a sixteenth of the encoder's last map.
        reciprocal_range: m in metres.
        error: predict the error of the depth as well; the decoder learns nothing from it.
        global_context: let each place of the encoder's last map know the mean of all places.

    Attributes:
        outputs: what the network predicts.
        reciprocal_range: m in metres; a network with this attribute predicts m / depth.

    """

    def __init__(
        self,
        encoder: nn.Module,
        widths: tuple[int, ...] | None = None,
        reciprocal_range: float = NYU_RANGE,
        error: bool = False,
        global_context: bool = False,
    ):
        super().__init__()
        channels = encoder.channels
        if widths is None:
            widths = tuple(channels[-1] >> step for step in range(1, UP_BLOCKS + 1))
        if len(widths) != UP_BLOCKS or min(widths) < 1:
            raise ConfigError(f'widths is {widths!r}, expected {UP_BLOCKS} positive numbers')
        if not 0 < reciprocal_range < float('inf'):
            raise ConfigError(f'reciprocal_range is {reciprocal_range!r}, expected metres > 0')
        self.reciprocal_range = float(reciprocal_range)
        self.outputs = ('depth', 'error') if error else ('depth',)
        self.encoder = encoder
        self.context = GlobalContext(channels[-1]) if global_context else None
        self.bottleneck = nn.Conv2d(channels[-1], channels[-1], 1)
        in_widths = (channels[-1], *widths[:-1])
        self.up = nn.ModuleList(map(UpBlock, in_widths, channels[-2::-1], widths))
        self.head = nn.Conv2d(widths[-1], 1, 3, padding=1)
        self.error = nn.Conv2d(widths[-1], 1, 3, padding=1) if error else None
        self._start_near_the_prior()

    def _start_near_the_prior(self) -> None:
        """Keep the maps' scale through the decoder, and let its output be the typical depth."""
        for module in self.up.modules():
            if isinstance(module, nn.Conv2d):
                nn.init.kaiming_normal_(module.weight, a=SLOPE)
                nn.init.zeros_(module.bias)
        nn.init.normal_(self.head.weight, std=0.01)
        nn.init.constant_(self.head.bias, self.reciprocal_range / TYPICAL_DEPTH)
        if self.error is not None:
            nn.init.zeros_(self.error.weight)
            nn.init.constant_(self.error.bias, math.log(TYPICAL_ERROR))

    def forward(self, image: Tensor) -> NetworkOutput:
        """Map normalised RGB (N, 3, H, W) to m / depth, (N, 1, H / 2, W / 2); odd sizes go up."""
        *skips, x = self.encoder(image)
        x = self.bottleneck(x if self.context is None else self.context(x))
        for up, skip in zip(self.up, reversed(skips), strict=True):
            x = up(x, skip)
        error = None if self.error is None else self.error(x.detach())
        return NetworkOutput(self.head(x), None, error)

    def metres(self, raw: Tensor) -> Tensor:
        """Map the head's raw map (m / depth) to metres, float32."""
        nearest, farthest = DEPTH_LIMITS
        limits = (self.reciprocal_range / farthest, self.reciprocal_range / nearest)
        return self.reciprocal_range / raw.float().clamp(*limits)
