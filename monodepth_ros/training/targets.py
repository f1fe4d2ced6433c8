"""What the losses compare with, and which pixels count."""

from __future__ import annotations

from dataclasses import dataclass

from torch import Tensor
from torch.nn import functional


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


def make_targets(depth: Tensor, label: Tensor, max_depth: float) -> Targets:
    """Build targets from (N, H, W) float32 metres and (N, H, W) uint8 labels.

    Depth counts where it is positive, finite and at most `max_depth` metres.
    """
    valid = (depth > 0) & (depth <= max_depth)
    safe = depth.where(valid, depth.new_zeros(()))
    return Targets(safe[:, None], valid[:, None], label.long())


def interior(valid: Tensor) -> Tensor:
    """Keep the (N, 1, H, W) bool pixels whose whole 3 x 3 neighbourhood is valid.

    The image border has no whole neighbourhood: the result is (N, 1, H - 2, W - 2).
    """
    return functional.max_pool2d((~valid).float(), 3, stride=1) == 0
