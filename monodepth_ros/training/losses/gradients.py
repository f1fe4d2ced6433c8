"""Losses that compare slopes: where edges are, and how surfaces lie."""

from __future__ import annotations

from monodepth_ros.training.losses.masked import masked_mean
from monodepth_ros.training.targets import interior
import torch
from torch import Tensor


def sobel(x: Tensor) -> Tensor:
    """Horizontal and vertical Sobel derivative per pixel of (N, C, H, W): (N, 2 C, H-2, W-2)."""
    across = (x[..., 2:] - x[..., :-2]) / 8.0
    down = (x[..., 2:, :] - x[..., :-2, :]) / 8.0
    horizontal = across[..., :-2, :] + 2.0 * across[..., 1:-1, :] + across[..., 2:, :]
    vertical = down[..., :-2] + 2.0 * down[..., 1:-1] + down[..., 2:]
    return torch.stack((horizontal, vertical), dim=2).flatten(1, 2)


def sobel_loss(x: Tensor, target: Tensor, valid: Tensor) -> Tensor:
    """L1 difference of Sobel gradients, averaged over directions and channels.

    Scale: units of x per pixel; of metres 0.019 is usual: most of it lies at the few edges.

    Args:
        x: (N, C, H, W) maps.
        target: (N, C, H, W) maps; unknown pixels may hold anything finite.
        valid: (N, 1, H, W) bool; a pixel counts where its 3 x 3 neighbourhood is known.

    """
    difference = sobel(x.float() - target.float()).abs().mean(dim=1, keepdim=True)
    return masked_mean(difference, interior(valid))


def gradient_loss(x: Tensor, target: Tensor, valid: Tensor) -> Tensor:
    """L1 difference of forward differences, summed over both directions.

    The second term of DenseDepth (Alhashim and Wonka, 2018, equation 3). Shapes as in
    `sobel_loss`; a difference counts where both of its pixels are known.

    Scale: units of x per pixel; of 10 m / depth at half the resolution 0.11 is usual.
    """
    error = x.float() - target.float()
    down = masked_mean(error.diff(dim=-2).abs(), valid[..., 1:, :] & valid[..., :-1, :])
    right = masked_mean(error.diff(dim=-1).abs(), valid[..., 1:] & valid[..., :-1])
    return down + right
