"""The state of a training run on disk: safetensors, written atomically, exact to the step."""

from __future__ import annotations

import json
from pathlib import Path

from monodepth_ros.errors import CheckpointError, shown, TrainingError
from monodepth_ros.networks.checkpoint import one_line
from monodepth_ros.networks.safetensors_file import read_arrays, write_arrays
from monodepth_ros.training.learner import Learner
import torch

STATE_KEY = 'monodepth_training'


def save_state(path: Path, learner: Learner, progress: dict) -> None:
    """Write weights, average, optimizer, scaler and progress (JSON types) to one file."""
    tensors = {
        f'{name}.{key}': value
        for name, part in learner.parts.items()
        for key, value in part.state_dict().items()
    }
    for index, slots in learner.optimizer.state_dict()['state'].items():
        tensors.update({f'optimizer.{index}.{k}': torch.as_tensor(v) for k, v in slots.items()})
    arrays = {key: value.cpu().numpy() for key, value in tensors.items()}
    text = json.dumps({'progress': progress, 'learner': learner.numbers()})
    write_arrays(path, arrays, {STATE_KEY: text})


def load_state(path: Path, learner: Learner) -> dict:
    """Restore what `save_state` wrote; return the progress.

    Raises:
        TrainingError: missing or damaged file, or the state of another network.

    """
    if not path.is_file():
        raise TrainingError(f'nothing to resume: {path} does not exist')
    try:
        arrays, metadata = read_arrays(path)
        saved = json.loads(metadata[STATE_KEY])
        progress, numbers = saved['progress'], saved['learner']
        _check_progress(progress)
        tensors = {key: torch.from_numpy(array) for key, array in arrays.items()}
        for name, part in learner.parts.items():
            part.load_state_dict(below(tensors, f'{name}.'))
        _restore_optimizer(learner.optimizer, below(tensors, 'optimizer.'))
        learner.restore(numbers)
    # What was damaged may be anything else of JSON's types and torch's shapes.
    except (CheckpointError, LookupError, TypeError, ValueError, RuntimeError) as error:
        raise TrainingError(
            f'{path} cannot be resumed with this configuration: {one_line(error)}; '
            'start anew in another --out folder'
        ) from None
    return progress


def _check_progress(progress):
    """Raise ValueError where the progress is not what a trainer keeps."""
    whole = (
        type(progress['step']) is int
        and progress['step'] >= 0
        and all(isinstance(loss, float) for loss in progress['losses'])
        and all(isinstance(record, dict) for record in progress['history'])
        and isinstance(progress['best'], (dict, type(None)))
    )
    if not whole:
        raise ValueError(f'the progress is {shown(progress)}')


def below(tensors: dict[str, torch.Tensor], prefix: str) -> dict[str, torch.Tensor]:
    """Return the tensors whose names begin with a prefix, by the rest of their names."""
    return {k.removeprefix(prefix): v for k, v in tensors.items() if k.startswith(prefix)}


def _restore_optimizer(optimizer, tensors):
    state: dict[int, dict[str, torch.Tensor]] = {}
    for key, value in tensors.items():
        index, slot = key.split('.')
        state.setdefault(int(index), {})[slot] = value
    whole = optimizer.state_dict()
    optimizer.load_state_dict({'state': state, 'param_groups': whole['param_groups']})
