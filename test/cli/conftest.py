"""A model small enough to run every command with."""

from doubles import make_facts
from monodepth_ros.networks.checkpoint import save_checkpoint
from monodepth_ros.networks.registry import create_network
from monodepth_ros.training.datasets import nyu
import pytest
from tiny_folder import write_tiny_folder
import torch


@pytest.fixture(scope='session')
def tiny_model(tmp_path_factory):
    """Return the path of a checkpoint with random weights, which takes images 64 wide."""
    torch.manual_seed(0)
    options = {'widths': [8, 8, 8, 8]}
    network = create_network('dual_efficientnet_lite0', classes=13, **options)
    facts = make_facts(
        network='dual_efficientnet_lite0',
        options=options,
        classes=nyu.CLASSES,
        colors=nyu.COLORS,
        input_width=64,
        input_height=48,
        focal_length=50.0,
    )
    path = tmp_path_factory.mktemp('model') / 'tiny.safetensors'
    save_checkpoint(path, network, facts)
    return path


@pytest.fixture
def tiny_folder(tmp_path):
    return write_tiny_folder(tmp_path / 'data', count=3)
