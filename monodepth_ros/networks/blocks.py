"""Building blocks of the decoders: up-convolution, up-skip sum and lateral sharing unit."""

from __future__ import annotations

import torch
from torch import nn, Tensor
from torch.nn import functional


def resize(x: Tensor, size: tuple[int, int]) -> Tensor:
    """Resize (N, C, h, w) bilinearly to (N, C, *size), pixel centres at half-integers."""
    if tuple(x.shape[-2:]) == tuple(size):
        return x
    return functional.interpolate(x, size=size, mode='bilinear', align_corners=False)


class UpConvolution(nn.Module):
    """Transposed convolution (kernel 2), batch norm, ReLU, and fusion with an encoder map.

    With stride 2 the size doubles; with stride 1 it stays, the last row and column that a
    kernel of 2 adds being cut. Where `skip_channels` is given, the encoder's map of the same
    stride is concatenated and mixed in by a 3 x 3 convolution.
    """

    def __init__(self, in_channels: int, out_channels: int, stride: int, skip_channels: int = 0):
        super().__init__()
        self.stride = stride
        self.up = nn.ConvTranspose2d(in_channels, out_channels, 2, stride, bias=False)
        self.norm = nn.BatchNorm2d(out_channels)
        self.fuse = None
        if skip_channels:
            self.fuse = nn.Sequential(
                nn.Conv2d(out_channels + skip_channels, out_channels, 3, padding=1, bias=False),
                nn.BatchNorm2d(out_channels),
                nn.ReLU(inplace=True),
            )

    def forward(self, x: Tensor, skip: Tensor | None = None) -> Tensor:
        """Map (N, in, h, w), and (N, skip, s h, s w), to (N, out, s h, s w), s the stride."""
        size = (x.shape[-2] * self.stride, x.shape[-1] * self.stride)
        x = torch.relu(self.norm(self.up(x)[..., : size[0], : size[1]]))
        if self.fuse is None:
            return x
        if skip.shape[-2:] != x.shape[-2:]:  # odd sizes: the encoder rounded up
            x = x[..., : skip.shape[-2], : skip.shape[-1]]
        return self.fuse(torch.cat((x, skip), dim=1))


class GlobalContext(nn.Module):
    """Add to every place what the whole image is like, so that no place is judged alone.

    The mean of all places goes through two 1 x 1 convolutions and is added to each (image-level
    pooling: Liu et al., ParseNet, 2015, section 3.1; two layers and a sum: Cao et al., GCNet,
    2019, section 3.3, with the plain mean as context). Before training it adds next to nothing.
    """

    def __init__(self, channels: int):
        super().__init__()
        self.squeeze = nn.Conv2d(channels, max(channels // 4, 1), 1)
        self.spread = nn.Conv2d(max(channels // 4, 1), channels, 1)
        nn.init.normal_(self.spread.weight, std=1e-4)
        nn.init.zeros_(self.spread.bias)

    def forward(self, x: Tensor) -> Tensor:
        """Map (N, C, h, w) to (N, C, h, w)."""
        mean = x.mean((-2, -1), keepdim=True)
        return x + self.spread(torch.relu(self.squeeze(mean)))


class UpSkipSum(nn.Module):
    """Up-skip connections: every stage of a branch contributes to its output.

    Each stage's map is taken to the output channels by a 1 x 1 convolution, and the maps are
    summed from the coarsest to the finest, the sum so far being resized (bilinear) to each next
    stage's size and at last to the output's. Convolving before resizing changes no number, since
    both are linear and bilinear weights sum to one. Resizing step by step instead of each stage
    in one leap does: the result is somewhat smoother, for a fraction of the memory traffic.

    Args:
        channels: of each stage, coarse to fine.
        out_channels: of the sum.
        direct: resize each stage to the output's size in one leap instead.

    """

    def __init__(self, channels: list[int], out_channels: int, direct: bool = False):
        super().__init__()
        self.direct = direct
        self.convolutions = nn.ModuleList(
            nn.Conv2d(width, out_channels, 1, bias=index == len(channels) - 1)
            for index, width in enumerate(channels)
        )

    def forward(self, stages: list[Tensor], size: tuple[int, int]) -> Tensor:
        """Sum the stages, coarse to fine, into (N, out, *size)."""
        return sum_up_skips([self], [stages], size)[0]


def sum_up_skips(
    sums: list[UpSkipSum], stages: list[list[Tensor]], size: tuple[int, int]
) -> tuple[Tensor, ...]:
    """Run the sums of several branches, their maps joined by channel while they are resized.

    For an engine it costs the same to resize one channel or a vector of sixteen. Branches that
    differ in the number of stages are summed one by one.

    Args:
        sums: one for each branch.
        stages: the stages of each branch, coarse to fine; where all have as many, the n-th ones
            have one size.
        size: of the output.

    Returns:
        (N, out, *size) of each branch.

    """
    if len({len(own) for own in stages}) > 1:
        each = zip(sums, stages, strict=True)
        return tuple(sum_up_skips([sum_], [own], size)[0] for sum_, own in each)
    total = None
    for index, maps in enumerate(zip(*stages, strict=True)):
        maps = [sum_.convolutions[index](x) for sum_, x in zip(sums, maps, strict=True)]
        shared = size if sums[0].direct else maps[0].shape[-2:]
        stage = resize(torch.cat(maps, dim=1), shared)
        total = stage if total is None else resize(total, shared) + stage
    widths = [sum_.convolutions[0].out_channels for sum_ in sums]
    return resize(total, size).split(widths, dim=1)


class LateralSharingUnit(nn.Module):
    """Exchange between the branches (Jiao et al., ECCV 2018).

    Each branch receives a weighted sum of both inputs, one learned weight a channel and input;
    at the start all are 1/2, so that both receive the mean. The share is up-convolved to fit
    the place where it is added.
    """

    def __init__(self, in_channels: int, out_channels: int, stride: int):
        super().__init__()
        self.mix = nn.Parameter(torch.full((2, 2, in_channels), 0.5))
        self.up = nn.ModuleList(UpConvolution(in_channels, out_channels, stride) for _ in range(2))

    def forward(self, first: Tensor, second: Tensor) -> tuple[Tensor, Tensor]:
        """Map two (N, in, h, w) to the two branches' shares, each (N, out, s h, s w)."""
        mix = self.mix[..., None, None]  # (branch, input, C, 1, 1)
        shares = [row[0] * first + row[1] * second for row in mix]
        return self.up[0](shares[0]), self.up[1](shares[1])
