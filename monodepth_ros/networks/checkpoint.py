"""Checkpoints: safetensors whose header carries the facts; no pickle is ever read."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

from monodepth_ros.errors import CheckpointError, ConfigError, shown
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
    # json nests, and recurses, as deep as the text says.
    except (ValueError, RecursionError, CheckpointError) as error:
        raise CheckpointError(f'weights {path}: {one_line(error)}; {REMEDY}') from None


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

    def create():
        return create_network(facts.network, classes=len(facts.classes), **facts.options)

    try:
        _check_finite(tensors)
        _check_size(create, tensors)
        network = create()
        network.load_state_dict(tensors)  # which copies half precision into single
    # Options of JSON's types may be anything that a constructor stumbles over.
    except (ConfigError, CheckpointError, RuntimeError, TypeError, ValueError) as error:
        raise CheckpointError(
            f'weights {path} do not fit network {shown(facts.network)}: {one_line(error)}; '
            f'{REMEDY}'
        ) from None
    return network.eval(), facts


def _check_finite(tensors):
    for name, value in tensors.items():
        if not value.isfinite().all():
            raise CheckpointError(f'array {shown(name)} has values that are not finite')


def _check_size(create, tensors):
    """Refuse options of a far larger network than the file's, before memory is taken for it."""
    import torch

    if not hasattr(torch.device, '__enter__'):  # before torch 2.0
        return
    with torch.device('meta'):
        wanted = sum(value.numel() for value in create().state_dict().values())
    held = sum(value.numel() for value in tensors.values())
    if wanted > 2 * held:
        raise CheckpointError(f'it has {wanted} numbers, the file {held}')


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
        if not value.isfinite().all():
            raise CheckpointError(f'weight {key} has values that are not finite')
        if value.is_floating_point() and half:
            short = value.to(torch.float16)
            value = short if torch.isfinite(short).all() else value
        arrays[key] = value.cpu().numpy()
    write_arrays(path, arrays, {FACTS_KEY: json.dumps(facts.to_dict())})
