"""Where training starts: from weights that this package trained, to go on or to fine-tune."""

from __future__ import annotations

import json

from monodepth_ros.errors import ConfigError
from monodepth_ros.networks.checkpoint import load_checkpoint
from monodepth_ros.training.config import TrainConfig
from torch import nn

ADDITIONS = {'error': 'error.', 'global_context': 'context.'}
"""Options that add layers to a network, and what the names of their weights begin with."""


def load_start_weights(network: nn.Module, config: TrainConfig, classes: tuple[str, ...]) -> None:
    """Load the weights of `config.start_weights` into a network, strictly.

    A network with one of `ADDITIONS` may start from one that does without.

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
    added = [key for key in ADDITIONS if options.get(key) and not facts.options.get(key)]
    if facts.options != {key: v for key, v in options.items() if key not in added}:
        raise ConfigError(
            f'start_weights {path} have the options {facts.options}, not {config.options}; set '
            f'options: {json.dumps(facts.options)}'
        )
    if added and config.start_share:
        raise ConfigError(
            f'start_weights {path} have no {added[0]} to keep a start_share of; leave start_share '
            'out of the training that adds it'
        )
    if facts.classes != classes:
        raise ConfigError(
            f'start_weights {path} know {len(facts.classes)} classes '
            f'({", ".join(facts.classes)}), the data set has {len(classes)} '
            f'({", ".join(classes) or "none"}); start from weights of the same classes'
        )
    weights = source.state_dict()
    begin = tuple(ADDITIONS[key] for key in added)
    own = network.state_dict()
    weights.update({name: value for name, value in own.items() if name.startswith(begin)})
    network.load_state_dict(weights)
