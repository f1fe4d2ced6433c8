"""Weights between those that a training began with and those that it made.

Wortsman et al., *Robust fine-tuning of zero-shot models*, CVPR 2022 (WiSE-FT): the straight line
between the two has weights that keep most of what the first knew and have most of what was
learned.
"""

from __future__ import annotations

import copy

import torch
from torch import nn


class Blend:
    """The mean of a network and its start weights, batch-norm statistics included.

    Args:
        network: with the start weights, which are copied.
        share: of the start weights, from 0 to below 1; with 0 nothing is kept and none mixed in.

    """

    def __init__(self, network: nn.Module, share: float):
        self._share = share
        values = network.state_dict() if share else {}
        self._start = {name: value.cpu().clone() for name, value in values.items()}

    @torch.no_grad()
    def __call__(self, network: nn.Module) -> nn.Module:
        """Return a network with the mean; the same network where the share is 0."""
        if not self._share:
            return network
        mixed = copy.deepcopy(network)
        for name, value in mixed.state_dict().items():
            if value.is_floating_point():
                value.lerp_(self._start[name].to(value.device), self._share)
        return mixed
