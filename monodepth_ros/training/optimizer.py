"""AdamW, its parameter groups and its learning rate over a run."""

from __future__ import annotations

import math

from monodepth_ros.training.config import OptimizerConfig
import torch
from torch import nn


def learning_rate_factor(step: int, steps: int, warm_up: float) -> float:
    """Return a linear rise over the first `warm_up` share of the steps, then half a cosine."""
    rise = max(1.0, warm_up * steps)
    if step < rise:
        return (step + 1) / rise
    return 0.5 * (1.0 + math.cos(math.pi * (step - rise) / max(1.0, steps - rise)))


def make_optimizer(network: nn.Module, config: OptimizerConfig) -> torch.optim.AdamW:
    """Return AdamW with the encoder's own rate, and weight decay on convolution weights only."""
    groups = []
    for in_encoder in (False, True):
        for decays in (False, True):
            members = [
                p
                for name, p in network.named_parameters()
                if name.startswith('encoder.') == in_encoder and (p.ndim == 4) == decays
            ]
            rate = config.learning_rate * (config.encoder_factor if in_encoder else 1.0)
            decay = config.weight_decay if decays else 0.0
            groups.append({'params': members, 'lr': rate, 'base': rate, 'weight_decay': decay})
    return torch.optim.AdamW(groups)


def set_learning_rate(optimizer: torch.optim.Optimizer, factor: float) -> float:
    """Give every group `factor` times its own rate; return the decoder's, the first group's."""
    for group in optimizer.param_groups:
        group['lr'] = group['base'] * factor
    return optimizer.param_groups[0]['lr']
