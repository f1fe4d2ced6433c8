"""Structural similarity as a loss (Wang et al., IEEE TIP 13(4), 2004)."""

from __future__ import annotations

from monodepth_ros.training.losses.masked import masked_mean
from monodepth_ros.training.targets import interior
import torch
from torch import Tensor
from torch.nn import functional

WINDOW = 11
SIGMA = 1.5
"""Pixels; of the Gaussian window (section III.B)."""
K1, K2 = 0.01, 0.03
"""Of the constants (K L)^2, L being the range of the values (section III.B)."""
LARGEST = 10.0
"""Times the range; float32 has no digits left for the variance of larger values."""


def ssim_loss(x: Tensor, target: Tensor, valid: Tensor, value_range: float) -> Tensor:
    """Mean (1 - SSIM) / 2 over the windows that hold known pixels only.

    The third term of DenseDepth (Alhashim and Wonka, 2018, equation 4).

    Scale: no unit, 0..1; 0 where the maps agree, 1/2 where they have nothing in common; of
    10 m / depth with the range 100, 0.012 is usual: the constants outweigh most variances.

    Args:
        x: (N, 1, H, W) map.
        target: (N, 1, H, W) map; unknown pixels may hold anything finite.
        valid: (N, 1, H, W) bool; what lies beyond the map is unknown.
        value_range: L, the difference between the largest and the smallest value possible.

    """
    limit = LARGEST * value_range
    x, target = (
        values.float().clamp(-limit, limit).where(valid, valid.new_zeros((), dtype=torch.float32))
        for values in (x, target)
    )
    similarity = _similarity(x, target, (K1 * value_range) ** 2, (K2 * value_range) ** 2)
    known = interior(functional.pad(valid, [WINDOW // 2] * 4), WINDOW)
    return masked_mean((1.0 - similarity) / 2.0, known)


def _similarity(x, y, c1, c2):
    """Equation 13 for the window around every pixel of two (N, 1, H, W) float32 maps."""
    maps = torch.cat((x, y, x * x, y * y, x * y), dim=1)
    mean_x, mean_y, mean_xx, mean_yy, mean_xy = _blur(maps).split(1, dim=1)
    luminance = (2 * mean_x * mean_y + c1) / (mean_x**2 + mean_y**2 + c1)
    covariance = mean_xy - mean_x * mean_y
    variances = (mean_xx - mean_x**2) + (mean_yy - mean_y**2)
    return luminance * (2 * covariance + c2) / (variances + c2)


def _blur(maps):
    """Gaussian mean around every pixel of (N, C, H, W), zero beyond the border."""
    channels = maps.shape[1]
    offsets = torch.arange(WINDOW, device=maps.device, dtype=torch.float32) - WINDOW // 2
    weight = torch.exp(-0.5 * (offsets / SIGMA) ** 2)
    weight = (weight / weight.sum()).repeat(channels, 1, 1, 1)
    half = WINDOW // 2
    maps = functional.conv2d(maps, weight, padding=(0, half), groups=channels)
    return functional.conv2d(maps, weight.transpose(2, 3), padding=(half, 0), groups=channels)
