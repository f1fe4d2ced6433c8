"""Hold a manifest against the graph that it describes."""

from __future__ import annotations

from dataclasses import replace

from monodepth_ros.engines.foreign.manifest import Manifest
from monodepth_ros.engines.foreign.signature import listed, Signature, Tensor
from monodepth_ros.errors import ConfigError
import numpy as np

IMAGE_TYPES = ('float32', 'float16', 'uint8')
SIDES = {'NCHW': (2, 3), 'NHWC': (1, 2), 'NVCHW': (3, 4), 'NHW': (1, 2), 'HW': (0, 1)}
"""Axes of rows and columns by layout."""
CHANNELS = {'NCHW': 1, 'NHWC': 3, 'NVCHW': 2}
"""Axis of the channels by layout."""
BY_RANK = {4: 'NCHW', 3: 'NHW', 2: 'HW'}


def complete(manifest: Manifest, signature: Signature) -> Manifest:
    """Return the manifest with what it leaves to the graph filled in.

    Raises:
        ConfigError: the two contradict each other; the message names the field, what the graph
            has and what to write.

    """
    try:
        manifest = replace(manifest, takes=_complete_input(manifest.takes, signature))
        if manifest.depth:
            manifest = replace(manifest, depth=_complete_depth(manifest, signature))
        if manifest.labels:
            manifest = replace(manifest, labels=_complete_labels(manifest, signature))
    except ValueError as error:
        raise ConfigError(f'manifest {manifest.path}: {error}') from None
    return manifest


def input_tensor(manifest: Manifest, signature: Signature) -> Tensor:
    """Return the input of a completed manifest."""
    return next(t for t in signature.inputs if t.name == manifest.takes.tensor)


def _choose(field, name, tensors):
    """Return the tensor that a field names, or the only one."""
    if not name and len(tensors) == 1:
        return tensors[0]
    found = [tensor for tensor in tensors if tensor.name == name]
    if not found:
        given = f'is {name!r}' if name else 'is missing'
        raise ValueError(
            f'{field} {given}, but the graph has {listed(tensors)}; write one of them'
        )
    return found[0]


def _complete_input(spec, signature):
    free = tuple(t for t in signature.inputs if t.name not in spec.constants)
    if unknown := sorted(set(spec.constants) - {t.name for t in signature.inputs}):
        raise ValueError(
            f'input.constants names {unknown[0]!r}, but the graph has {listed(signature.inputs)}'
        )
    tensor = _choose('input.tensor', spec.tensor, free)
    if others := tuple(t for t in free if t.name != tensor.name):
        raise ValueError(
            f'the graph also takes {listed(others)}; say under input.constants what it always gets'
        )
    if str(tensor.dtype) not in IMAGE_TYPES:
        raise ValueError(
            f'input {tensor} takes {tensor.dtype}, expected {", ".join(IMAGE_TYPES)}; export the '
            'network with such an input'
        )
    if tensor.dtype == np.uint8 and (spec.mean, spec.std) != ((0.0,) * 3, (255.0,) * 3):
        raise ValueError(
            'input.mean and input.std are given, but the graph takes uint8; leave out'
        )
    _check_channels(spec, tensor)
    return replace(spec, tensor=tensor.name, **_sides(spec, tensor))


def _check_channels(spec, tensor):
    shape, axis = tensor.shape, CHANNELS[spec.layout]
    if shape is not None and (len(shape) != len(spec.layout) or shape[axis] not in (3, None)):
        fits = [
            name
            for name, place in CHANNELS.items()
            if len(shape) == len(name) and shape[place] == 3
        ]
        raise ValueError(
            f'input.layout is {spec.layout}, but the graph takes {tensor}; write '
            f'{" or ".join(fits) if fits else "the layout that has 3 channels, if one has"}'
        )
    if shape is not None and shape[0] not in (1, None):
        raise ValueError(f'the graph takes {tensor}, {shape[0]} images at once; export it with 1')
    if spec.layout == 'NVCHW' and shape is not None and shape[1] not in (1, None):
        raise ValueError(f'the graph takes {tensor}, {shape[1]} views; export it with 1')


