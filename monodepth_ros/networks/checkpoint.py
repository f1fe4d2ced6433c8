"""Checkpoints: safetensors whose header carries the facts; no pickle is ever read."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

from monodepth_ros.errors import CheckpointError, ConfigError
from monodepth_ros.facts import ModelFacts

if TYPE_CHECKING:
    from torch import nn

FACTS_KEY = 'monodepth_facts'
"""Key in the safetensors header under which the facts lie as JSON."""
REMEDY = 'use a file as `monodepth train` wrote it'
LONGEST_REASON = 300
"""Characters; torch lists every key that does not fit, which can be hundreds."""


def _open(path: str | Path, framework: str):
    """Open a safetensors file; every failure is a CheckpointError that names the file."""
    from safetensors import safe_open, SafetensorError

    path = Path(path)
    if not path.is_file():
        raise CheckpointError(f'weights {path} do not exist; give a .safetensors file')
    try:
        return safe_open(str(path), framework=framework)
    except (SafetensorError, OSError, ValueError) as error:
        raise CheckpointError(
            f'weights {path} ({path.stat().st_size} bytes) are truncated or no safetensors file: '
            f'{error}; fetch them again'
        ) from None


def _facts_of(file, path: str | Path) -> ModelFacts:
    text = (file.metadata() or {}).get(FACTS_KEY)
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
    with _open(path, 'numpy') as file:
        return _facts_of(file, path)


def load_checkpoint(path: str | Path) -> tuple[nn.Module, ModelFacts]:
    """Build the network that a checkpoint names and load its weights strictly, as float32.

    Raises:
        CheckpointError: missing, damaged or foreign file, or weights of another network.

    """
    from monodepth_ros.networks.registry import create_network

    with _open(path, 'pt') as file:
        facts = _facts_of(file, path)
        state = {key: file.get_tensor(key) for key in file.keys()}
    try:
        network = create_network(facts.network, classes=len(facts.classes), **facts.options)
        network.load_state_dict(
            {k: v.float() if v.is_floating_point() else v for k, v in state.items()}
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
        half: store floating-point weights as float16.

    Raises:
        CheckpointError: a weight is not finite, or does not fit float16.

    """
    from safetensors.torch import save
    import torch

    state = {}
    for key, value in network.state_dict().items():
        if value.is_floating_point() and half:
            value = value.to(torch.float16)
        if not torch.isfinite(value).all():
            raise CheckpointError(f'weight {key} has values that are not finite or beyond float16')
        state[key] = value.contiguous()
    data = save(state, metadata={FACTS_KEY: json.dumps(facts.to_dict())})
    write_atomically(path, data)


def write_atomically(path: str | Path, data: bytes) -> None:
    """Replace a file by `data` so that a crash at any moment leaves the old or the new one."""
    import os

    path = Path(path)
    temporary = path.with_name(f'.{path.name}.{os.getpid()}.tmp')
    try:
        with open(temporary, 'wb') as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        os.replace(temporary, path)
    finally:
        temporary.unlink(missing_ok=True)
