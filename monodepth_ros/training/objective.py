"""The training objective: the weighted sum of the losses of what a network predicts."""

from __future__ import annotations

import dataclasses

from monodepth_ros.errors import ConfigError, TrainingError
from monodepth_ros.training import losses
from monodepth_ros.training.config import LossConfig
from monodepth_ros.training.density import by_density
from monodepth_ros.training.targets import shrink_depth, Targets
import torch
from torch import nn, Tensor

METRIC_TERMS = {
    'depth_aware': 1.0,
    'depth_l1': 0.0,
    'log_depth': 0.0,
    'silog': 0.0,
    'log_scale': 0.0,
    'log_gradient': 0.0,
    'normal': 0.0,
    'depth_sobel': 1.0,
}
RECIPROCAL_TERMS = {'reciprocal_l1': 0.1, 'reciprocal_gradient': 1.0, 'reciprocal_ssim': 1.0}
"""Weights of DenseDepth (Alhashim and Wonka, 2018, equation 1)."""
SEMANTIC_TERMS = {'focal': 1.0, 'cross_entropy': 0.0, 'jaccard': 0.0, 'class_sobel': 1.0}
ERROR_TERMS = {'error': 1.0}
SEMANTIC_STEP = 2
"""The semantic terms look at every second pixel of both axes: neighbours mostly agree."""
NEAREST = 0.1
"""Metres; truth below counts as this in the reciprocal terms. With a range of 10 m their values
go up to 100, the range of the structural similarity in the authors' code."""


def objective(
    network: nn.Module,
    output,
    targets: Targets,
    config: LossConfig,
    max_depth: float,
    focal_length: float = 1.0,
) -> dict[str, Tensor]:
    """Return the loss terms that have a weight, and their weighted sum as 'loss'.

    Args:
        network: turns its raw depth map into metres.
        output: its raw maps.
        targets: what they should be.
        config: weights of the terms.
        max_depth: metres; upper end of the depth range.
        focal_length: pixels of the targets, that depth is learned for; for normals.

    Raises:
        ConfigError: no term has one, or one that the network cannot have.

    """
    weights = loss_weights(network, config)
    terms: dict[str, Tensor] = {}
    if output.depth is not None:
        truth, valid = shrink_depth(targets, output.depth.shape[-2:])
        maps = network.metres(output.depth), truth, valid
        limits = max_depth, focal_length * truth.shape[-1] / targets.depth.shape[-1]

        def depth_terms(counted: Tensor) -> dict[str, Tensor]:
            return _depth_terms(weights, network, output, (*maps[:2], counted), limits)

        terms.update(by_density(depth_terms, valid))
    if output.semantic is not None:
        terms.update(_semantic_terms(weights, output.semantic, targets.label))
    return {**terms, 'loss': sum(weights[name] * value for name, value in terms.items())}


def _depth_terms(weights, network, output, maps, limits):
    terms = _metric_terms(weights, maps, *limits)
    if output.error is not None and 'error' in weights:
        terms['error'] = losses.error_loss(output.error, *maps)
    if _is_reciprocal(network):
        truth, valid = maps[1:]
        reciprocal_range = network.reciprocal_range
        terms.update(_reciprocal_terms(weights, output.depth, truth, valid, reciprocal_range))
    return terms


def loss_weights(network: nn.Module, config: LossConfig) -> dict[str, float]:
    """Return the weight of each term that has one, for a network: the configured or usual one.

    Raises:
        ConfigError: no term has a weight, or one that the network cannot have.

    """
    usual = _usual_weights(network)
    predicts = ', '.join(network.outputs)
    weights = {}
    for name, weight in dataclasses.asdict(config).items():
        if weight and name not in usual:
            raise ConfigError(
                f'loss.{name} is {weight}, but the network, which predicts {predicts}, has no '
                f'such term; leave it out; its terms: {", ".join(usual)}'
            )
        weight = usual.get(name) if weight is None else weight
        if weight:
            weights[name] = weight
    if not weights:
        raise ConfigError(
            f'no loss has a weight for what the network predicts ({predicts}); set one under loss'
        )
    return weights


def _is_reciprocal(network):
    return hasattr(network, 'reciprocal_range')


def _usual_weights(network):
    """Return every term that a network can have, with what it weighs if nothing is configured."""
    weights = {}
    if 'depth' in network.outputs:
        if _is_reciprocal(network):
            weights = {**dict.fromkeys(METRIC_TERMS, 0.0), **RECIPROCAL_TERMS}
        else:
            weights = dict(METRIC_TERMS)
    if 'semantic' in network.outputs:
        weights = {**weights, **SEMANTIC_TERMS}
    return {**weights, **ERROR_TERMS} if 'error' in network.outputs else weights


def _metric_terms(weights, maps, max_depth, focal_length):
    terms = {
        'depth_aware': lambda: losses.depth_aware_loss(*maps, max_depth),
        'depth_l1': lambda: losses.l1_loss(*maps),
        'log_depth': lambda: losses.log_depth_loss(*maps),
        'silog': lambda: losses.silog_loss(*maps),
        'log_scale': lambda: losses.log_scale_loss(*maps),
        'log_gradient': lambda: losses.log_gradient_loss(*maps),
        'normal': lambda: losses.normal_loss(*maps, focal_length),
        'depth_sobel': lambda: losses.sobel_loss(*maps),
    }
    return _weighted(weights, terms)


def _reciprocal_terms(weights, raw, truth, valid, reciprocal_range):
    maps = (raw, reciprocal_range / truth.clamp(min=NEAREST), valid)
    terms = {
        'reciprocal_l1': lambda: losses.l1_loss(*maps),
        'reciprocal_gradient': lambda: losses.gradient_loss(*maps),
        'reciprocal_ssim': lambda: losses.ssim_loss(*maps, reciprocal_range / NEAREST),
    }
    return _weighted(weights, terms)


def _semantic_terms(weights, logits, label):
    step = SEMANTIC_STEP
    logits, label = logits[..., ::step, ::step], label[:, ::step, ::step]
    maps = (logits, label, (label < logits.shape[1])[:, None])
    terms = {
        'focal': lambda: losses.focal_loss(*maps),
        'cross_entropy': lambda: losses.cross_entropy_loss(*maps),
        'jaccard': lambda: losses.jaccard_loss(*maps),
        'class_sobel': lambda: losses.class_sobel_loss(*maps),
    }
    return _weighted(weights, terms)


def _weighted(weights, terms):
    return {name: term() for name, term in terms.items() if name in weights}


def check_finite(terms: dict[str, Tensor], step: int) -> None:
    """Raise TrainingError that names the step and the terms where one of them is not finite."""
    if not all(torch.isfinite(value) for value in terms.values()):
        values = {name: float(value.detach()) for name, value in terms.items()}
        raise TrainingError(
            f'the loss is not finite at step {step}: {values}; lower optimizer.learning_rate, '
            'or look for damaged images; the last saved state is still good'
        )
