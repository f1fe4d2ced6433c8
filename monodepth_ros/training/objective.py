"""The training objective: the weighted sum of the losses of a network's branches."""

from __future__ import annotations

from monodepth_ros.errors import ConfigError, TrainingError
from monodepth_ros.training import losses
from monodepth_ros.training.config import LossConfig
from monodepth_ros.training.targets import Targets
import torch
from torch import nn, Tensor

SEMANTIC_STEP = 2
"""The semantic terms look at every second pixel of both axes: neighbours mostly agree."""


def objective(
    network: nn.Module, output, targets: Targets, config: LossConfig, max_depth: float
) -> dict[str, Tensor]:
    """Return the loss terms that have a weight, and their weighted sum as 'loss'.

    Raises:
        ConfigError: no term has one.

    """
    terms = {}
    if output.depth is not None:
        terms.update(_depth_terms(network.metres(output.depth), targets, config, max_depth))
    if output.semantic is not None:
        terms.update(_semantic_terms(output.semantic, targets, config))
    if not terms:
        raise ConfigError(
            f'no loss has a weight for what the network predicts ({", ".join(network.outputs)}); '
            'set one under loss'
        )
    total = sum(getattr(config, name) * value for name, value in terms.items())
    return {**terms, 'loss': total}


def _depth_terms(metres, targets, config, max_depth):
    arguments = (metres, targets.depth, targets.depth_valid)
    terms = {}
    if config.depth_aware:
        terms['depth_aware'] = losses.depth_aware_loss(*arguments, max_depth)
    if config.log_depth:
        terms['log_depth'] = losses.log_depth_loss(*arguments)
    if config.depth_sobel:
        terms['depth_sobel'] = losses.sobel_loss(*arguments)
    return terms


def _semantic_terms(logits, targets, config):
    step = SEMANTIC_STEP
    logits, label = logits[..., ::step, ::step], targets.label[:, ::step, ::step]
    valid = (label < logits.shape[1])[:, None]
    terms = {}
    if config.focal:
        terms['focal'] = losses.focal_loss(logits, label, valid)
    if config.cross_entropy:
        terms['cross_entropy'] = losses.cross_entropy_loss(logits, label, valid)
    if config.class_sobel:
        terms['class_sobel'] = losses.class_sobel_loss(logits, label, valid)
    return terms


def check_finite(terms: dict[str, Tensor], step: int) -> None:
    """Raise TrainingError that names the step and the terms where one of them is not finite."""
    if not all(torch.isfinite(value) for value in terms.values()):
        values = {name: float(value.detach()) for name, value in terms.items()}
        raise TrainingError(
            f'the loss is not finite at step {step}: {values}; lower optimizer.learning_rate, '
            'or look for damaged images; the last saved state is still good'
        )
