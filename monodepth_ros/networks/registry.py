"""Networks by name."""

from __future__ import annotations

from functools import partial
from typing import Callable

from monodepth_ros.errors import ConfigError
from monodepth_ros.networks.dual_branch import DualBranchNetwork
from monodepth_ros.networks.efficientnet_lite import EfficientNetLite0
from monodepth_ros.networks.resnet import ResNet50
from torch import nn

LITE_WIDTHS = (128, 96, 48, 16)


def _resnet50(classes, branches=('depth', 'semantic'), output_stride=8, variant='v1', **options):
    encoder = ResNet50(output_stride=output_stride, variant=variant)
    return DualBranchNetwork(encoder, classes, branches=branches, **options)


def _dual_efficientnet_lite0(classes, widths=LITE_WIDTHS, encoder_skips=True, **options):
    return DualBranchNetwork(
        EfficientNetLite0(), classes, widths=tuple(widths), encoder_skips=encoder_skips, **options
    )


NETWORKS: dict[str, Callable[..., nn.Module]] = {
    'dual_efficientnet_lite0': _dual_efficientnet_lite0,
    'dual_resnet50': _resnet50,
    'depth_resnet50': partial(_resnet50, branches=('depth',)),
    'semantic_resnet50': partial(_resnet50, branches=('semantic',)),
}


def create_network(name: str, **options) -> nn.Module:
    """Build a network with random weights.

    Args:
        name: one of `NETWORKS`.
        options: keyword arguments of the network, `classes` among them.

    Raises:
        ConfigError: unknown name, or an option that the network does not have.

    """
    if name not in NETWORKS:
        raise ConfigError(f'unknown network {name!r}; known: {", ".join(sorted(NETWORKS))}')
    try:
        return NETWORKS[name](**options)
    except TypeError as error:
        raise ConfigError(f'network {name!r} cannot take the options {options}: {error}') from None
