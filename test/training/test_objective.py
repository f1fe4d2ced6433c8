"""The training objective: which terms count, and with which weight."""

import dataclasses
import math
from pathlib import Path

from monodepth_ros.errors import ConfigError, TrainingError
from monodepth_ros.networks.dual_branch import DualBranchNetwork
from monodepth_ros.networks.output import NetworkOutput
from monodepth_ros.networks.registry import create_network
from monodepth_ros.training import losses
from monodepth_ros.training.config import load_config, LossConfig
from monodepth_ros.training.objective import check_finite, loss_weights, objective
from monodepth_ros.training.targets import make_targets
import pytest
import torch

ROOT = Path(__file__).parents[2]
METRIC = ['depth_aware', 'depth_l1', 'log_depth', 'silog', 'log_scale', 'log_gradient', 'normal']
METRIC += ['depth_sobel']
RECIPROCAL = ['reciprocal_l1', 'reciprocal_gradient', 'reciprocal_ssim']
SEMANTIC = ['focal', 'cross_entropy', 'jaccard', 'class_sobel']
NONE = dict.fromkeys([*METRIC, *SEMANTIC], 0.0)
ALL = {field.name for field in dataclasses.fields(LossConfig)}


class Network:
    metres = staticmethod(DualBranchNetwork.metres)
    outputs = ('depth', 'semantic')


class DepthNetwork(Network):
    outputs = ('depth',)


class SemanticNetwork(Network):
    outputs = ('semantic',)


class CarefulNetwork(Network):
    outputs = ('depth', 'semantic', 'error')


class ReciprocalNetwork:
    outputs = ('depth',)
    reciprocal_range = 10.0

    @staticmethod
    def metres(raw):
        return 10.0 / raw


def make_case():
    torch.manual_seed(0)
    output = NetworkOutput(torch.randn(2, 1, 16, 16), torch.randn(2, 3, 16, 16))
    label = torch.randint(0, 4, (2, 16, 16)).to(torch.uint8)
    label[label == 3] = 255
    return output, make_targets(torch.rand(2, 16, 16) * 10 + 0.1, label)


def run(**weights):
    output, targets = make_case()
    return objective(Network, output, targets, LossConfig(**{**NONE, **weights}), 10.0)


@pytest.mark.parametrize('name', NONE)
def test_each_term_alone(name):
    terms = run(**{name: 3.0})
    assert set(terms) == {name, 'loss'}
    assert terms[name] > 0
    assert terms['loss'].item() == pytest.approx(3 * terms[name].item())


def test_weighted_sum():
    weights = {name: index + 0.5 for index, name in enumerate(NONE)}
    terms = run(**weights)
    expected = sum(weight * terms[name].item() for name, weight in weights.items())
    assert terms['loss'].item() == pytest.approx(expected, rel=1e-5)


def test_terms_are_those_of_the_losses():
    output, targets = make_case()
    terms = run(log_depth=1.0, cross_entropy=1.0)
    valid = targets.depth_valid
    expected = losses.log_depth_loss(output.depth.exp(), targets.depth, valid)
    torch.testing.assert_close(terms['log_depth'], expected)
    # Every second pixel of both axes is looked at.
    logits, label = output.semantic[..., ::2, ::2], targets.label[:, ::2, ::2]
    expected = losses.cross_entropy_loss(logits, label, (label < 3)[:, None])
    torch.testing.assert_close(terms['cross_entropy'], expected)


@pytest.mark.parametrize('branch', ['depth', 'semantic'])
def test_single_branches(branch):
    output, targets = make_case()
    output = NetworkOutput(**{'depth': None, 'semantic': None, branch: getattr(output, branch)})
    terms = objective(Network, output, targets, LossConfig(), 10.0)
    expected = {
        'depth': {'depth_aware', 'depth_sobel', 'loss'},
        'semantic': {'focal', 'class_sobel', 'loss'},
    }
    assert set(terms) == expected[branch]


def test_the_error_is_learned_beside_the_depth():
    output, targets = make_case()
    raw = torch.randn(2, 1, 16, 16, requires_grad=True)
    depth = output.depth.requires_grad_()
    weights = LossConfig(**{**NONE, 'error': 2.0})
    terms = objective(CarefulNetwork, output._replace(error=raw), targets, weights, 10.0)
    assert set(terms) == {'error', 'loss'}
    expected = losses.error_loss(raw, depth.exp(), targets.depth, targets.depth_valid)
    torch.testing.assert_close(terms['loss'], 2 * expected)
    terms['loss'].backward()
    assert depth.grad is None and raw.grad.any()


def test_normals_know_the_focal_length():
    output, targets = make_case()
    weights = LossConfig(**{**NONE, 'normal': 1.0})
    near, far = (objective(Network, output, targets, weights, 10.0, f) for f in (5.0, 50.0))
    assert near['normal'] != far['normal']


def reciprocal_case():
    """Return reciprocal maps of half the size, and targets with unknown pixels."""
    torch.manual_seed(0)
    depth = torch.rand(2, 24, 28) * 12  # what is beyond 10 m is unknown
    label = torch.full((2, 24, 28), 255, dtype=torch.uint8)
    return NetworkOutput(torch.rand(2, 1, 12, 14) * 9 + 1, None), make_targets(depth, label, 10.0)


