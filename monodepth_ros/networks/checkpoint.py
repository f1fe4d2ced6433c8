"""Checkpoints: safetensors whose header carries the facts; no pickle is ever read."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

from monodepth_ros.errors import CheckpointError, ConfigError
from monodepth_ros.facts import ModelFacts
from monodepth_ros.networks.safetensors_file import read_arrays, read_metadata, write_arrays

if TYPE_CHECKING:
    from torch import nn

FACTS_KEY = 'monodepth_facts'
"""Key in the safetensors header under which the facts lie as JSON."""
REMEDY = 'use a file as `monodepth train` wrote it'
LONGEST_REASON = 300
"""Characters; torch lists every key that does not fit, which can be hundreds."""


def _facts_of(metadata: dict[str, str], path: str | Path) -> ModelFacts:
    text = metadata.get(FACTS_KEY)
    if text is None:
        raise CheckpointError(
            f'weights {path} carry no {FACTS_KEY!r}: not a checkpoint of this package; {REMEDY}'
        )
    try:
        return ModelFacts.from_dict(json.loads(text))
    except (json.JSONDecodeError, CheckpointError) as error:
        raise CheckpointError(f'weights {path}: {error}; {REMEDY}') from None


def read_facts(path: str | Path) -> ModelFacts:
    """Read the facts of a checkpoint without loading its weights; needs no torch.

    Raises:
        CheckpointError: missing, damaged or foreign file.

    """
    return _facts_of(read_metadata(path), path)


def load_checkpoint(path: str | Path) -> tuple[nn.Module, ModelFacts]:
    """Build the network that a checkpoint names and load its weights strictly, as float32.

    Raises:
        CheckpointError: missing, damaged or foreign file, or weights of another network.

    """
    from monodepth_ros.networks.registry import create_network
    import torch

    arrays, metadata = read_arrays(path)
    facts = _facts_of(metadata, path)
    tensors = {key: torch.from_numpy(array) for key, array in arrays.items()}
    try:
        network = create_network(facts.network, classes=len(facts.classes), **facts.options)
        network.load_state_dict(
            {k: v.float() if v.is_floating_point() else v for k, v in tensors.items()}
        )
    except (ConfigError, RuntimeError, TypeError) as error:
        raise CheckpointError(
            f'weights {path} do not fit network {facts.network!r}: {one_line(error)}; {REMEDY}'
        ) from None
    return network.eval(), facts


def one_line(error: Exception) -> str:
    """Return an error's message without line breaks, cut off where it goes on and on."""
    return ' '.join(str(error).split())[:LONGEST_REASON]


def save_checkpoint(
    path: str | Path, network: nn.Module, facts: ModelFacts, half: bool = True
) -> None:
    """Write weights and facts atomically: the file is either the old one or whole.

    Args:
        path: where to; the folder must exist.
        network: the module whose state is saved.
        facts: what goes into the header.
        half: store floating-point weights as float16, but for those whose values are beyond it
            (the variances of some published encoders are).

    Raises:
        CheckpointError: a weight is not finite.

    """
    import torch

    arrays = {}
    for key, value in network.state_dict().items():
        if not torch.isfinite(value).all():
            raise CheckpointError(f'weight {key} has values that are not finite')
        if value.is_floating_point() and half:
            short = value.to(torch.float16)
            value = short if torch.isfinite(short).all() else value
        arrays[key] = value.cpu().numpy()
    write_arrays(path, arrays, {FACTS_KEY: json.dumps(facts.to_dict())})
