"""The mean over the pixels that count."""

from __future__ import annotations

from monodepth_ros.training.distributed import global_mean
from torch import Tensor


def masked_mean(values: Tensor, mask: Tensor) -> Tensor:
    """Mean of `values` where `mask` (same shape, bool); 0 where it is empty.

    Where several processes train, over all of them.
    """
    return global_mean(values.where(mask, values.new_zeros(())).sum(), mask.sum())
