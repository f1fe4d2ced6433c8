"""Learning rate and parameter groups."""

from monodepth_ros.training.config import OptimizerConfig
from monodepth_ros.training.optimizer import (
    learning_rate_factor,
    make_optimizer,
    set_learning_rate,
)
import pytest
from torch import nn


def test_learning_rate():
    factors = [learning_rate_factor(step, 100, 0.1) for step in range(100)]
    assert factors[:10] == pytest.approx([(i + 1) / 10 for i in range(10)])
    assert factors[10] == 1.0
    assert factors[55] == pytest.approx(0.5)  # the middle of the cosine
    assert 0 < factors[99] < 0.001
    assert learning_rate_factor(0, 100, 0.0) == 1.0


@pytest.fixture
def network():
    modules = {
        'encoder': nn.Conv2d(1, 1, 1),
        'norm': nn.BatchNorm2d(1),
        'head': nn.Conv2d(1, 2, 1),
    }
    return nn.ModuleDict(modules)


CONFIG = OptimizerConfig(learning_rate=0.1, encoder_factor=0.5, weight_decay=0.01)


def test_optimizer_groups(network):
    groups = make_optimizer(network, CONFIG).param_groups
    found = {id(p): (g['lr'], g['weight_decay']) for g in groups for p in g['params']}
    assert len(found) == 6
    assert found[id(network['encoder'].weight)] == (0.05, 0.01)
    assert found[id(network['encoder'].bias)] == (0.05, 0.0)
    assert found[id(network['head'].weight)] == (0.1, 0.01)
    assert found[id(network['head'].bias)] == found[id(network['norm'].weight)] == (0.1, 0.0)


def test_setting_the_learning_rate_keeps_the_groups_ratio(network):
    optimizer = make_optimizer(network, CONFIG)
    for _ in range(2):  # it does not build up
        assert set_learning_rate(optimizer, 0.2) == pytest.approx(0.02)
    rates = {id(p): g['lr'] for g in optimizer.param_groups for p in g['params']}
    assert rates[id(network['encoder'].weight)] == pytest.approx(0.01)
    assert rates[id(network['head'].weight)] == pytest.approx(0.02)
