"""The YAML of camodocal, which VINS-Mono and VINS-Fusion read."""

from __future__ import annotations

from typing import Any, Mapping

from monodepth_ros.camera.files.values import bad_value, entry, Fields, numbers, text, whole
from monodepth_ros.errors import shown

_MODELS = {
    'PINHOLE': ('plumb_bob', ('fx', 'fy', 'cx', 'cy'), ('k1', 'k2', 'p1', 'p2')),
    # Its k2 to k5 count from the first power on, equidistant's k1 to k4 from the third.
    'KANNALA_BRANDT': ('equidistant', ('mu', 'mv', 'u0', 'v0'), ('k2', 'k3', 'k4', 'k5')),
}


def is_vins(values: Mapping[str, Any]) -> bool:
    """Return whether the keys are camodocal's."""
    return 'projection_parameters' in values or 'mirror_parameters' in values


def parse(values: Mapping[str, Any]) -> Fields:
    """Return the fields of a pinhole or Kannala-Brandt camera.

    Raises:
        BadValueError: it is another camera, or a key is missing or wrong.

    """
    kind = text(values, 'model_type')
    if kind not in _MODELS:
        raise bad_value(f'has model_type {shown(kind)}, expected one of {sorted(_MODELS)}')
    model, lens, distortion = _MODELS[kind]
    projection = _part(values, 'projection_parameters')
    bent = projection if kind == 'KANNALA_BRANDT' else _part(values, 'distortion_parameters')
    fx, fy, cx, cy = (_value(projection, key) for key in lens)
    d = [_value(bent, key) for key in distortion]
    size = (whole(values, 'image_width'), whole(values, 'image_height'))
    return Fields(size, (fx, 0.0, cx, 0.0, fy, cy, 0.0, 0.0, 1.0), d, model)


def _part(values, key):
    part = entry(values, key)
    if not isinstance(part, dict):
        raise bad_value(f'{key} is {shown(part)}, expected keys with numbers')
    return part


def _value(part, key):
    return numbers(key, [entry(part, key)])[0]
