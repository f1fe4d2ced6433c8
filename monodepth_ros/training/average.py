"""The moving average of the weights, which is what is validated and shipped."""

from __future__ import annotations

import copy

import torch
from torch import nn


class WeightAverage:
    """Exponential moving average of a network's weights and batch-norm statistics.

    Args:
        network: where the average starts.
        decay: share of the average that stays in each step, below 1.

    Attributes:
        network: a copy of the network that holds the average, in evaluation mode.

    """

    def __init__(self, network: nn.Module, decay: float):
        self.network = copy.deepcopy(network).eval().requires_grad_(False)
        self.decay = decay

    @torch.no_grad()
    def update(self, network: nn.Module, step: int) -> None:
        """Move towards the weights of `network`; faster in the first steps, so as to catch up."""
        decay = min(self.decay, (1 + step) / (10 + step))
        values = network.state_dict()
        for name, mean in self.network.state_dict().items():
            value = values[name]
            if value.is_floating_point():
                mean.lerp_(value, 1.0 - decay)
            else:
                mean.copy_(value)
