"""Look at what a network of others gives for an image, before anything is made of it."""

from __future__ import annotations

from pathlib import Path
from typing import Sequence

from monodepth_ros.engines.foreign.check import CHANNELS, check_proportions, SIDES
from monodepth_ros.engines.foreign.network import read_network
from monodepth_ros.errors import ConfigError
from monodepth_ros.frames import UNLABELLED
import numpy as np

FEW = 0.01
"""Share of pixels: at an edge a network may say nonsense."""
POSITIVE = ('metres', 'millimetres', 'inverse_metres', 'up_to_scale')


def check_outputs(path: str | Path, outputs: Sequence[np.ndarray]) -> None:
    """Hold a network's own outputs against its manifest.

    Args:
        path: the ONNX file.
        outputs: in the order of the graph, for one image.

    Raises:
        ConfigError: they cannot be what the manifest says; one line names the field and the graph.

    """
    _, signature, manifest = read_network(path)
    found = dict(zip((tensor.name for tensor in signature.outputs), outputs))
    try:
        for name in _used(manifest):
            _check_declared(signature.output(name), found[name])
        if manifest.depth:
            _check_depth(manifest, found)
        if manifest.labels:
            _check_labels(manifest, found[manifest.labels.tensor])
    except ValueError as error:
        raise ConfigError(f'manifest {manifest.path}: {error}') from None


def _used(manifest):
    """Return the names of the outputs that are made use of."""
    names = [manifest.labels.tensor] if manifest.labels else []
    if manifest.depth:
        names += [manifest.depth.tensor, *(c.tensor for c in manifest.depth.conditions)]
    return names


def _check_declared(tensor, values):
    """Refuse an output that is not as large as the graph says, which engines plan for."""
    said = tensor.shape or ()
    if any(side not in (None, real) for side, real in zip(said, values.shape)):
        raise ValueError(
            f'the graph says that it gives {tensor}, but gives {values.shape}; export it anew, '
            'with free sides where they change'
        )


def _check_depth(manifest, found):
    spec = manifest.depth
    values = found[spec.tensor]
    _check_shape('depth', spec, values, manifest)
    if spec.layout in CHANNELS:
        values = values.take(spec.channel, axis=CHANNELS[spec.layout])
    values = values[_valid(values, spec.conditions, found)]
    if not values.size:
        return
    share = np.mean(~np.isfinite(values))
    if share > FEW:
        raise ValueError(
            f'depth.tensor {spec.tensor} is not finite in {share:.0%} of the pixels of a test '
            'image; check input.mean, input.std and the export, or take a mask'
        )
    share = np.mean(values < 0)
    if spec.kind in POSITIVE and share > FEW:
        raise ValueError(
            f'depth.kind is {spec.kind}, but {spec.tensor} is below 0 in {share:.0%} of the '
            f'pixels of a test image (from {np.min(values):.3g} to {np.max(values):.3g}); write '
            'what it is, perhaps log_metres or inverse_up_to_scale_and_shift'
        )


def _valid(values, conditions, found):
    """Return where masks of the depth's size say that it is valid."""
    valid = np.ones(values.shape, bool)
    for condition in conditions:
        mask = found[condition.tensor]
        if mask.size == values.size:
            mask = mask.reshape(values.shape)
            above = condition.above
            valid &= mask > condition.threshold if above else mask < condition.threshold
    return valid


def _check_labels(manifest, values):
    spec = manifest.labels
    _check_shape('labels', spec, values, manifest)
    if spec.kind == 'map':
        labels = values[values != UNLABELLED]
        if labels.size and not 0 <= labels.min() <= labels.max() < len(spec.classes):
            raise ValueError(
                f'labels.classes has {len(spec.classes)} names, but {spec.tensor} has labels from '
                f'{labels.min():g} to {labels.max():g}; name them all'
            )
        return
    channels = values.shape[CHANNELS[spec.layout]]
    if channels != len(spec.classes):
        raise ValueError(
            f'labels.classes has {len(spec.classes)} names, but {spec.tensor} has {channels} '
            f'channels; write {channels} names in its order'
        )
    if np.isnan(values).any():
        raise ValueError(f'labels.tensor {spec.tensor} has NaN for a test image; check the export')


def _check_shape(section, spec, values, manifest):
    if values.ndim != len(spec.layout):
        raise ValueError(
            f'{section}.layout is {spec.layout}, but {spec.tensor} has {values.ndim} axes; write '
            'another'
        )
    size = tuple(values.shape[axis] for axis in SIDES[spec.layout])
    check_proportions(section, spec.tensor, size, manifest)
