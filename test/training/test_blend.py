"""The mean of trained and start weights."""

from monodepth_ros.networks.checkpoint import load_checkpoint
from monodepth_ros.training.blend import Blend
import pytest
from tiny_folder import write_tiny_folder
import torch
from torch import nn
from training_kit import make_trainer

pytestmark = pytest.mark.usefixtures('tiny_network')


def _filled(value, count):
    norm = nn.BatchNorm1d(1)
    nn.init.constant_(norm.weight, value)
    norm.running_mean.fill_(value)
    norm.num_batches_tracked.fill_(count)
    return norm


def test_the_mean_is_between():
    start, trained = _filled(1.0, 3), _filled(4.0, 7)
    mixed = Blend(start, 0.25)(trained)
    assert mixed.weight.item() == mixed.running_mean.item() == 3.25
    assert mixed.num_batches_tracked.item() == 7
    # What goes on training is as it was.
    assert trained.weight.item() == 4.0


def test_the_start_is_copied():
    network = _filled(1.0, 0)
    blend = Blend(network, 0.5)
    with torch.no_grad():
        network.weight.fill_(3.0)
    assert blend(network).weight.item() == 2.0


def test_without_a_share_it_is_the_network():
    network = _filled(1.0, 0)
    assert Blend(network, 0.0)(network) is network


def _weights(path):
    return load_checkpoint(path)[0].state_dict()


def test_a_run_writes_the_mean_of_what_it_would_have_written_and_its_start(tmp_path):
    data = write_tiny_folder(tmp_path / 'data')
    start = make_trainer(data, tmp_path / 'start', epochs=1)
    start.run()
    begin = {'start_weights': str(start.files.last), 'epochs': 1}
    alone = make_trainer(data, tmp_path / 'alone', **begin)
    mixed = make_trainer(data, tmp_path / 'mixed', start_share=0.5, **begin)
    alone.run()
    mixed.run()
    first, last = _weights(start.files.last), _weights(alone.files.last)
    assert any(not torch.equal(first[name], last[name]) for name in first)
    for name, value in _weights(mixed.files.last).items():
        if value.is_floating_point():
            torch.testing.assert_close(value, (first[name] + last[name]) / 2, rtol=2e-3, atol=2e-3)
    # The next step goes on from the trained weights, not from the mean.
    last, after = (t.learner.network.state_dict() for t in (alone, mixed))
    assert all(torch.equal(last[name], after[name]) for name in last)
