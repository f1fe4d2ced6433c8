"""What the losses compare with, and which pixels count."""

from __future__ import annotations

from dataclasses import dataclass
import math

import torch
from torch import Tensor
from torch.nn import functional

SMALLEST_DEPTH = 1e-3
"""Metres; below the resolution of the ground truth (millimetres)."""


@dataclass(frozen=True)
class Targets:
    """Ground truth of a batch.

    Attributes:
        depth: (N, 1, H, W) float32 metres, 0 where unknown.
        depth_valid: (N, 1, H, W) bool.
        label: (N, H, W) int64 class index, 255 where unknown.

    """

    depth: Tensor
    depth_valid: Tensor
    label: Tensor


def make_targets(depth: Tensor, label: Tensor, max_depth: float = math.inf) -> Targets:
    """Build targets from (N, H, W) float32 metres and (N, H, W) uint8 labels.

    Depth counts where it is positive, finite and at most `max_depth`.
    """
    valid = (depth > 0) & (depth <= max_depth) & depth.isfinite()
    safe = depth.where(valid, depth.new_zeros(()))
    return Targets(safe[:, None], valid[:, None], label.long())


def shrink_depth(targets: Targets, size: tuple[int, int]) -> tuple[Tensor, Tensor]:
    """Return the true depth on the grid of a depth map of another size, and where it is known.

    Each pixel is the harmonic mean of the known pixels that it covers, unknown where there are
    none: the reciprocal of depth is what is linear across the image of a plane, so that its mean
    is that of the middle. At the targets' own size they are returned as they are.

    Args:
        targets: ground truth of a batch.
        size: (h, w) of the depth map.

    Returns:
        (N, 1, h, w) float32 metres, 0 where unknown; (N, 1, h, w) bool.

    """
    if tuple(targets.depth.shape[-2:]) == tuple(size):
        return targets.depth, targets.depth_valid
    known = targets.depth_valid.float()
    reciprocal = known / targets.depth.clamp(min=SMALLEST_DEPTH)
    reciprocal, share = functional.adaptive_avg_pool2d(
        torch.cat((reciprocal, known), dim=1), size
    ).split(1, dim=1)
    valid = share > 0
    return (share / reciprocal).where(valid, share.new_zeros(())), valid


def interior(valid: Tensor, window: int = 3) -> Tensor:
    """Keep the (N, 1, H, W) bool pixels whose whole neighbourhood of `window` squared is valid.

    The image border has no whole neighbourhood: with a window of 3 the result is
    (N, 1, H - 2, W - 2).
    """
    return functional.max_pool2d((~valid).float(), window, stride=1) == 0
