"""What a checkpoint says about its network: read from the file, never from configuration."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass, field
import math
from typing import ClassVar, Dict, Tuple

from monodepth_ros.errors import CheckpointError, shown

Ranges = Dict[str, Tuple[float, float]]
"""The smallest and the largest value of each named layer's input."""


@dataclass(frozen=True)
class SizeRule:
    """Which sizes a network's input may have.

    Attributes:
        multiple: both sides are multiples of this many pixels.
        fixed: the input always has the training size.
        stretch: the image fills the input whatever its aspect, which then has the training size.

    """

    multiple: int = 32
    fixed: bool = False
    stretch: bool = False


@dataclass(frozen=True)
class ModelFacts:
    """Facts that travel with the weights.

    Attributes:
        network: name in `monodepth_ros.networks.registry`.
        options: keyword arguments of the network's constructor.
        classes: class names; the index is the label. A network without labels may have none.
        colors: one (r, g, b) 0..255 a class, for pictures.
        input_width: width in pixels that the network was trained at.
        input_height: height in pixels that the network was trained at.
        min_depth: smallest depth of the training data in metres.
        max_depth: largest depth of the training data in metres.
        focal_length: focal length of the training camera in pixels at `input_width`.
        mean: per-channel RGB mean, on the scale 0..255, that is subtracted from the input.
        std: per-channel RGB deviation, on the scale 0..255, that divides the input.
        outputs: what the network predicts, of 'depth', 'semantic' and 'error', which is that of
            the depth.
        training: data, licence, schedule and versions, for people.
        metrics: figures measured on the weights in this file, by data set.
        activation_ranges: the smallest and the largest value that each layer sees, by its name
            in the exported graph, for INT8; empty where that is not known.

    """

    network: str
    options: dict
    classes: tuple[str, ...]
    colors: tuple[tuple[int, int, int], ...]
    input_width: int
    input_height: int
    min_depth: float
    max_depth: float
    focal_length: float
    mean: tuple[float, float, float]
    std: tuple[float, float, float]
    outputs: tuple[str, ...] = ('depth', 'semantic')
    training: dict = field(default_factory=dict)
    metrics: dict = field(default_factory=dict)
    activation_ranges: Ranges = field(default_factory=dict)

    # Our networks halve their input five times, and their metres belong to a focal length.
    size_rule: ClassVar[SizeRule] = SizeRule()
    has_focal_length: ClassVar[bool] = True
    depth_kind: ClassVar[str] = 'metres'
    known_outputs: ClassVar[tuple[str, ...]] = ('depth', 'semantic', 'error')

    @property
    def maps(self) -> tuple[str, ...]:
        """Names of what the network's graph gives, in order."""
        return ('depth', 'label', 'confidence', *(['error'] if 'error' in self.outputs else []))

    def to_dict(self) -> dict:
        """Return the facts as plain JSON types."""
        return dataclasses.asdict(self)

    @classmethod
    def from_dict(cls, values: dict) -> ModelFacts:
        """Build and check facts read from a file; raise CheckpointError that names the key."""
        if not isinstance(values, dict):
            raise CheckpointError(f'model facts are {type(values).__name__}, expected an object')
        names = {f.name for f in dataclasses.fields(cls)}
        required = {
            f.name
            for f in dataclasses.fields(cls)
            if f.default is dataclasses.MISSING and f.default_factory is dataclasses.MISSING
        }
        if unknown := sorted(set(values) - names):
            raise CheckpointError(f'unknown model facts {shown(unknown)}; known: {sorted(names)}')
        if missing := sorted(required - set(values)):
            raise CheckpointError(f'model facts lack {missing}')
        try:
            return cls(**{key: _freeze(key, value) for key, value in values.items()})
        except (TypeError, ValueError, OverflowError) as error:
            raise CheckpointError(f'model facts have a value of the wrong type: {error}') from None

    def __post_init__(self):
        """Check the facts, whether they come from a file or go into one."""
        positive = (
            'input_width',
            'input_height',
            'min_depth',
            'max_depth',
            'focal_length',
        )
        for name in positive:
            if not 0 < getattr(self, name) < float('inf'):
                raise CheckpointError(f'model fact {name} is {getattr(self, name)}, expected > 0')
        if self.max_depth <= self.min_depth:
            raise CheckpointError(
                f'model fact max_depth {self.max_depth} is not above min_depth {self.min_depth}'
            )
        if not all(0 < value < float('inf') for value in self.std):
            raise CheckpointError(f'model fact std is {self.std}, expected three values > 0')
        if not all(map(math.isfinite, self.mean)):
            raise CheckpointError(f'model fact mean is {self.mean}, expected finite values')
        fewest = 1 if 'semantic' in self.outputs else 0
        if len(self.colors) != len(self.classes) or not fewest <= len(self.classes) <= 255:
            raise CheckpointError(
                f'model facts have {len(self.classes)} classes and {len(self.colors)} colours; '
                f'expected {fewest}..255 classes with one colour each'
            )
        if not self.outputs or not set(self.outputs) <= set(self.known_outputs):
            raise CheckpointError(
                f'model fact outputs is {shown(self.outputs)}, expected of '
                f'{", ".join(map(repr, self.known_outputs))}'
            )
        if 'error' in self.outputs and 'depth' not in self.outputs:
            raise CheckpointError(
                f"model fact outputs is {shown(self.outputs)}, which has an 'error' of no 'depth'"
            )


def _freeze(key, value):
    """Turn JSON lists into tuples, and numbers into the type that the fact has."""
    if key == 'colors':
        colors = tuple(tuple(int(v) for v in color) for color in value)
        if any(len(c) != 3 or not all(0 <= v <= 255 for v in c) for c in colors):
            raise ValueError(f'colors {shown(value)}, expected (r, g, b) of 0..255')
        return colors
    if key in ('mean', 'std'):
        triple = tuple(float(v) for v in value)
        if len(triple) != 3:
            raise ValueError(f'{key} {shown(value)}, expected three numbers')
        return triple
    if key in ('classes', 'outputs'):
        if not isinstance(value, (list, tuple)) or not all(isinstance(v, str) for v in value):
            raise ValueError(f'{key} {shown(value)}, expected a list of names')
        return tuple(value)
    if key in ('input_width', 'input_height'):
        return int(value)
    if key in ('min_depth', 'max_depth', 'focal_length'):
        return float(value)
    if key == 'network' and not isinstance(value, str):
        raise ValueError(f'network {shown(value)}, expected a name')
    if key in ('options', 'training', 'metrics', 'activation_ranges') and not isinstance(
        value, dict
    ):
        raise ValueError(f'{key} {shown(value)}, expected an object')
    if key == 'activation_ranges':
        return {name: _range(name, ends) for name, ends in value.items()}
    return value


def _range(name, ends):
    low, high = (float(end) for end in ends)
    if not -math.inf < low <= high < math.inf:
        raise ValueError(f'activation_ranges {shown(name)} {shown(ends)}, expected low <= high')
    return low, high
