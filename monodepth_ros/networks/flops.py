"""The arithmetic of a network, counted from the shapes that pass through it."""

from __future__ import annotations

from copy import deepcopy
from math import prod

import torch
from torch import nn, Tensor


def count_gflop(network: nn.Module, height: int, width: int, batch: int = 1) -> float:
    """Return the 10^9 operations of one forward pass, a multiply-add counting as two.

    Convolutions, transposed convolutions and linear layers count; batch norms, activations and
    resizing, which engines fuse into them or which are small beside them, do not. Nothing is
    computed: the shapes are propagated on torch's meta device, and `network` stays as it is.

    Args:
        network: takes (N, 3, H, W) float32.
        height: input rows.
        width: input columns.
        batch: images of a pass.

    """
    copy = deepcopy(network).to('meta').eval()
    macs = []
    for layer in copy.modules():
        if isinstance(layer, (nn.Conv2d, nn.ConvTranspose2d, nn.Linear)):
            layer.register_forward_hook(lambda *call: macs.append(_multiply_adds(*call)))
    with torch.no_grad():
        copy(torch.empty(batch, 3, height, width, device='meta'))
    return 2e-9 * sum(macs)


def _multiply_adds(layer: nn.Module, inputs: tuple[Tensor, ...], output: Tensor) -> int:
    """Return what one call of a layer takes.

    Each output of a convolution or a linear layer meets one row of weights; each input of a
    transposed convolution meets one, also where what it gives is cut off later.
    """
    meeting = inputs[0] if isinstance(layer, nn.ConvTranspose2d) else output
    return meeting.numel() * prod(layer.weight.shape[1:])
