"""Losses that compare slopes: where edges are, and how surfaces lie."""

from __future__ import annotations

from monodepth_ros.training.losses.masked import masked_mean
from monodepth_ros.training.targets import interior
import torch
from torch import Tensor
from torch.nn import functional


def sobel(x: Tensor) -> Tensor:
    """Horizontal and vertical Sobel derivative per pixel of (N, C, H, W): (N, 2 C, H-2, W-2)."""
    kernel = x.new_tensor([[-1.0, 0.0, 1.0], [-2.0, 0.0, 2.0], [-1.0, 0.0, 1.0]]) / 8.0
    weight = torch.stack((kernel, kernel.T))[:, None].repeat(x.shape[1], 1, 1, 1)
    return functional.conv2d(x, weight, groups=x.shape[1])


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
