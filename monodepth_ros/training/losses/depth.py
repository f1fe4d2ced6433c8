"""Losses that compare depth pixel by pixel.

All take depth and target (N, 1, H, W) in metres, and valid (N, 1, H, W) bool.
"""

from __future__ import annotations

import math

from monodepth_ros.networks.output import ERROR_LIMITS
from monodepth_ros.training.losses.masked import masked_mean
from monodepth_ros.training.targets import SMALLEST_DEPTH
import torch
from torch import Tensor

VARIANCE_FOCUS = 0.85
"""lambda of the scale-invariant loss (Lee et al., BTS, 2019, section 3.4)."""
SILOG_SMOOTHING = 2.0**-10
"""Log metres: an error of 0.1 %, below which the root gives way to a parabola."""


def l1_loss(depth: Tensor, target: Tensor, valid: Tensor) -> Tensor:
    """Mean |d - d*|, in the unit of d: a far metre counts as much as a near one.

    Scale: metres; 0.45 is usual. Of reciprocal maps m / d, without unit, 0.7 is usual with m = 10
    metres; there an error at 2 m weighs 25 times the same one at 10 m.
    """
    return masked_mean((depth.float() - target.float()).abs(), valid)


def depth_aware_loss(depth: Tensor, target: Tensor, valid: Tensor, max_depth: float) -> Tensor:
    """Mean of (alpha + lambda) |d - d*| in metres: distant regions weigh more.

    alpha = d* / max_depth; lambda = 1 - min(l, l*) / max(l, l*) with l = log(1 + d), d in metres
    (Jiao et al., ECCV 2018, equations 2 and 3, with log(1 + d) for log d: positive for every
    positive depth, so that the ratio and its gradient are finite).

    Scale: metres; near the truth d* / max_depth of `l1_loss`, never twice as much; 0.24 is usual.

    Args:
        depth: > 0.
        target: the truth.
        valid: which pixels count.
        max_depth: upper end of the depth range in metres.

    """
    depth = depth.float().clamp(min=SMALLEST_DEPTH)
    target = target.float().clamp(min=SMALLEST_DEPTH)
    log_depth, log_target = torch.log1p(depth), torch.log1p(target)
    ratio = torch.minimum(log_depth, log_target) / torch.maximum(log_depth, log_target)
    weight = target / max_depth + 1.0 - ratio
    return masked_mean(weight * (depth - target).abs(), valid)


def log_depth_loss(depth: Tensor, target: Tensor, valid: Tensor) -> Tensor:
    """Mean |ln d - ln d*|: the relative error, whatever the distance.

    Scale: no unit; 0.1 is an error of 10 % everywhere; 0.16 is usual.
    """
    return masked_mean(_log_ratio(depth, target).abs(), valid)


def silog_loss(
    depth: Tensor, target: Tensor, valid: Tensor, focus: float = VARIANCE_FOCUS
) -> Tensor:
    """Root of mean g^2 - focus (mean g)^2 with g = ln d - ln d*, over all pixels of the batch.

    Eigen et al. (NIPS 2014, equation 4), with the root of Lee et al. (BTS, 2019), who multiply
    by 10. Of an error that all pixels share, only the share 1 - focus counts. The root's slope is
    infinite at zero; so it is that of a square enlarged by `SILOG_SMOOTHING`, less that.

    Scale: no unit; a spread of 10 % is about 0.1, an error of 10 % that all pixels share about
    0.04; 0.17 is usual.
    """
    error = _log_ratio(depth, target)
    mean = masked_mean(error, valid)
    variance = masked_mean((error - mean).square(), valid)
    square = variance + (1.0 - focus) * mean.square()
    return (square + SILOG_SMOOTHING**2).sqrt() - SILOG_SMOOTHING


def log_scale_loss(depth: Tensor, target: Tensor, valid: Tensor) -> Tensor:
    """Mean over images of |mean of ln d - ln d*|: the error of an image's scale alone.

    Images without ground truth count in nothing.

    Scale: no unit; 0.1 where the depth of every image is 10 % too large or too small; 0.09 is
    usual.
    """
    known = valid.flatten(1)
    error = _log_ratio(depth, target).flatten(1)
    count = known.sum(1)
    mean = error.where(known, error.new_zeros(())).sum(1) / count.clamp(min=1)
    return masked_mean(mean.abs(), count > 0)


def error_loss(error: Tensor, depth: Tensor, target: Tensor, valid: Tensor) -> Tensor:
    """Mean of e / b + ln b with e = |ln d - ln d*|.

    That is minus the logarithm of Laplace's likelihood, less ln 2; it is least where b is the e
    to expect (Kendall and Gal, NIPS 2017, section 3). The depth learns nothing from it.

    Scale: nats; 1 + ln 0.15 = -0.9 where 15 % are expected and right.

    Args:
        error: (N, 1, H, W), the natural logarithm of b.
        depth: as above.
        target: the truth.
        valid: which pixels count.

    """
    raw = error.float().clamp(*map(math.log, ERROR_LIMITS))
    found = _log_ratio(depth.detach(), target).abs()
    return masked_mean(found * (-raw).exp() + raw, valid)


def _log_ratio(depth, target):
    depth = depth.float().clamp(min=SMALLEST_DEPTH)
    target = target.float().clamp(min=SMALLEST_DEPTH)
    return depth.log() - target.log()
