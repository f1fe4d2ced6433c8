"""Two networks as one: depth from the first, labels from the second."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import Callable, Optional

from monodepth_ros.engines.base import Engine
from monodepth_ros.errors import ConfigError
from monodepth_ros.facts import ModelFacts
from monodepth_ros.frames import RawOutput, UNLABELLED
import numpy as np


def create_one_or_pair(
    create: Callable[[str], Engine], model: str, semantic_model: str, at_once: bool = False
) -> Engine:
    """Return the engine of a model, or of two models as one.

    Args:
        create: makes the engine of a model.
        model: gives depth, and labels where there is no second one.
        semantic_model: gives the labels; '' for none.
        at_once: as `PairEngine` has it.

    Raises:
        ConfigError: as `PairEngine`; and whatever `create` raises, with nothing left open.

    """
    engine = create(model)
    if not semantic_model:
        return engine
    try:
        labels = create(semantic_model)
    except BaseException:
        engine.close()
        raise
    return PairEngine(engine, labels, at_once)


class PairEngine(Engine):
    """Run two engines for each frame, each on the image at the size that it takes.

    Args:
        depth: gives depth; its labels are left out.
        labels: gives labels; its depth is left out.
        at_once: run both at the same time, as two devices can, in place of after each other.

    Raises:
        ConfigError: the first gives no depth, or the second no labels; both are closed then.

    """

    def __init__(self, depth: Engine, labels: Engine, at_once: bool = False):
        of_depth = tuple(name for name in depth.facts.outputs if name != 'semantic')
        if fault := _fault(depth.facts, labels.facts):
            depth.close()
            labels.close()
            raise ConfigError(fault)
        self._depth, self.labels = depth, labels
        self._threads: Optional[ThreadPoolExecutor] = ThreadPoolExecutor(1) if at_once else None
        self.facts = replace(
            depth.facts,
            classes=labels.facts.classes,
            colors=labels.facts.colors,
            outputs=(of_depth[0], 'semantic', *of_depth[1:]),
        )
        for name in ('name', 'device', 'precision', 'reason', 'warning'):
            setattr(self, name, _both(getattr(depth, name), getattr(labels, name)))

    def infer(self, images: np.ndarray) -> RawOutput:
        """Return what the network of the depth says, without labels."""
        raw = self._depth.infer(images)
        label = np.full(raw.label.shape, UNLABELLED, np.uint8)
        return replace(raw, label=label, confidence=np.zeros_like(label))

    _infer = infer

    def infer_both(self, images: np.ndarray, label_images: np.ndarray) -> RawOutput:
        """Return depth of the first images and labels of the second, of the same frames.

        Args:
            images: (N, h, w, 3) uint8 RGB for the network of the depth.
            label_images: (N, h', w', 3) uint8 RGB for that of the labels.

        Returns:
            Depth maps (N, h, w), and label and confidence (N, h', w').

        Raises:
            EngineError: one of the two failed.

        """
        if self._threads is None:
            depth, labels = self._depth.infer(images), self.labels.infer(label_images)
        else:
            waiting = self._threads.submit(self.labels.infer, label_images)
            try:
                depth = self._depth.infer(images)
            finally:
                labels = waiting.result()
        return replace(depth, label=labels.label, confidence=labels.confidence)

    def warm_up(self, height: int, width: int, batch: int = 1) -> None:
        """Warm up the network of the depth; `labels` is warmed up by itself."""
        self._depth.warm_up(height, width, batch)

    def close(self) -> None:
        """Release both."""
        if self._threads is not None:
            self._threads.shutdown()
        self._depth.close()
        self.labels.close()


def _fault(depth: ModelFacts, labels: ModelFacts) -> str:
    """Return why two networks are no pair; '' where they are."""
    if set(depth.outputs) <= {'semantic'}:
        return (
            f'model {depth.network} gives no depth; set it as semantic_model, and as model one '
            'that does'
        )
    if 'semantic' not in labels.outputs:
        return (
            f'semantic_model {labels.network} gives no labels, but {", ".join(labels.outputs)}; '
            'name another, or leave it empty'
        )
    return ''


def _both(first: str, second: str) -> str:
    """Return what is said of both, once where it is the same."""
    return ' and '.join(dict.fromkeys(filter(None, (first, second))))
