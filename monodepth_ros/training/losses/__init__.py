"""Losses. Pixels without ground truth count in none of them.

Each returns a mean over the pixels that count, and exactly 0 with a zero gradient where none do.
Computed in float32 whatever the input's precision.

Each says its scale, so that weights can be chosen. The figures called usual were measured with the
light dual network on every 20th NYU test image, at 320 x 256, where it errs by 0.45 m on average.
"""

from monodepth_ros.training.losses.depth import (
    depth_aware_loss,
    error_loss,
    l1_loss,
    log_depth_loss,
    log_scale_loss,
    silog_loss,
)
from monodepth_ros.training.losses.gradients import (
    gradient_loss,
    log_gradient_loss,
    normal_loss,
    sobel,
    sobel_loss,
)
from monodepth_ros.training.losses.masked import masked_mean
from monodepth_ros.training.losses.semantic import (
    class_sobel_loss,
    cross_entropy_loss,
    focal_loss,
    jaccard_loss,
)
from monodepth_ros.training.losses.ssim import ssim_loss

__all__ = [
    'class_sobel_loss',
    'cross_entropy_loss',
    'depth_aware_loss',
    'error_loss',
    'focal_loss',
    'gradient_loss',
    'jaccard_loss',
    'l1_loss',
    'log_depth_loss',
    'log_gradient_loss',
    'log_scale_loss',
    'masked_mean',
    'normal_loss',
    'silog_loss',
    'sobel',
    'sobel_loss',
    'ssim_loss',
]
