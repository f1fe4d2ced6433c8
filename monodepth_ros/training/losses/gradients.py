"""Losses that compare slopes: where edges are, and how surfaces lie."""

from __future__ import annotations

from monodepth_ros.training.losses.masked import masked_mean
from monodepth_ros.training.targets import interior, SMALLEST_DEPTH
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


LOG_GRADIENT_STEPS = (1, 2, 4, 8)
"""Pixels between those that are compared, as in the four scales of Li and Snavely."""
NORMAL_STEP = 4
"""Pixels to each side, over which a slope outweighs the steps of a depth camera."""
SMALLEST_SQUARE = 1e-16
"""Smallest product of two normals' squared lengths that is divided by (its root)."""


def log_gradient_loss(depth: Tensor, target: Tensor, valid: Tensor) -> Tensor:
    """L1 difference of differences of log depth over 1, 2, 4 and 8 pixels, both directions.

    The multi-scale term of Li and Snavely (MegaDepth, CVPR 2018, section 4), each scale being
    every so many pixels. It knows edges and slopes alike at all distances, and no scale.

    Scale: log metres, the sum over scales and directions; 0.17 is usual.

    Args:
        depth: (N, 1, H, W) metres > 0.
        target: (N, 1, H, W) metres.
        valid: (N, 1, H, W) bool.

    """
    error = _log(depth) - _log(target)
    steps = [step for step in LOG_GRADIENT_STEPS if step < min(error.shape[-2:])]
    return sum(_thinned(error, valid, step) for step in steps)


def _thinned(error, valid, step):
    thin = (..., slice(None, None, step), slice(None, None, step))
    return gradient_loss(error[thin], error.new_zeros(()), valid[thin])


def normal_loss(depth: Tensor, target: Tensor, valid: Tensor, focal_length: float) -> Tensor:
    """Mean of 1 - cosine between the normals of predicted and true surface.

    Of a pinhole's log depth l with slopes l_u and l_v a pixel, the normal is along
    (f l_u, f l_v, -1 - u l_u - v l_v), u and v counting from the principal point, which is taken
    to be the middle. Slopes are over `NORMAL_STEP` pixels to each side.

    Scale: no unit; 0.13 where all lean by 30 degrees; 0.31 is usual: sensors
    are rough over so few pixels.

    Args:
        depth: (N, 1, H, W) metres > 0.
        target: (N, 1, H, W) metres.
        valid: (N, 1, H, W) bool; a pixel counts where those it is compared with are known.
        focal_length: f in pixels of the maps.

    """
    step = NORMAL_STEP
    if min(depth.shape[-2:]) <= 2 * step:
        return masked_mean(depth.float(), torch.zeros_like(valid))
    found, truth = (_normals(_log(x), focal_length) for x in (depth, target))
    lengths = (_dot(found, found) * _dot(truth, truth)).clamp(min=SMALLEST_SQUARE).sqrt()
    cosine = _dot(found, truth) / lengths
    left, right, above, below = _neighbours(valid)
    return masked_mean(1.0 - cosine, left & right & above & below)


def _neighbours(x):
    """Return what is `NORMAL_STEP` pixels left, right, above, below of (..., H, W)'s interior."""
    step = NORMAL_STEP
    first, inner, last = slice(None, -2 * step), slice(step, -step), slice(2 * step, None)
    places = ((inner, first), (inner, last), (first, inner), (last, inner))
    return [x[(..., *place)] for place in places]


def _normals(log_depth, focal_length):
    """Return three components of normals of any length, (N, 1, H - 2 step, W - 2 step) each."""
    left, right, above, below = _neighbours(log_depth)
    across, down = (right - left) / (2 * NORMAL_STEP), (below - above) / (2 * NORMAL_STEP)
    height, width = across.shape[-2:]
    u = torch.arange(width, device=across.device) - (width - 1) / 2.0
    v = (torch.arange(height, device=across.device) - (height - 1) / 2.0)[:, None]
    third = -1.0 - u * across - v * down
    return focal_length * across, focal_length * down, third


def _dot(a, b):
    """Return the inner product of vectors given by component; a norm over dim 1 is far slower."""
    return sum(x * y for x, y in zip(a, b, strict=True))


def _log(depth):
    return depth.float().clamp(min=SMALLEST_DEPTH).log()
