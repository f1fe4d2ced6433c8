"""Networks by name."""

from __future__ import annotations

from functools import partial
from typing import Callable

from monodepth_ros.errors import ConfigError
from monodepth_ros.networks.dense_depth import DenseDepthNetwork
from monodepth_ros.networks.densenet import DenseNet169
from monodepth_ros.networks.dual_branch import DualBranchNetwork
from monodepth_ros.networks.efficientnet_lite import EfficientNetLite0
from monodepth_ros.networks.resnet import ResNet50
from torch import nn

LITE_WIDTHS = (128, 96, 48, 16)


def _dual_resnet50(classes, output_stride=8, variant='v1', **options):
    encoder = ResNet50(output_stride=output_stride, variant=variant)
    return DualBranchNetwork(encoder, classes, **options)


def _single_resnet50(branch, classes, output_stride=8, variant='v1', **options):
    encoder = ResNet50(output_stride=output_stride, variant=variant)
    return DualBranchNetwork(encoder, classes, branches=(branch,), **options)


def _dual_efficientnet_lite0(classes, widths=LITE_WIDTHS, encoder_skips=True, **options):
    return DualBranchNetwork(
        EfficientNetLite0(), classes, widths=widths, encoder_skips=encoder_skips, **options
    )


def _dense_depth(make_encoder, classes, **options):  # classes: what every network is given
    return DenseDepthNetwork(make_encoder(), **options)


NETWORKS: dict[str, Callable[..., nn.Module]] = {
    'densedepth169': partial(_dense_depth, DenseNet169),
    'densedepth_efficientnet_lite0': partial(_dense_depth, EfficientNetLite0),
    'depth_resnet50': partial(_single_resnet50, 'depth'),
    'dual_efficientnet_lite0': _dual_efficientnet_lite0,
    'dual_resnet50': _dual_resnet50,
    'semantic_resnet50': partial(_single_resnet50, 'semantic'),
}


def create_network(name: str, **options) -> nn.Module:
    """Build a network with random weights.

    Args:
        name: one of `NETWORKS`.
        options: keyword arguments of the network, `classes` among them, of JSON's types.

    Raises:
        ConfigError: unknown name, or an option that the network does not have.

    """
    if name not in NETWORKS:
        raise ConfigError(f'unknown network {name!r}; known: {", ".join(sorted(NETWORKS))}')
    try:
        return NETWORKS[name](**options)
    except TypeError as error:
        raise ConfigError(f'network {name!r} cannot take the options {options}: {error}') from None
