"""The dual-branch network: depth and semantics that share what they learn."""

from __future__ import annotations

import math
from typing import Optional

from monodepth_ros.errors import ConfigError
from monodepth_ros.networks.blocks import (
    GlobalContext,
    LateralSharingUnit,
    sum_up_skips,
    UpConvolution,
    UpSkipSum,
)
from monodepth_ros.networks.output import (
    DEPTH_LIMITS,
    NetworkOutput,
    TYPICAL_DEPTH,
    TYPICAL_ERROR,
)
from torch import nn, Tensor

BRANCHES = ('depth', 'semantic')
UP_CONVOLUTIONS = 4
UP_SKIPS = (True, 'direct', 'semantic', False)


class Branch(nn.Module):
    """Four up-convolutions and the up-skip sum of one branch."""

    def __init__(self, encoder, widths, out_channels, up_skips, encoder_skips):
        super().__init__()
        out_widths = widths if len(widths) == UP_CONVOLUTIONS else (*widths, out_channels)
        in_widths = (encoder.channels[-1], *out_widths[:-1])
        stride = encoder.strides[-1]
        self.up = nn.ModuleList()
        self.skip_index: list[Optional[int]] = []
        for in_width, out_width in zip(in_widths, out_widths, strict=True):
            step = 2 if stride > 1 else 1
            stride //= step
            index = _map_of_stride(encoder.strides, stride) if encoder_skips else None
            skip_width = 0 if index is None else encoder.channels[index]
            self.up.append(UpConvolution(in_width, out_width, step, skip_width))
            self.skip_index.append(index)
        stages = (encoder.channels[-1], *out_widths) if up_skips else out_widths[-1:]
        self.sum = UpSkipSum(list(stages), out_channels, direct=up_skips == 'direct')
        self.up_skips = bool(up_skips)

    def step(self, index: int, x: Tensor, features: list[Tensor]) -> Tensor:
        """Run up-convolution `index` with the encoder's map that belongs to it."""
        skip = self.skip_index[index]
        return self.up[index](x, None if skip is None else features[skip])

    def summed(self, stages: list[Tensor]) -> list[Tensor]:
        """Return the stages that the output is the sum of: all, or only the last."""
        return stages if self.up_skips else stages[-1:]


def _error_sum(encoder, widths, up_skips) -> UpSkipSum:
    """Return the sum of all stages of the depth branch that gives the error."""
    out_widths = widths if len(widths) == UP_CONVOLUTIONS else (*widths, 1)
    return UpSkipSum([encoder.channels[-1], *out_widths], 1, direct=up_skips == 'direct')


def _map_of_stride(strides: tuple[int, ...], stride: int) -> Optional[int]:
    """Index of the deepest map of this stride, the bottleneck excepted; None if there is none."""
    found = [i for i, value in enumerate(strides[:-1]) if value == stride]
    return found[-1] if found else None


