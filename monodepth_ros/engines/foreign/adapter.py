"""Join a network of others to our engines' graph: bytes in, metres and labels out."""

from __future__ import annotations

from functools import partial
from typing import Callable, Optional

from monodepth_ros.engines.base import OUTPUT_TYPES
from monodepth_ros.engines.foreign.builder import Builder
from monodepth_ros.engines.foreign.check import BY_RANK, input_tensor, is_fixed, SIDES
from monodepth_ros.engines.foreign.manifest import Manifest
from monodepth_ros.engines.foreign.signature import Signature
from monodepth_ros.frames import UNLABELLED
import numpy as np
import onnx
from onnx import compose, helper

INPUT = 'images'
PREFIX = 'foreign/'
"""Before the names of a graph that has one of ours in it."""
BELOW, ABOVE = -1, 256
"""What numbers of a map of labels become that are no bytes; Gather takes -1 for the last place."""
STRANGE = 254
"""A label that no class has, unless there are as many as can be."""


def adapt(
    model: onnx.ModelProto, signature: Signature, manifest: Manifest, examined: bool = False
) -> onnx.ModelProto:
    """Put what our engines expect around a graph, in place.

    Args:
        model: as `onnx_file.load` gives it.
        signature: of the model.
        manifest: completed with it.
        examined: also give the network's own outputs, below 'raw/' and their names.

    Returns:
        `model`: uint8 (n, h, w, 3) RGB in; of depth float32 (n, h, w) metres, or relative, label
        and confidence uint8 (n, h, w), those that the network has.

    Raises:
        ConfigError: the graph's operators are too old for what the manifest asks.

    """
    prefix = _make_room(model)
    fixed = _fixed_size(manifest, signature)
    head = Builder(signature.opset)
    _write_input(head, manifest, signature, prefix)
    tail = Builder(signature.opset, start=1000)
    size = partial(_size, tail, fixed)
    outputs = {}
    if manifest.depth:
        outputs.update(_write_depth(tail, manifest, signature, prefix, size))
    if manifest.labels:
        outputs.update(_write_labels(tail, manifest, signature, prefix, size))
    if examined:
        for tensor in signature.outputs:
            tail.op('Identity', prefix + tensor.name, to=f'raw/{tensor.name}')
    names = [f'raw/{tensor.name}' for tensor in signature.outputs] if examined else []
    _replace(model.graph, head, tail, _ports(outputs, manifest, signature, fixed), names)
    return model


def _make_room(model) -> str:
    """Rename everything in a graph that has names of ours; return what stands before its own."""
    graph = model.graph
    names = {name for node in graph.node for name in (*node.input, *node.output)}
    names |= {value.name for value in (*graph.input, *graph.output, *graph.initializer)}
    if not names & {INPUT, *OUTPUT_TYPES}:
        return ''
    compose.add_prefix_graph(graph, PREFIX, inplace=True)
    return PREFIX


def _fixed_size(manifest, signature) -> Optional[tuple[int, int]]:
    """Return rows and columns of a graph that takes one size, else None."""
    spec = manifest.takes
    return (spec.height, spec.width) if is_fixed(manifest, signature) else None


def _write_input(builder, manifest, signature, prefix):
    """Write what makes the network's input of `INPUT`, and the constants of the others."""
    spec, tensor = manifest.takes, input_tensor(manifest, signature)
    x = INPUT
    swapped = spec.colors == 'BGR'
    if swapped:
        x = builder.take(x, [2, 1, 0], axis=3)
    if spec.layout != 'NHWC':
        x = builder.op('Transpose', x, perm=[0, 3, 1, 2])
    if tensor.dtype != np.uint8:
        x = _normalize(builder, x, spec, tensor.dtype)
    if spec.layout == 'NVCHW':
        x = builder.over_axes('Unsqueeze', x, [1])
    builder.op('Identity', x, to=prefix + spec.tensor)
    kinds = {t.name: t.dtype for t in signature.inputs}
    for name, value in spec.constants.items():
        builder.constant(value, kinds[name], to=prefix + name)


def _normalize(builder, x, spec, dtype):
    order = slice(None, None, -1) if spec.colors == 'BGR' else slice(None)
    shape = (1, 1, 1, 3) if spec.layout == 'NHWC' else (1, 3, 1, 1)
    scale = 1.0 / np.asarray(spec.std[order]).reshape(shape)
    shift = -np.asarray(spec.mean[order]).reshape(shape) * scale
    x = builder.op('Mul', builder.cast(x, np.float32), builder.constant(scale))
    if shift.any():
        x = builder.op('Add', x, builder.constant(shift))
    return x if dtype == np.float32 else builder.cast(x, dtype)


def _size(builder, fixed) -> str:
    """Return the name of the int64 rows and columns of the image."""
    if fixed:
        return builder.constant(fixed, np.int64)
    return builder.take(builder.op('Shape', INPUT), [1, 2], axis=0)


def _planes(builder, name, layout, channels=None) -> str:
    """Bring an output to (N, C, h, w), with some of its channels."""
    if layout == 'HW':
        name = builder.over_axes('Unsqueeze', name, [0])
    if layout in ('HW', 'NHW'):
        name = builder.over_axes('Unsqueeze', name, [1])
    if layout == 'NHWC':
        name = builder.op('Transpose', name, perm=[0, 3, 1, 2])
    return name if channels is None else builder.take(name, channels, axis=1)