@pytest.mark.parametrize('name', [*METRIC, *RECIPROCAL])
def test_each_term_of_a_reciprocal_network_alone(name):
    output, targets = reciprocal_case()
    targets.depth_valid[:] = True  # else no window of the structural similarity is left
    output.depth.requires_grad_()
    weights = dict.fromkeys([*METRIC, *RECIPROCAL], 0.0)
    config = LossConfig(**{**weights, name: 2.0})
    terms = objective(ReciprocalNetwork, output, targets, config, 10.0)
    assert set(terms) == {name, 'loss'}
    assert terms[name] > 0
    assert terms['loss'].item() == pytest.approx(2 * terms[name].item())
    terms['loss'].backward()
    assert torch.isfinite(output.depth.grad).all() and output.depth.grad.any()


def test_reciprocal_terms_compare_with_the_range_over_depth():
    depth = torch.tensor([[2.0, 2.0, 5.0, 0.0], [2.0, 2.0, 0.0, 5.0]])[None]
    depth = torch.cat((depth, torch.full((1, 2, 4), 0.05)), dim=1)  # nearer than 0.1 m
    targets = make_targets(depth, torch.full((1, 4, 4), 255, dtype=torch.uint8), 10.0)
    output = NetworkOutput(torch.tensor([[[[5.5, 2.0], [103.0, 104.0]]]]), None)
    config = LossConfig(reciprocal_gradient=0.0, reciprocal_ssim=0.0)
    terms = objective(ReciprocalNetwork, output, targets, config, 10.0)
    # Truth 10 / 2, 10 / 5, and at most 10 / 0.1.
    assert terms['reciprocal_l1'].item() == pytest.approx((0.5 + 0.0 + 3.0 + 4.0) / 4)
    assert terms['loss'].item() == pytest.approx(0.1 * (0.5 + 0.0 + 3.0 + 4.0) / 4)


def test_metric_terms_of_a_reciprocal_network_are_in_metres():
    targets = make_targets(
        torch.full((1, 2, 2), 4.0), torch.full((1, 2, 2), 255, dtype=torch.uint8), 10.0
    )
    config = LossConfig(reciprocal_l1=0, reciprocal_gradient=0, reciprocal_ssim=0, depth_l1=1.0)
    output = NetworkOutput(torch.full((1, 1, 1, 1), 2.0), None)
    assert objective(ReciprocalNetwork, output, targets, config, 10.0)['loss'].item() == 1.0


@pytest.mark.parametrize(
    ('network', 'expected'),
    [
        (Network, {'depth_aware': 1, 'depth_sobel': 1, 'focal': 1, 'class_sobel': 1}),
        (DepthNetwork, {'depth_aware': 1, 'depth_sobel': 1}),
        (SemanticNetwork, {'focal': 1, 'class_sobel': 1}),
        # Alhashim and Wonka, equation 1.
        (
            ReciprocalNetwork,
            {'reciprocal_l1': 0.1, 'reciprocal_gradient': 1, 'reciprocal_ssim': 1},
        ),
    ],
)
def test_usual_weights(network, expected):
    assert loss_weights(network, LossConfig()) == expected
    # A weight of 0 for a term that is not there changes nothing.
    zeros = LossConfig(**dict.fromkeys(ALL - set(expected), 0.0))
    assert loss_weights(network, zeros) == expected


@pytest.mark.parametrize('path', sorted((ROOT / 'config').glob('train_*.yaml')), ids=str)
def test_shipped_configurations_fit_their_networks(path):
    config = load_config(path)
    network = create_network(config.network, classes=3, **config.options)
    assert set(loss_weights(network, config.loss)) <= ALL


def test_a_configured_weight_leaves_the_others_as_usual():
    weights = loss_weights(DepthNetwork, LossConfig(depth_aware=0.0, depth_l1=3.0))
    assert weights == {'depth_l1': 3.0, 'depth_sobel': 1.0}


@pytest.mark.parametrize(
    ('network', 'has'),
    [
        (Network, METRIC + SEMANTIC),
        (DepthNetwork, METRIC),
        (SemanticNetwork, SEMANTIC),
        (CarefulNetwork, [*METRIC, *SEMANTIC, 'error']),
        (ReciprocalNetwork, METRIC + RECIPROCAL),
    ],
)
def test_terms_that_a_network_cannot_have_are_refused(network, has):
    for name in sorted(ALL):
        config = LossConfig(**{name: 0.5})
        if name in has:
            assert loss_weights(network, config)[name] == 0.5
        else:
            with pytest.raises(ConfigError, match=f'loss.{name} is 0.5.*{network.outputs[0]}'):
                loss_weights(network, config)


def test_no_term_at_all_is_refused():
    with pytest.raises(ConfigError, match='no loss has a weight .*depth, semantic.*under loss'):
        run()


@pytest.mark.parametrize('value', [math.nan, math.inf])
def test_loss_that_is_not_finite_is_named(value):
    good = {'focal': torch.tensor(1.0), 'loss': torch.tensor(1.0)}
    check_finite(good, 7)
    with pytest.raises(TrainingError, match=f'at step 7: .*{value}.*learning_rate'):
        check_finite({**good, 'loss': torch.tensor(value)}, 7)
