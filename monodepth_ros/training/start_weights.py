"""Where training starts: from weights that this package trained, to go on or to fine-tune."""

from __future__ import annotations

import json

from monodepth_ros.errors import ConfigError
from monodepth_ros.networks.checkpoint import load_checkpoint
from monodepth_ros.training.config import TrainConfig
from torch import nn

ERROR_HEAD = 'error.'
"""What the names of an error head's weights begin with."""


def load_start_weights(network: nn.Module, config: TrainConfig, classes: tuple[str, ...]) -> None:
    """Load the weights of `config.start_weights` into a network, strictly.

    A network that is to predict its error may start from one that does not.

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
    options = json.loads(json.dumps(config.options))
    adds_error = options.get('error') and not facts.options.get('error')
    if facts.options != {k: v for k, v in options.items() if k != 'error' or not adds_error}:
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
    weights = source.state_dict()
    if adds_error:
        own = network.state_dict()
        weights.update({k: v for k, v in own.items() if k.startswith(ERROR_HEAD)})
    network.load_state_dict(weights)
