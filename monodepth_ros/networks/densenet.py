"""DenseNet-169 encoder (Huang et al., CVPR 2017) with torchvision's state-dict names.

Written here because torchvision has no wheel that fits every torch a robot has.
"""

from __future__ import annotations

from collections import OrderedDict
import re

from monodepth_ros.networks.published import load_classifier
import torch
from torch import nn, Tensor
from torch.nn import functional

GROWTH = 32
BOTTLENECK = 4
"""Channels of a layer's 1 x 1 convolution, in units of the growth (DenseNet-B)."""
STEM_CHANNELS = 64
BLOCKS = (6, 12, 32, 32)
FEATURES = ('relu0', 'pool0', 'transition1', 'transition2')
"""Modules whose maps are returned, next to the last: those that DenseDepth concatenates."""
OLD_NAME = re.compile(r'(denselayer\d+\.(?:norm|relu|conv))\.([12]\.)')
"""torchvision's published file has `norm.1` and `conv.1` where its model has norm1 and conv1."""


class DenseLayer(nn.Module):
    """Batch norm, ReLU and convolution twice: 1 x 1 to a bottleneck, 3 x 3 to the growth."""

    def __init__(self, in_channels: int, growth: int):
        super().__init__()
        width = BOTTLENECK * growth
        self.norm1 = nn.BatchNorm2d(in_channels)
        self.conv1 = nn.Conv2d(in_channels, width, 1, bias=False)
        self.norm2 = nn.BatchNorm2d(width)
        self.conv2 = nn.Conv2d(width, growth, 3, padding=1, bias=False)

    def forward(self, x: Tensor) -> Tensor:
        """Map (N, in, h, w) to the (N, growth, h, w) that the layer adds."""
        x = self.conv1(torch.relu(self.norm1(x)))
        return self.conv2(torch.relu(self.norm2(x)))


class DenseBlock(nn.Sequential):
    """Layers that each see the maps of all layers before them."""

    def __init__(self, layers: int, in_channels: int, growth: int):
        super().__init__(
            OrderedDict(
                (f'denselayer{index + 1}', DenseLayer(in_channels + index * growth, growth))
                for index in range(layers)
            )
        )

    def forward(self, x: Tensor) -> Tensor:
        """Map (N, in, h, w) to (N, in + layers x growth, h, w), the newest channels last."""
        for layer in self:
            x = torch.cat((x, layer(x)), dim=1)
        return x


class Transition(nn.Module):
    """Batch norm, ReLU, 1 x 1 convolution to half the channels, and a mean over 2 x 2 pixels."""

    def __init__(self, in_channels: int):
        super().__init__()
        self.norm = nn.BatchNorm2d(in_channels)
        self.conv = nn.Conv2d(in_channels, in_channels // 2, 1, bias=False)

    def forward(self, x: Tensor) -> Tensor:
        """Map (N, in, h, w) to (N, in / 2, h / 2, w / 2), odd sizes rounded down."""
        return functional.avg_pool2d(self.conv(torch.relu(self.norm(x))), 2)


class DenseNet169(nn.Module):
    """Encoder that returns one map for each of the strides 2, 4, 8, 16, 32.

    Attributes:
        channels: channels of each map.
        strides: input pixels per pixel of each map.
        mean: RGB mean that the published weights expect to be subtracted, on 0..255.
        std: RGB deviation that they expect to divide, on 0..255.

    """

    channels = (64, 64, 128, 256, 1664)
    strides = (2, 4, 8, 16, 32)
    mean = (123.675, 116.28, 103.53)
    std = (58.395, 57.12, 57.375)

    def __init__(self):
        super().__init__()
        modules: dict[str, nn.Module] = OrderedDict(
            conv0=nn.Conv2d(3, STEM_CHANNELS, 7, 2, 3, bias=False),
            norm0=nn.BatchNorm2d(STEM_CHANNELS),
            relu0=nn.ReLU(inplace=True),
            pool0=nn.MaxPool2d(3, 2, 1),
        )
        channels = STEM_CHANNELS
        for number, layers in enumerate(BLOCKS, start=1):
            modules[f'denseblock{number}'] = DenseBlock(layers, channels, GROWTH)
            channels += layers * GROWTH
            if number < len(BLOCKS):
                modules[f'transition{number}'] = Transition(channels)
                channels //= 2
        modules['norm5'] = nn.BatchNorm2d(channels)
        self.features = nn.Sequential(modules)
        for module in self.modules():
            if isinstance(module, nn.Conv2d):
                nn.init.kaiming_normal_(module.weight)  # as in the paper: it may start untrained

    def forward(self, x: Tensor) -> list[Tensor]:
        """Map (N, 3, H, W) to five maps, (N, channels[i], H / strides[i], W / strides[i])."""
        maps = []
        for name, module in self.features.named_children():
            x = module(x)
            if name in FEATURES:
                maps.append(x)
        return [*maps, torch.relu(x)]

    def load_pretrained(self, state: dict[str, Tensor]) -> None:
        """Load published classifier weights strictly, leaving the classifier's own aside.

        Both spellings of the layers' names are taken: the model's and the older published one.
        """
        state = {OLD_NAME.sub(r'\1\2', key): value for key, value in state.items()}
        load_classifier(self, state, ('classifier.',))
