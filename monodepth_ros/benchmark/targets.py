"""Which networks are measured, and the checkpoints to measure them with."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from monodepth_ros.benchmark.settings import Settings
from monodepth_ros.benchmark.worker import Worker
from monodepth_ros.engines.factory import resolve_model, shipped_models
from monodepth_ros.engines.graphs import is_foreign

RESNET = 'dual_resnet50'
STRIDES = (32, 16, 8)
"""Output strides of ResNet-50, the quickest first."""
RANDOM = ('densedepth_efficientnet_lite0', 'densedepth169')
"""Networks that are measured with random weights where there are no others."""


@dataclass(frozen=True)
class Target:
    """
    A checkpoint to measure.

    Attributes:
        network: its network's name.
        path: of the checkpoint.
        weights: 'trained' or 'random'; how far precisions differ says little of random ones.
        output_stride: of a ResNet-50's encoder; 0 for other networks.

    """

    network: str
    path: str
    weights: str = 'trained'
    output_stride: int = 0

    @property
    def is_extra(self) -> bool:
        """Whether it is there for completeness alone."""
        return self.network in RANDOM and self.weights == 'random'


def make_targets(settings: Settings) -> list[Target]:
    """
    Return the model, the checkpoints given, and every other network with random weights.

    ResNet-50 comes with each of `STRIDES`; a checkpoint with encoder skips, whose layers belong to
    one stride, comes with that alone, beside random ones of all. A quick run has the model and
    ResNet-50 of stride 32.
    """
    paths = dict.fromkeys([settings.model_path, *map(str, settings.checkpoints)])
    if not settings.quick:
        paths.update(dict.fromkeys(str(resolve_model(name)) for name in shipped_models()))
    targets = []
    with Worker('engine_process', settings.scratch) as worker:
        for path in paths:
            targets += _of_checkpoint(settings, worker, path, 'trained')
        # Random weights are made like the model's, which another's network is no pattern for.
        ours = not is_foreign(settings.model_path)
        known = worker.ask('known_networks')['names'] if ours else ()
        measured = {target.network for target in targets}
        strides = {target.output_stride for target in targets if target.network == RESNET}
        if not strides.issuperset(_strides(settings)):
            measured.discard(RESNET)
        for name in (RESNET,) if settings.quick else (RESNET, *RANDOM):
            if name in known and name not in measured:
                path = _write_random(settings, worker, name)
                targets += _of_checkpoint(settings, worker, path, 'random')
    return targets


def _of_checkpoint(settings, worker, path, weights):
    facts = settings.facts(path)
    if is_foreign(path) or not facts.network.endswith('resnet50'):
        return [Target(facts.network, path, weights)]
    if facts.options.get('encoder_skips'):
        return [Target(facts.network, path, weights, facts.options.get('output_stride', 8))]
    targets = []
    for stride in _strides(settings):
        restrided = str(settings.scratch / f'{Path(path).stem}_stride{stride}.safetensors')
        worker.ask('write_with_stride', source=path, output_stride=stride, target=restrided)
        targets.append(Target(facts.network, restrided, weights, stride))
    return targets


def _strides(settings):
    return STRIDES[:1] if settings.quick else STRIDES


def _write_random(settings, worker, name):
    path = str(settings.scratch / f'random_{name}.safetensors')
    worker.ask(
        'write_random',
        name=name,
        model=settings.model_path,
        options={'output_stride': STRIDES[0]} if name == RESNET else {},
        images=settings.save_inputs(settings.facts()),
        target=path,
    )
    return path