def _sides(spec, tensor):
    """Return width and height of the input, by their names."""
    rows, columns = SIDES[spec.layout]
    sizes = {}
    for name, axis in (('width', columns), ('height', rows)):
        fixed = tensor.shape and tensor.shape[axis]
        given = getattr(spec, name)
        if fixed and given not in (0, fixed):
            raise ValueError(
                f'input.{name} is {given}, but the graph takes {tensor}; write {fixed}, or leave '
                'it out'
            )
        if not fixed and not given:
            raise ValueError(
                f'input.{name} is missing, and the graph leaves it open ({tensor}); write the '
                'size that the network was trained at'
            )
        sizes[name] = fixed or given
        if sizes[name] % spec.multiple:
            raise ValueError(
                f'input.{name} is {sizes[name]}, expected a multiple of input.multiple, '
                f'{spec.multiple}'
            )
    return sizes


def is_fixed(manifest: Manifest, signature: Signature) -> bool:
    """Return whether the graph takes images of one size only."""
    tensor = input_tensor(manifest, signature)
    return tensor.shape is not None and None not in [
        tensor.shape[axis] for axis in SIDES[manifest.takes.layout]
    ]


def _complete_depth(manifest, signature):
    spec = manifest.depth
    others = tuple(
        t for t in signature.outputs if not manifest.labels or t.name != manifest.labels.tensor
    )
    tensor = _choose('depth.tensor', spec.tensor, signature.outputs if spec.tensor else others)
    layout = _layout('depth', spec.layout, tensor)
    if tensor.shape is not None and layout in CHANNELS:
        channels = tensor.shape[CHANNELS[layout]]
        if channels is not None and spec.channel >= channels:
            raise ValueError(
                f'depth.channel is {spec.channel}, but the graph gives {tensor}, {channels} '
                f'channels; write 0..{channels - 1}'
            )
    _check_size('depth', tensor, layout, manifest, signature)
    for condition in spec.conditions:
        found = _choose(condition.field, condition.tensor, signature.outputs)
        _layout(condition.field.rpartition('.')[0], '', found)
    return replace(spec, tensor=tensor.name, layout=layout)


def _complete_labels(manifest, signature):
    spec = manifest.labels
    taken = manifest.depth.tensor if manifest.depth else ''
    others = tuple(t for t in signature.outputs if t.name != taken)
    tensor = _choose('labels.tensor', spec.tensor, signature.outputs if spec.tensor else others)
    layout = _layout('labels', spec.layout, tensor)
    if spec.kind != 'map':
        _check_classes(spec, tensor, layout)
    _check_size('labels', tensor, layout, manifest, signature)
    return replace(spec, tensor=tensor.name, layout=layout)


def _check_classes(spec, tensor, layout):
    if layout not in CHANNELS:
        raise ValueError(
            f'labels.kind is {spec.kind}, but the graph gives {tensor}, without a channel for '
            'each class; write map'
        )
    channels = tensor.shape and tensor.shape[CHANNELS[layout]]
    if channels and channels != len(spec.classes):
        raise ValueError(
            f'labels.classes has {len(spec.classes)} names, but the graph gives {tensor}; write '
            f'{channels} names in its order'
        )


def _layout(section, given, tensor):
    rank = None if tensor.shape is None else len(tensor.shape)
    layout = given or BY_RANK.get(rank, '')
    if not layout:
        raise ValueError(f'{section}.layout is missing, and the graph gives {tensor}; write it')
    if rank not in (None, len(layout)):
        raise ValueError(
            f'{section}.layout is {layout}, but the graph gives {tensor}, {rank} axes; write '
            f'{BY_RANK.get(rank, "another output")}'
        )
    return layout


def _check_size(section, tensor, layout, manifest, signature):
    """Refuse a map of other proportions than the image's: resized, it would look right."""
    if tensor.shape is None or not is_fixed(manifest, signature):
        return
    rows, columns = (tensor.shape[axis] for axis in SIDES[layout])
    check_proportions(section, tensor.name, (rows, columns), manifest)


def check_proportions(section: str, name: str, size: tuple, manifest: Manifest) -> None:
    """Raise ValueError where a map, rows and columns, is no scaled input."""
    rows, columns = size
    width, height = manifest.takes.width, manifest.takes.height
    if rows and columns and abs(rows / height - columns / width) > 1.0 / max(rows, columns):
        raise ValueError(
            f'{section}.tensor {name} is {columns} x {rows}, but the input is {width} x {height}; '
            'the graph must give a map of the same proportions: name another output or layout'
        )
