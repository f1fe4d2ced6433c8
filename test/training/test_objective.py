"""The training objective: which terms count, and with which weight."""

import math

from monodepth_ros.errors import ConfigError, TrainingError
from monodepth_ros.networks.dual_branch import DualBranchNetwork, NetworkOutput
from monodepth_ros.training import losses
from monodepth_ros.training.config import LossConfig
from monodepth_ros.training.objective import check_finite, objective
from monodepth_ros.training.targets import make_targets
import pytest
import torch

NONE = dict.fromkeys(
    ['depth_aware', 'log_depth', 'depth_sobel', 'focal', 'cross_entropy', 'class_sobel'], 0.0
)


class Network:
    metres = staticmethod(DualBranchNetwork.metres)
    outputs = ('depth', 'semantic')


def make_case():
    torch.manual_seed(0)
    output = NetworkOutput(torch.randn(2, 1, 8, 8), torch.randn(2, 3, 8, 8))
    label = torch.randint(0, 4, (2, 8, 8)).to(torch.uint8)
    label[label == 3] = 255
    return output, make_targets(torch.rand(2, 8, 8) * 12, label, 10.0)


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


def test_no_term_at_all_is_refused():
    with pytest.raises(ConfigError, match='no loss has a weight .*depth, semantic.*under loss'):
        run()


@pytest.mark.parametrize('value', [math.nan, math.inf])
def test_loss_that_is_not_finite_is_named(value):
    good = {'focal': torch.tensor(1.0), 'loss': torch.tensor(1.0)}
    check_finite(good, 7)
    with pytest.raises(TrainingError, match=f'at step 7: .*{value}.*learning_rate'):
        check_finite({**good, 'loss': torch.tensor(value)}, 7)