class DualBranchNetwork(nn.Module):
    """Encoder, a depth and a semantic branch, lateral sharing units between them.

    Args:
        encoder: module with `channels`, `strides`, `mean`, `std`, that maps an image to a list
            of maps, fine to coarse.
        classes: number of semantic classes.
        widths: channels of the up-convolutions; of three, the fourth gives the output's.
        branches: which branches the network has, of 'depth' and 'semantic'.
        up_skips: add every stage of a branch to its output, resized step by step, or 'direct':
            each in one leap; 'semantic' does so in that branch alone, False in none.
        lateral_sharing: join the branches by lateral sharing units (needs both).
        encoder_skips: fuse the encoder's maps into the up-convolutions of the same stride.
        error: predict the error of the depth as well, by an up-skip sum of the depth branch's
            stages, which learn nothing from it (needs that branch).
        global_context: let each place of the encoder's last map know the mean of all places.

    """

    def __init__(
        self,
        encoder: nn.Module,
        classes: int,
        widths: tuple[int, ...] = (512, 128, 64),
        branches: tuple[str, ...] = BRANCHES,
        up_skips: bool | str = True,
        lateral_sharing: bool = True,
        encoder_skips: bool = False,
        error: bool = False,
        global_context: bool = False,
    ):
        super().__init__()
        branches, widths = tuple(branches), tuple(widths)
        if not branches or not set(branches) <= set(BRANCHES):
            raise ConfigError(f'branches is {branches!r}, expected of {BRANCHES}')
        if len(widths) not in (UP_CONVOLUTIONS - 1, UP_CONVOLUTIONS) or min(widths) < 1:
            raise ConfigError(f'widths is {widths!r}, expected three or four positive numbers')
        if up_skips not in UP_SKIPS:
            raise ConfigError(f'up_skips is {up_skips!r}, expected of {UP_SKIPS}')
        if error and 'depth' not in branches:
            raise ConfigError('error is true, but there is no depth branch; leave it out')
        self.encoder = encoder
        self.outputs = (*branches, 'error') if error else branches
        sizes = {'depth': 1, 'semantic': classes}
        skips = {n: n == 'semantic' if up_skips == 'semantic' else up_skips for n in branches}
        self.branch = nn.ModuleDict(
            {n: Branch(encoder, widths, sizes[n], skips[n], encoder_skips) for n in branches}
        )
        self.sharing = None
        if lateral_sharing and len(branches) == 2:
            steps = [up.stride for up in next(iter(self.branch.values())).up]
            self.sharing = nn.ModuleList(
                LateralSharingUnit(widths[i], widths[i + 1], steps[i + 1]) for i in range(2)
            )
        self.error = _error_sum(encoder, widths, skips['depth']) if error else None
        self.context = GlobalContext(encoder.channels[-1]) if global_context else None
        self._start_near_the_prior(classes)

    def _start_near_the_prior(self, classes: int) -> None:
        """Let an untrained network predict the typical depth, and each class as rarely as any."""
        prior = {'depth': math.log(TYPICAL_DEPTH), 'semantic': -math.log(max(classes - 1, 1))}
        for name, branch in self.branch.items():
            for convolution in branch.sum.convolutions:
                nn.init.normal_(convolution.weight, std=0.01)
            nn.init.constant_(branch.sum.convolutions[-1].bias, prior[name])
        if self.error is not None:
            for convolution in self.error.convolutions:
                nn.init.zeros_(convolution.weight)
            nn.init.constant_(self.error.convolutions[-1].bias, math.log(TYPICAL_ERROR))

    def forward(self, image: Tensor) -> NetworkOutput:
        """Map normalised RGB (N, 3, H, W) to log metres, logits and log error, (N, ., H, W)."""
        features = self.encoder(image)
        names = list(self.branch)
        deepest = features[-1] if self.context is None else self.context(features[-1])
        stages = {name: [deepest] for name in names}
        shares: dict[int, tuple[Tensor, ...]] = {}
        for index in range(UP_CONVOLUTIONS):
            for position, name in enumerate(names):
                x = stages[name][-1]
                if index in shares:
                    x = x + shares[index][position][..., : x.shape[-2], : x.shape[-1]]
                stages[name].append(self.branch[name].step(index, x, features))
            if self.sharing is not None and index < len(self.sharing):
                shares[index + 2] = self.sharing[index](*(stages[name][-1] for name in names))
        summed = [branch.summed(stages[name]) for name, branch in self.branch.items()]
        sums = [branch.sum for branch in self.branch.values()]
        if self.error is not None:
            sums.append(self.error)
            summed.append([stage.detach() for stage in stages['depth']])
        maps = dict(zip(self.outputs, sum_up_skips(sums, summed, image.shape[-2:]), strict=True))
        return NetworkOutput(maps.get('depth'), maps.get('semantic'), maps.get('error'))

    @staticmethod
    def metres(raw: Tensor) -> Tensor:
        """Map the depth head's raw map (log metres) to metres, float32."""
        return raw.float().clamp(*map(math.log, DEPTH_LIMITS)).exp()