def _fit(builder, x, tensor, layout, manifest, size: Callable[[], str], mode) -> str:
    """Resize (N, C, h, w) to the image, unless the graph says that it has that size."""
    sides = tensor.shape and tuple(tensor.shape[axis] for axis in SIDES[layout])
    if sides == (manifest.takes.height, manifest.takes.width) and None not in sides:
        return x
    return builder.resize(x, size(), mode)


def _write_depth(builder, manifest, signature, prefix, size) -> dict[str, str]:
    """Write the depth; return its name by that of its type."""
    spec, tensor = manifest.depth, signature.output(manifest.depth.tensor)
    channels = [spec.channel] if spec.layout in ('NCHW', 'NHWC') else None
    x = _planes(builder, prefix + spec.tensor, spec.layout, channels)
    x = _fit(builder, builder.cast(x, np.float32), tensor, spec.layout, manifest, size, 'linear')
    x = _metres(builder, x, spec)
    for condition in spec.conditions:
        x = _where(builder, x, condition, manifest, signature, prefix, size)
    name = 'depth' if spec.is_metric else 'relative'
    return {name: builder.take(x, 0, axis=1, to=name)}


def _metres(builder, x, spec):
    factor = spec.factor * (0.001 if spec.kind == 'millimetres' else 1.0)
    if spec.kind == 'log_metres':
        x = builder.op('Exp', x)
    elif spec.kind == 'inverse_metres':
        x = builder.op('Reciprocal', x)
    return x if factor == 1.0 else builder.op('Mul', x, builder.constant(factor))


def _where(builder, x, condition, manifest, signature, prefix, size):
    """Make depth NaN where a mask or confidence says that it is not valid."""
    tensor = signature.output(condition.tensor)
    layout = BY_RANK[len(tensor.shape)]
    mask = _planes(builder, prefix + tensor.name, layout, [0] if layout == 'NCHW' else None)
    mask = builder.cast(mask, np.float32)
    mask = _fit(builder, mask, tensor, layout, manifest, size, 'nearest')
    threshold = builder.constant(condition.threshold)
    valid = builder.op('Greater' if condition.above else 'Less', mask, threshold)
    return builder.op('Where', valid, x, builder.constant(np.nan))


def _write_labels(builder, manifest, signature, prefix, size) -> dict[str, str]:
    """Write label and confidence; return their names by themselves."""
    spec, tensor = manifest.labels, signature.output(manifest.labels.tensor)
    x = _planes(builder, prefix + spec.tensor, spec.layout)
    x = builder.cast(x, np.float32)
    mode = 'nearest' if spec.kind == 'map' else 'linear'
    x = _fit(builder, x, tensor, spec.layout, manifest, size, mode)
    if spec.kind == 'map':
        index = builder.cast(builder.clip(x, BELOW, ABOVE), np.int64)
        probability = None
    else:
        best, index = builder.highest(x)
        probability = _probability(builder, x, best, spec)
    label = _label(builder, index, spec)
    builder.take(label, 0, axis=1, to='label')
    outputs = {'label': 'label'}
    if probability is not None:
        scaled = builder.op('Mul', probability, builder.constant(255.0))
        rounded = builder.op('Add', scaled, builder.constant(0.5))
        builder.take(builder.cast(rounded, np.uint8), 0, axis=1, to='confidence')
        outputs['confidence'] = 'confidence'
    return outputs


def _probability(builder, x, best, spec):
    if spec.kind == 'probabilities':
        return best
    if spec.activation == 'sigmoid':
        return builder.op('Sigmoid', best)
    # Of the highest score softmax is 1 / sum(exp(x - highest)), and nothing overflows.
    powers = builder.op('Exp', builder.op('Sub', x, best))
    return builder.op('Reciprocal', builder.over_axes('ReduceSum', powers, [1], keepdims=1))


def _label(builder, index, spec):
    table = spec.table()
    if spec.kind == 'map':
        table = _of_all_numbers(spec, list(range(len(spec.classes))) if table is None else table)
    if table is None:
        return builder.cast(index, np.uint8)
    return builder.op('Gather', builder.constant(table, np.uint8), index, axis=0)


def _of_all_numbers(spec, table):
    """Return the label of each number that a map may hold, `BELOW` as the last.

    255 is unlabelled as it is in ours. Other numbers without a class become a label that no class
    has, which each engine refuses: as bytes some would look like a class.
    """
    strange = UNLABELLED if len(spec.names) > STRANGE else STRANGE
    table = table + [strange] * (ABOVE + 2 - len(table))
    table[UNLABELLED] = UNLABELLED
    return table


def _ports(outputs, manifest, signature, fixed):
    """Return the graph's new inputs and outputs."""
    tensor = input_tensor(manifest, signature)
    count = tensor.shape[0] if tensor.shape and tensor.shape[0] else 'n'
    size = (count, *(fixed or ('h', 'w')))
    images = helper.make_tensor_value_info(INPUT, onnx.TensorProto.UINT8, (*size, 3))
    ports = []
    for name in (n for n in OUTPUT_TYPES if n in outputs):
        kind = helper.np_dtype_to_tensor_dtype(np.dtype(OUTPUT_TYPES[name]))
        ports.append(helper.make_tensor_value_info(name, kind, size))
    return [images], ports


def _replace(graph, head, tail, ports, raw):
    nodes = list(graph.node)
    del graph.node[:]
    graph.node.extend((*head.nodes, *nodes, *tail.nodes))
    inputs, outputs = ports
    del graph.input[:]
    graph.input.extend(inputs)
    del graph.output[:]
    graph.output.extend(outputs)
    graph.output.extend(onnx.ValueInfoProto(name=name) for name in raw)
