"""The interface that every inference engine has."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import Optional, Sequence

from monodepth_ros.errors import EngineError
from monodepth_ros.facts import ModelFacts
from monodepth_ros.frames import RawOutput, UNLABELLED
import numpy as np

_REMEDY = 'try precision float32 or another engine'

OUTPUT_TYPES = {
    'depth': np.float32,
    'label': np.uint8,
    'confidence': np.uint8,
    'error': np.float32,
    'relative': np.float32,
}
"""What a graph may give, in its order; `ModelFacts.maps` are those of a network."""

_ALWAYS = {name: OUTPUT_TYPES[name] for name in ('depth', 'label', 'confidence')}

PRECISIONS = ('auto', 'float32', 'bfloat16', 'float16', 'int8')


class MissingPackageError(EngineError):
    """A package that an engine needs is not installed."""


OF_THE_FILE = ' for an ONNX file, which computes in the types that it holds'
"""Behind the name of an engine that rounds no network of others."""


def choose_precision(asked: str, offered: Sequence[str], where: str) -> str:
    """Return the precision asked for; 'auto' takes the first that is offered.

    Args:
        asked: one of `PRECISIONS`.
        offered: what the engine can do on this machine, best first.
        where: engine and device, for the message.

    Raises:
        EngineError: the engine cannot compute in the precision asked for.

    """
    if asked == 'auto':
        return offered[0]
    if asked not in offered:
        raise EngineError(
            f'precision {asked!r} is not to be had from {where}; choose auto or '
            f'{", ".join(offered)}'
        )
    return asked


class Engine(ABC):
    """Run the deployment graph (`networks/deploy.py`) on one device.

    Attributes:
        name: engine name as in the parameter `engine`, such as 'torch'.
        device: where it runs, in words for people, such as 'cpu (2 threads)'.
        facts: what the checkpoint says about its network.
        precision: what the convolutions compute in, one of `PRECISIONS` without 'auto'.
        reason: why `engine: auto` took this engine, for the log; '' for one asked for by name.
        labels: the engine of a second network, which the labels come from; None for one network.
        warning: what the self-check found, where that is to be said alone; else ''.

    """

    name: str
    device: str
    facts: ModelFacts
    precision: str = 'float32'
    reason: str = ''
    warning: str = ''
    labels: Optional[Engine] = None

    def infer(self, images: np.ndarray) -> RawOutput:
        """Return depth, label, confidence and, where the network has it, the error of a batch.

        Args:
            images: (N, h, w, 3) uint8 RGB, of a size that the network's `SizeRule` allows.

        Raises:
            EngineError: the batch has another shape or type, the device failed, or what it gave
                is none of this network's outputs.

        """
        if images.dtype != np.uint8 or images.ndim != 4 or images.shape[3] != 3:
            raise EngineError(
                f'engine input is {images.dtype} {images.shape}, expected uint8 (N, h, w, 3)'
            )
        _check_size(images.shape, self.facts)
        raw = self._infer(images)
        _check_output(raw, images.shape[:3], self.facts)
        return raw

    @abstractmethod
    def _infer(self, images: np.ndarray) -> RawOutput:
        """Run the graph on a checked batch."""

    def warm_up(self, height: int, width: int, batch: int = 1) -> None:
        """Run once on black images of this size, so that the first frame is as fast as later."""
        self.infer(np.zeros((batch, height, width, 3), np.uint8))

    def close(self) -> None:  # noqa: B027 - engines that hold nothing have nothing to release
        """Release the device; the engine is of no use afterwards."""


def output_types(facts: ModelFacts) -> dict[str, type]:
    """Return the names and types of what the graph of a network gives, in order."""
    return {name: OUTPUT_TYPES[name] for name in facts.maps}


def raw_output(facts: ModelFacts, maps: Sequence[np.ndarray]) -> RawOutput:
    """Return what a graph gave, in its order, with what it does not say in place of the rest.

    That is NaN for depth and, for labels, none; the label of a graph that tells no probabilities
    is taken for sure.
    """
    found = dict(zip(facts.maps, maps))
    shape = maps[0].shape
    if 'depth' not in found:
        found['depth'] = np.full(shape, np.nan, np.float32)
    if 'confidence' not in found:
        found['confidence'] = np.full(shape, 255 if 'label' in found else 0, np.uint8)
    found.setdefault('label', np.full(shape, UNLABELLED, np.uint8))
    return RawOutput(**found)


def _check_size(shape: tuple[int, ...], facts: ModelFacts) -> None:
    """Raise EngineError where the network takes no images of this shape."""
    rule, (height, width) = facts.size_rule, shape[1:3]
    where = f'engine input is {width} x {height} x {shape[0]}, expected'
    if rule.fixed and (width, height) != (facts.input_width, facts.input_height):
        raise EngineError(f'{where} {facts.input_width} x {facts.input_height}')
    if height % rule.multiple or width % rule.multiple or 0 in shape:
        raise EngineError(f'{where} sides that are positive multiples of {rule.multiple}')


def _check_output(raw: RawOutput, shape: tuple[int, ...], facts: ModelFacts) -> None:
    """Raise EngineError for what would be resized, or published, as if it were right."""
    if ('error' in facts.outputs) != (raw.error is not None):
        raise EngineError(
            f'the engine gave {"no" if raw.error is None else "an"} error of the depth, but the '
            f'network predicts {", ".join(facts.outputs)}; {_REMEDY}'
        )
    for name, dtype in {**_ALWAYS, **output_types(facts)}.items():
        values = getattr(raw, name)
        if values.dtype != dtype or values.shape != shape:
            raise EngineError(
                f'the engine gave a {name} of {values.dtype} {values.shape}, expected '
                f'{np.dtype(dtype)} {shape}; {_REMEDY}'
            )
    # One more than the highest label: 255, which is none, becomes 0.
    labels = int((raw.label + np.uint8(1)).max())
    if labels > len(facts.classes):
        raise EngineError(
            f'the engine gave the label {labels - 1}, expected below {len(facts.classes)} or '
            f'{UNLABELLED}; {_REMEDY}'
        )
