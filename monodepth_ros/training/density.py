"""Batches in which some images have dense ground truth, and others sparse."""

from __future__ import annotations

from typing import Callable

from monodepth_ros.training.distributed import global_mean
from monodepth_ros.training.sparse import SPARSE_SHARE
import torch
from torch import Tensor


def by_density(terms: Callable[[Tensor], dict[str, Tensor]], valid: Tensor) -> dict[str, Tensor]:
    """Return loss terms in which an image with sparse truth weighs as much as one with dense.

    Losses are means over pixels. In one mean the few points of a lidar would count next to nothing
    beside the pixels of a depth camera; so there are two, weighted by their shares of the images.

    Args:
        terms: gives the terms by name, for the pixels of a mask like `valid`.
        valid: (N, 1, H, W) bool, the pixels with ground truth.

    """
    known = valid.flatten(1).sum(1)
    sparse = known < SPARSE_SHARE * valid[0].numel()
    annotated = known > 0
    # Of all processes, as the means are: each has to take part in each.
    share = global_mean((sparse & annotated).float().sum(), annotated.sum())
    if not 0 < float(share) < 1:
        return terms(valid)
    chosen = sparse[:, None, None, None]
    dense_terms, sparse_terms = terms(valid & ~chosen), terms(valid & chosen)
    return {
        name: torch.lerp(value, sparse_terms[name], share) for name, value in dense_terms.items()
    }
