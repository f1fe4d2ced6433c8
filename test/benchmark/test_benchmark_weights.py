"""Checkpoints that the benchmark makes for itself."""

from monodepth_ros.benchmark.weights import write_random, write_with_stride
from monodepth_ros.networks.checkpoint import load_checkpoint
import numpy as np
import pytest
import torch


@pytest.fixture(scope='module')
def images():
    return np.random.default_rng(0).integers(0, 256, (2, 64, 64, 3), np.uint8)


@pytest.fixture(scope='module')
def resnet(tiny_model, images, tmp_path_factory):
    path = str(tmp_path_factory.mktemp('random') / 'resnet.safetensors')
    write_random('dual_resnet50', str(tiny_model), {'output_stride': 32}, images, path)
    return path


def test_random_weights_let_maps_neither_vanish_nor_overflow(resnet, images):
    network, facts = load_checkpoint(resnet)
    assert facts.network == 'dual_resnet50' and facts.options == {'output_stride': 32}
    mean, std = (torch.tensor(v).view(1, 3, 1, 1) for v in (facts.mean, facts.std))
    batch = torch.from_numpy(images).permute(0, 3, 1, 2).float()
    with torch.no_grad():
        maps = network.encoder((batch - mean) / std)
        depth = network.metres(network((batch - mean) / std).depth)
    # Batch norms that fit leave maps of about unit size, whatever the depth.
    assert 0.1 < maps[-1].std() < 10
    assert depth.std() > 0 and 0.1 < depth.median() < 50


def test_weights_are_the_same_each_time(resnet, tiny_model, images, tmp_path):
    path = tmp_path / 'again.safetensors'
    write_random('dual_resnet50', str(tiny_model), {'output_stride': 32}, images, str(path))
    with open(resnet, 'rb') as file:
        assert path.read_bytes() == file.read()


def test_another_stride_has_the_same_weights(resnet, tmp_path):
    path = str(tmp_path / 'stride16.safetensors')
    write_with_stride(resnet, 16, path)
    (coarse, _), (fine, facts) = load_checkpoint(resnet), load_checkpoint(path)
    assert facts.options['output_stride'] == 16
    assert coarse.encoder.strides[-1] == 32 and fine.encoder.strides[-1] == 16
    other = fine.state_dict()
    assert all(torch.equal(value, other[key]) for key, value in coarse.state_dict().items())
