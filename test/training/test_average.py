"""The moving average of the weights."""

from monodepth_ros.training.average import WeightAverage
import pytest
import torch
from torch import nn


def make_network(weight, count):
    network = nn.BatchNorm2d(1)
    with torch.no_grad():
        network.weight.fill_(weight)
        network.num_batches_tracked.fill_(count)
    return network


def test_average_is_quick_at_first_then_slow():
    average = WeightAverage(make_network(0.0, 0), decay=0.9)
    network = make_network(10.0, 7)
    average.update(network, 0)
    # The first decay is (1 + 0) / (10 + 0) = 0.1; the whole number is taken as it is.
    assert average.network.weight.item() == pytest.approx(9.0)
    assert average.network.num_batches_tracked.item() == 7
    average.update(make_network(0.0, 8), 1000)
    assert average.network.weight.item() == pytest.approx(8.1)


def test_average_is_apart_from_the_network():
    network = make_network(1.0, 0)
    average = WeightAverage(network, 0.5)
    assert network.training and not average.network.training
    assert network.weight.requires_grad and not average.network.weight.requires_grad
    network.weight.data.fill_(5.0)
    assert average.network.weight.item() == 1.0
