"""A model small enough to run everything with."""

from pathlib import Path

from doubles import make_facts
from monodepth_ros.networks.checkpoint import save_checkpoint
from monodepth_ros.networks.registry import create_network
from monodepth_ros.training.datasets import nyu
import torch


def write_tiny_model(path: Path) -> Path:
    """Write a checkpoint with random weights, which takes images 64 wide; return its path."""
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
    save_checkpoint(path, network, facts)
    return path
