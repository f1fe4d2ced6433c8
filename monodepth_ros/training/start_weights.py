"""Where training starts: from weights that this package trained, to go on or to fine-tune."""

from __future__ import annotations

import json

from monodepth_ros.errors import ConfigError
from monodepth_ros.networks.checkpoint import load_checkpoint
from monodepth_ros.training.config import TrainConfig
from torch import nn


def load_start_weights(network: nn.Module, config: TrainConfig, classes: tuple[str, ...]) -> None:
    """Load the weights of `config.start_weights` into a network, strictly.

    Raises:
        CheckpointError: the file cannot be used.
        ConfigError: it holds another network, other options or other classes.

    """
    path = config.start_weights
    source, facts = load_checkpoint(path)
    if facts.network != config.network:
        raise ConfigError(
            f'start_weights {path} are of the network {facts.network!r}, not {config.network!r}; '
            f'set network: {facts.network}'
        )
    if facts.options != json.loads(json.dumps(config.options)):
        raise ConfigError(
            f'start_weights {path} have the options {facts.options}, not {config.options}; set '
            f'options: {json.dumps(facts.options)}'
        )
    if facts.classes != classes:
        raise ConfigError(
            f'start_weights {path} know {len(facts.classes)} classes '
            f'({", ".join(facts.classes)}), the data set has {len(classes)} '
            f'({", ".join(classes) or "none"}); start from weights of the same classes'
        )
    network.load_state_dict(source.state_dict())
