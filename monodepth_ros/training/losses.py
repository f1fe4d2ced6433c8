"""Losses. Pixels without ground truth count in none of them.

Each returns a mean over the pixels that count, and exactly 0 with a zero gradient where none do.
Computed in float32 whatever the input's precision.
"""

from __future__ import annotations

from monodepth_ros.training.targets import interior
import torch
from torch import Tensor
from torch.nn import functional

FOCAL_ALPHA = 0.25
FOCAL_GAMMA = 2.0
"""Lin et al., ICCV 2017, section 5."""
SMALLEST_DEPTH = 1e-3
"""Metres; below the resolution of the ground truth (millimetres)."""


def masked_mean(values: Tensor, mask: Tensor) -> Tensor:
    """Mean of `values` where `mask` (same shape, bool); 0 where it is empty."""
    return values.where(mask, values.new_zeros(())).sum() / mask.sum().clamp(min=1)


def depth_aware_loss(depth: Tensor, target: Tensor, valid: Tensor, max_depth: float) -> Tensor:
    """Mean of (alpha + lambda) |d - d*| in metres: distant regions weigh more.

    alpha = d* / max_depth; lambda = 1 - min(l, l*) / max(l, l*) with l = log(1 + d), d in metres
    (Jiao et al., ECCV 2018, equations 2 and 3, with log(1 + d) for log d: positive for every
    positive depth, so that the ratio and its gradient are finite).

    Args:
        depth: (N, 1, H, W) metres, > 0.
        target: (N, 1, H, W) metres.
        valid: (N, 1, H, W) bool.
        max_depth: upper end of the depth range in metres.

    """
    depth = depth.float().clamp(min=SMALLEST_DEPTH)
    target = target.float().clamp(min=SMALLEST_DEPTH)
    log_depth, log_target = torch.log1p(depth), torch.log1p(target)
    ratio = torch.minimum(log_depth, log_target) / torch.maximum(log_depth, log_target)
    weight = target / max_depth + 1.0 - ratio
    return masked_mean(weight * (depth - target).abs(), valid)


def log_depth_loss(depth: Tensor, target: Tensor, valid: Tensor) -> Tensor:
    """Mean |ln d - ln d*|: the relative error, whatever the distance. Shapes as above."""
    depth = depth.float().clamp(min=SMALLEST_DEPTH)
    target = target.float().clamp(min=SMALLEST_DEPTH)
    return masked_mean((depth.log() - target.log()).abs(), valid)


def sobel(x: Tensor) -> Tensor:
    """Horizontal and vertical Sobel derivative per pixel of (N, C, H, W): (N, 2 C, H-2, W-2)."""
    kernel = x.new_tensor([[-1.0, 0.0, 1.0], [-2.0, 0.0, 2.0], [-1.0, 0.0, 1.0]]) / 8.0
    weight = torch.stack((kernel, kernel.T))[:, None].repeat(x.shape[1], 1, 1, 1)
    return functional.conv2d(x, weight, groups=x.shape[1])


def sobel_loss(x: Tensor, target: Tensor, valid: Tensor) -> Tensor:
    """L1 difference of Sobel gradients, averaged over directions and channels.

    Args:
        x: (N, C, H, W) maps.
        target: (N, C, H, W) maps; unknown pixels may hold anything finite.
        valid: (N, 1, H, W) bool; a pixel counts where its 3 x 3 neighbourhood is known.

    """
    difference = sobel(x.float() - target.float()).abs().mean(dim=1, keepdim=True)
    return masked_mean(difference, interior(valid))


def focal_loss(
    logits: Tensor,
    label: Tensor,
    valid: Tensor,
    alpha: float = FOCAL_ALPHA,
    gamma: float = FOCAL_GAMMA,
) -> Tensor:
    """Sigmoid focal loss, summed over classes, averaged over pixels (Lin et al., ICCV 2017).

    Args:
        logits: (N, C, H, W).
        label: (N, H, W) int64; anything where not valid.
        valid: (N, 1, H, W) bool.
        alpha: weight of the positive class; the negatives weigh 1 - alpha.
        gamma: exponent that plays down what is already right.

    """
    logits = logits.float()
    truth = _one_hot(label, valid, logits.shape[1])
    # log sigmoid of the signed logit is the log probability of what is true of this class
    sign = truth * 2.0 - 1.0
    log_right = functional.logsigmoid(sign * logits)
    wrong = torch.sigmoid(-sign * logits)
    weight = (1.0 - alpha) + (2.0 * alpha - 1.0) * truth
    return masked_mean((-weight * wrong.pow(gamma) * log_right).sum(1, keepdim=True), valid)


def cross_entropy_loss(logits: Tensor, label: Tensor, valid: Tensor) -> Tensor:
    """Mean -ln softmax(logits)[label]: trains the arg-max itself. Shapes as in `focal_loss`."""
    label = label.where(valid[:, 0], label.new_zeros(()))
    loss = functional.cross_entropy(logits.float(), label, reduction='none')
    return masked_mean(loss[:, None], valid)


def class_sobel_loss(logits: Tensor, label: Tensor, valid: Tensor) -> Tensor:
    """`sobel_loss` between the sigmoid class maps and the one-hot truth. Shapes as above."""
    truth = _one_hot(label, valid, logits.shape[1])
    return sobel_loss(torch.sigmoid(logits.float()), truth, valid)


def _one_hot(label: Tensor, valid: Tensor, classes: int) -> Tensor:
    """(N, H, W) labels to (N, C, H, W) float32, all zero where not valid."""
    safe = label.where(valid[:, 0], label.new_zeros(()))[:, None]
    truth = torch.zeros(
        (label.shape[0], classes, *label.shape[1:]), device=label.device, dtype=torch.float32
    )
    return truth.scatter_(1, safe, valid.float())
