"""Names and shapes of torchvision's published models, from lists under test/data."""

from pathlib import Path

import torch

DATA = Path(__file__).parent / 'data'
SUFFIXES = {
    1: ('weight', 'bias', 'running_mean', 'running_var'),  # batch norm
    2: ('weight', 'bias'),  # linear
    4: ('weight',),  # convolution
}


def published_shapes(model: str) -> dict[str, tuple[int, ...]]:
    """Return the shape of every tensor in the state dict of a model, its classifier among them."""
    shapes = {}
    for line in (DATA / f'torchvision_{model}.txt').read_text().splitlines():
        if line.startswith('#'):
            continue
        name, *numbers = line.split()
        weight = tuple(map(int, numbers))
        for suffix in SUFFIXES[len(weight)]:
            shapes[f'{name}.{suffix}'] = weight if suffix == 'weight' else weight[:1]
        if len(weight) == 1:
            shapes[f'{name}.num_batches_tracked'] = ()
    return shapes


def published_state(model: str) -> dict[str, torch.Tensor]:
    """Return a state dict of ones as torchvision would save it."""
    return {key: torch.ones(shape) for key, shape in published_shapes(model).items()}


def shapes_of(module: torch.nn.Module) -> dict[str, tuple[int, ...]]:
    """Return the shape of every tensor in a module's state dict."""
    return {key: tuple(value.shape) for key, value in module.state_dict().items()}


def count_parameters(module: torch.nn.Module) -> int:
    """Return the number of a module's parameters."""
    return sum(parameter.numel() for parameter in module.parameters())
