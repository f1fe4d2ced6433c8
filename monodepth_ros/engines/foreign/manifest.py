"""What stands beside the ONNX file of a network of others: what goes in and what comes out."""

from __future__ import annotations

import colorsys
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path
from typing import Any, Optional

from monodepth_ros.engines.foreign.fields import (
    BY_NAME,
    FIELDS,
    MOST_CLASSES,
    read_field,
    RELATIVE_KINDS,
)
from monodepth_ros.errors import ConfigError
from monodepth_ros.frames import UNLABELLED
from monodepth_ros.yaml_file import read_yaml

SUFFIX = '.yaml'


@dataclass(frozen=True)
class Condition:
    """Where depth is valid: where an output is above a threshold, or below it."""

    field: str
    tensor: str
    above: bool
    threshold: float


@dataclass(frozen=True)
class InputSpec:
    """What the network takes; the fields are those of `fields.FIELDS` below 'input'."""

    tensor: str
    layout: str
    width: int
    height: int
    multiple: int
    aspect: str
    colors: str
    mean: tuple[float, float, float]
    std: tuple[float, float, float]
    constants: dict[str, Any]


@dataclass(frozen=True)
class DepthSpec:
    """What the network says of depth; `conditions` are mask and confidence."""

    tensor: str
    layout: str
    channel: int
    kind: str
    factor: float
    focal_length: float
    nearest: float
    farthest: float
    conditions: tuple[Condition, ...]

    @property
    def is_metric(self) -> bool:
        """Whether metres come out."""
        return self.kind not in RELATIVE_KINDS


@dataclass(frozen=True)
class LabelSpec:
    """What the network says of classes, of which `classes` are those of the graph."""

    tensor: str
    layout: str
    kind: str
    activation: str
    classes: tuple[str, ...]
    colors: tuple[tuple[int, int, int], ...]
    merge: dict[str, tuple[str, ...]]

    @property
    def names(self) -> tuple[str, ...]:
        """The classes that are published."""
        return tuple(self.merge) or self.classes

    def table(self) -> Optional[list[int]]:
        """Return the published label of each class of the graph; None where they are the same."""
        if not self.merge:
            return None
        new = {old: label for label, names in enumerate(self.merge.values()) for old in names}
        return [new.get(name, UNLABELLED) for name in self.classes]


@dataclass(frozen=True)
class Manifest:
    """A whole manifest; `depth` or `labels` is None where the network has none."""

    path: Path
    name: str
    licence: str
    source: str
    tested: str
    takes: InputSpec
    depth: Optional[DepthSpec]
    labels: Optional[LabelSpec]


def manifest_path(model: str | Path) -> Path:
    """Return where the manifest of an ONNX file is."""
    return Path(model).with_suffix(SUFFIX)


def read_manifest(path: Path) -> Manifest:
    """Read and check a manifest.

    Raises:
        ConfigError: there is none, or one that cannot be used; one line names the field, its
            value and the valid ones.

    """
    try:
        values = read_yaml(path)
    except FileNotFoundError:
        raise ConfigError(
            f'{path} does not exist; a network of others needs a manifest of that name beside it: '
            f'monodepth inspect {path.with_suffix(".onnx")} prints one to start from'
        ) from None
    except (OSError, ValueError) as error:
        raise ConfigError(f'manifest {path} cannot be read: {error}') from None
    try:
        return _manifest(path, values)
    except ValueError as error:
        raise ConfigError(f'manifest {path}: {error}') from None


def _manifest(path, values):
    given = dict(_flatten(values, ''))
    found = {f.name: f.default for f in FIELDS}
    found.update({name: read_field(name, value) for name, value in given.items()})
    sections = {name.partition('.')[0] for name in given}
    if not sections & {'depth', 'labels'}:
        raise ValueError('it has neither depth nor labels; say what comes out of the network')
    return Manifest(
        path=path,
        **{name: found[name] for name in ('name', 'licence', 'source', 'tested')},
        takes=InputSpec(**_section(found, 'input')),
        depth=_depth(found) if 'depth' in sections else None,
        labels=_labels(found) if 'labels' in sections else None,
    )


def _flatten(values, prefix):
    """Yield fields by their full names; ValueError for what is none."""
    if not isinstance(values, dict):
        where = prefix.rstrip('.') or 'it'
        raise ValueError(f'{where} is {type(values).__name__}, expected fields: {_below(prefix)}')
    for key, value in values.items():
        name = f'{prefix}{key}'
        if name in BY_NAME:
            yield name, value
        elif any(known.startswith(f'{name}.') for known in BY_NAME):
            yield from _flatten(value, f'{name}.')
        else:
            near = get_close_matches(name, [*BY_NAME, 'input', 'depth', 'labels'], 1)
            hint = f'did you mean {near[0]}? ' if near else ''
            raise ValueError(f'unknown field {name}; {hint}known: {_below(prefix)}')


def _below(prefix):
    inner = (name.removeprefix(prefix) for name in BY_NAME if name.startswith(prefix))
    names = (name.partition('.')[0] for name in inner)
    return ', '.join(dict.fromkeys(names))


def _section(found, section):
    """Return the plain fields of a section by their own names."""
    names = (name.split('.') for name in found)
    return {n[1]: found['.'.join(n)] for n in names if n[0] == section and len(n) == 2}


def _require(found, name):
    if not found[name]:
        raise ValueError(f'{name} is missing, expected {BY_NAME[name].valid}')


def _depth(found):
    _require(found, 'depth.kind')
    near, far = found['depth.nearest'], found['depth.farthest']
    if far <= near:
        raise ValueError(f'depth.farthest is {far:g} m, expected above depth.nearest, {near:g} m')
    conditions = []
    for name in ('depth.mask', 'depth.confidence'):
        if tensor := found[f'{name}.tensor']:
            above = found.get(f'{name}.valid', 'above') == 'above'
            threshold = found[f'{name}.threshold']
            conditions.append(Condition(f'{name}.tensor', tensor, above, threshold))
    return DepthSpec(**_section(found, 'depth'), conditions=tuple(conditions))


def _labels(found):
    _require(found, 'labels.kind')
    _require(found, 'labels.classes')
    spec = LabelSpec(**_section(found, 'labels'))
    old = [name for names in spec.merge.values() for name in names]
    if unknown := sorted(set(old) - set(spec.classes)):
        raise ValueError(f'labels.merge names {unknown[0]!r}, which is none of labels.classes')
    if len(set(old)) < len(old):
        raise ValueError('labels.merge names a class twice; a class goes into one new class')
    if len(spec.names) > MOST_CLASSES:
        raise ValueError(
            f'there are {len(spec.names)} classes, expected at most {MOST_CLASSES}, as labels '
            'are published as bytes; merge some by labels.merge'
        )
    if spec.colors and len(spec.colors) != len(spec.names):
        raise ValueError(
            f'labels.colors has {len(spec.colors)} colours for {len(spec.names)} classes; give '
            'one for each, or leave it out'
        )
    return spec


def palette(count: int) -> tuple[tuple[int, int, int], ...]:
    """Return colours that differ, (r, g, b) 0..255 each: hues by the golden ratio."""
    colors = []
    for index in range(count):
        rgb = colorsys.hsv_to_rgb(index * 0.618034 % 1.0, 0.85 - index % 3 * 0.2, 0.95)
        colors.append(tuple(round(255 * value) for value in rgb))
    return tuple(colors)
