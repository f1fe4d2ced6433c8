"""ResNet-50 encoder (He et al., CVPR 2016) with torchvision's state-dict names.

Written here because torchvision has no wheel that fits every torch a robot has.
"""

from __future__ import annotations

from monodepth_ros.errors import ConfigError
from monodepth_ros.networks.published import load_classifier
from torch import nn, Tensor

BLOCKS = (3, 4, 6, 3)
WIDTHS = (64, 128, 256, 512)
EXPANSION = 4
VARIANTS = ('v1', 'v1.5')
OUTPUT_STRIDES = (8, 16, 32)


class Bottleneck(nn.Module):
    """1 x 1 reduce, 3 x 3, 1 x 1 expand, plus identity.

    Variant 'v1' strides in the first 1 x 1 (the paper), 'v1.5' in the 3 x 3 (torchvision).
    """

    def __init__(self, in_channels: int, width: int, stride: int, dilation: int, variant: str):
        super().__init__()
        first, second = (stride, 1) if variant == 'v1' else (1, stride)
        self.conv1 = nn.Conv2d(in_channels, width, 1, first, bias=False)
        self.bn1 = nn.BatchNorm2d(width)
        self.conv2 = nn.Conv2d(width, width, 3, second, dilation, dilation, bias=False)
        self.bn2 = nn.BatchNorm2d(width)
        self.conv3 = nn.Conv2d(width, width * EXPANSION, 1, bias=False)
        self.bn3 = nn.BatchNorm2d(width * EXPANSION)
        self.relu = nn.ReLU(inplace=True)
        self.downsample = None
        if stride != 1 or in_channels != width * EXPANSION:
            self.downsample = nn.Sequential(
                nn.Conv2d(in_channels, width * EXPANSION, 1, stride, bias=False),
                nn.BatchNorm2d(width * EXPANSION),
            )

    def forward(self, x: Tensor) -> Tensor:
        """Map (N, in, h, w) to (N, 4 width, h / stride, w / stride)."""
        identity = x if self.downsample is None else self.downsample(x)
        y = self.relu(self.bn1(self.conv1(x)))
        y = self.relu(self.bn2(self.conv2(y)))
        return self.relu(self.bn3(self.conv3(y)) + identity)


class ResNet50(nn.Module):
    """Encoder that returns the stem's map and those of the four stages.

    With `output_stride` 16 or 8 the later stages keep stride 1, so that small maps do not lose
    the scene; their 3 x 3 convolutions are dilated instead, so that published weights keep the
    field of view that they were trained for.

    Attributes:
        channels: channels of each map.
        strides: input pixels per pixel of each map.
        mean: RGB mean that the published weights expect to be subtracted, on 0..255.
        std: RGB deviation that they expect to divide, on 0..255.

    """

    channels = (64, 256, 512, 1024, 2048)
    mean = (123.675, 116.28, 103.53)
    std = (58.395, 57.12, 57.375)

    def __init__(self, output_stride: int = 8, variant: str = 'v1'):
        super().__init__()
        if output_stride not in OUTPUT_STRIDES:
            raise ConfigError(f'output_stride is {output_stride!r}, expected of {OUTPUT_STRIDES}')
        if variant not in VARIANTS:
            raise ConfigError(f'ResNet variant is {variant!r}, expected of {VARIANTS}')
        self.strides = tuple(min(stride, output_stride) for stride in (2, 4, 8, 16, 32))
        self.conv1 = nn.Conv2d(3, 64, 7, 2, 3, bias=False)
        self.bn1 = nn.BatchNorm2d(64)
        self.relu = nn.ReLU(inplace=True)
        self.maxpool = nn.MaxPool2d(3, 2, 1)
        in_channels, dilation = 64, 1
        for index, (blocks, width) in enumerate(zip(BLOCKS, WIDTHS, strict=True)):
            stride = self.strides[index + 1] // self.strides[index] if index else 1
            # The first 3 x 3 of a v1.5 stage would have done the striding: it still sees the
            # finer grid, and so has the previous stage's dilation.
            finer, dilation = dilation, 2 ** (index + 2) // self.strides[index + 1] if index else 1
            first_dilation = dilation if variant == 'v1' else finer
            layer = []
            for block in range(blocks):
                step, spread = (1, dilation) if block else (stride, first_dilation)
                layer.append(Bottleneck(in_channels, width, step, spread, variant))
                in_channels = width * EXPANSION
            setattr(self, f'layer{index + 1}', nn.Sequential(*layer))

    def forward(self, x: Tensor) -> list[Tensor]:
        """Map (N, 3, H, W) to five maps, (N, channels[i], H / strides[i], W / strides[i])."""
        x = self.relu(self.bn1(self.conv1(x)))
        features = [x]
        x = self.maxpool(x)
        for layer in (self.layer1, self.layer2, self.layer3, self.layer4):
            x = layer(x)
            features.append(x)
        return features

    def load_pretrained(self, state: dict[str, Tensor]) -> None:
        """Load published classifier weights strictly, leaving the classifier's own aside."""
        load_classifier(self, state, ('fc.',))
