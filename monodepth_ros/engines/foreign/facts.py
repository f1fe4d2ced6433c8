"""What our pipeline needs to know of a network of others."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from monodepth_ros.engines.foreign.check import is_fixed
from monodepth_ros.engines.foreign.manifest import Manifest, palette
from monodepth_ros.engines.foreign.signature import Signature
from monodepth_ros.errors import CheckpointError, ConfigError
from monodepth_ros.facts import ModelFacts, SizeRule

ASSUMED_FOCAL_LENGTH = 0.9
"""Of the width, where a manifest names none: it then serves the edge filter alone."""


@dataclass(frozen=True)
class ForeignFacts(ModelFacts):
    """Facts of an ONNX file with a manifest.

    Attributes:
        maps: names of what its graph gives, in order, of `engines.base.OUTPUT_TYPES`.
        size_rule: which sizes its input may have.
        has_focal_length: whether its metres belong to a focal length.
        depth_kind: of `fields.DEPTH_KINDS`; '' without depth.

    """

    maps: tuple[str, ...] = ()
    size_rule: SizeRule = SizeRule()
    has_focal_length: bool = True
    depth_kind: str = ''
    known_outputs: ClassVar[tuple[str, ...]] = (*ModelFacts.known_outputs, 'relative')


def make_facts(manifest: Manifest, signature: Signature) -> ForeignFacts:
    """Return the facts of a manifest that was completed with the graph's signature.

    Raises:
        ConfigError: a value is none that the pipeline can use.

    """
    spec, depth, labels = manifest.takes, manifest.depth, manifest.labels
    focal_length = depth.focal_length if depth else 0.0
    try:
        return ForeignFacts(
            network=manifest.name or manifest.path.stem,
            options={},
            classes=labels.names if labels else (),
            colors=(labels.colors or palette(len(labels.names))) if labels else (),
            input_width=spec.width,
            input_height=spec.height,
            min_depth=depth.nearest if depth else 0.1,
            max_depth=depth.farthest if depth else 100.0,
            focal_length=focal_length or ASSUMED_FOCAL_LENGTH * spec.width,
            mean=spec.mean,
            std=spec.std,
            outputs=_outputs(manifest),
            maps=_maps(manifest),
            size_rule=SizeRule(
                spec.multiple, is_fixed(manifest, signature), spec.aspect == 'stretch'
            ),
            has_focal_length=bool(focal_length),
            depth_kind=depth.kind if depth else '',
        )
    except CheckpointError as error:
        raise ConfigError(f'manifest {manifest.path}: {error}') from None


def _outputs(manifest):
    depth = manifest.depth and ('depth' if manifest.depth.is_metric else 'relative')
    return tuple(filter(None, (depth, manifest.labels and 'semantic')))


def _maps(manifest):
    labels = manifest.labels
    maps = ['depth'] if manifest.depth and manifest.depth.is_metric else []
    maps += ['label'] if labels else []
    maps += ['confidence'] if labels and labels.kind != 'map' else []
    maps += ['relative'] if manifest.depth and not manifest.depth.is_metric else []
    return tuple(maps)
