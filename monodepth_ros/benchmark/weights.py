"""Checkpoints to measure with: other output strides of one, and random ones that compute."""

from __future__ import annotations

from dataclasses import replace

from monodepth_ros.networks.checkpoint import load_checkpoint, save_checkpoint
from monodepth_ros.networks.registry import create_network, NETWORKS
import numpy as np
import torch
from torch import nn


def known_networks() -> list[str]:
    """Return the names of all networks."""
    return sorted(NETWORKS)


def write_with_stride(source: str, output_stride: int, target: str) -> None:
    """Write a ResNet-50 checkpoint anew for another output stride; its weights stay the same."""
    network, facts = load_checkpoint(source)
    options = {**facts.options, 'output_stride': output_stride}
    facts = replace(facts, options=options, activation_ranges={})
    restrided = create_network(facts.network, classes=len(facts.classes), **facts.options)
    restrided.load_state_dict(network.state_dict())
    save_checkpoint(target, restrided, facts)


def write_random(name: str, model: str, options: dict, images: np.ndarray, target: str) -> None:
    """
    Write a checkpoint of random weights whose batch norms fit images.

    Without that the maps of a deep random network vanish or overflow, and no comparison of
    precisions means anything.

    Args:
        name: of the network.
        model: checkpoint that gives classes, input size and camera.
        options: of the network's constructor.
        images: (N, h, w, 3) uint8 RGB.
        target: path of the new checkpoint.

    """
    torch.manual_seed(0)
    _, like = load_checkpoint(model)
    network = create_network(name, classes=len(like.classes), **options)
    norms = [layer for layer in network.modules() if isinstance(layer, nn.BatchNorm2d)]
    for norm in norms:
        norm.reset_running_stats()
        norm.momentum = None  # the mean over all batches
    mean, std = (torch.tensor(value).view(1, 3, 1, 1) for value in (like.mean, like.std))
    batch = torch.from_numpy(images).permute(0, 3, 1, 2).float()
    with torch.no_grad():
        network.train()((batch - mean) / std)
    facts = replace(
        like,
        network=name,
        options=options,
        outputs=network.outputs,
        training={},
        metrics={},
        activation_ranges={},
    )
    save_checkpoint(target, network.eval(), facts)
