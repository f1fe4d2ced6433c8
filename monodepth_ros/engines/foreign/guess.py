"""A manifest to start from, by what an ONNX file tells of itself."""

from __future__ import annotations

from pathlib import Path
from typing import Optional, TYPE_CHECKING

from monodepth_ros.engines.foreign.check import CHANNELS, SIDES
from monodepth_ros.engines.foreign.fields import DEPTH_KINDS
from monodepth_ros.engines.foreign.signature import Signature, Tensor
import numpy as np

if TYPE_CHECKING:
    import onnx

IMAGENET = ('mean: [123.675, 116.28, 103.53]', 'std: [58.395, 57.12, 57.375]')
PATCHES = (14, 16)
"""Sides of the patches that transformers cut an image into, by a convolution of that stride."""
USUAL_MULTIPLE = 32
USUAL_SIZES = {14: (518, 392), 16: (512, 384), 32: (512, 384)}
"""Width and height by multiple, where the graph leaves them open."""


def starter(path: Path, model: onnx.ModelProto, signature: Signature) -> str:
    """Return the text of a manifest: what is known, and what must be checked, which it says."""
    image = _image(signature.inputs)
    lines = [f'name: "{path.stem}"', '# licence: of the weights', '# source: where from', 'input:']
    if image is None:
        lines.append('  tensor: ""  # none of the inputs looks like an image: name one')
    else:
        lines += [f'  {line}' for line in _input(image, model)]
    others = [t for t in signature.inputs if image is None or t.name != image.name]
    if others:
        lines.append('  constants:  # what they always get: see how the authors call it')
        lines += [f'    {_quoted(tensor.name)}: 0' for tensor in others]
    return '\n'.join([*lines, *_outputs(signature.outputs)]) + '\n'


def _image(inputs) -> Optional[Tensor]:
    return next((tensor for tensor in inputs if _input_layout(tensor)), None)


def _input_layout(tensor):
    """Return the layout with three channels that a tensor's shape fits, '' for none."""
    shape = tensor.shape or ()
    fits = (k for k, axis in CHANNELS.items() if len(shape) == len(k) and shape[axis] == 3)
    return next(fits, '')


def _quoted(name):
    return f'"{name}"'


def _input(tensor, model):
    layout = _input_layout(tensor)
    yield f'tensor: {_quoted(tensor.name)}'
    yield f'layout: {layout}'
    rows, columns = (tensor.shape[axis] for axis in SIDES[layout])
    if rows is None or columns is None:
        multiple = _multiple(model)
        width, height = USUAL_SIZES[multiple]
        yield f'width: {columns or width}  # the graph leaves it open: the training size is best'
        yield f'height: {rows or height}'
        yield f'multiple: {multiple}  # a guess, by the strides of its convolutions'
        yield 'aspect: keep'
    else:
        yield f'# {columns} x {rows}, as the graph says'
        yield 'aspect: stretch  # or keep, with borders'
    yield 'colors: RGB'
    if tensor.dtype == np.uint8:
        yield '# bytes go in as they are'
        return
    yield from IMAGENET
    yield '# Those are of ImageNet, the usual ones; leave both out for 0..1.'


def _multiple(model):
    """Return what the sides must be multiples of: that of patches, else the usual one."""
    strides = {
        value
        for node in model.graph.node
        if node.op_type == 'Conv'
        for attribute in node.attribute
        if attribute.name == 'strides'
        for value in attribute.ints
    }
    return next((side for side in PATCHES if side in strides), USUAL_MULTIPLE)


def _outputs(outputs):
    depth = next((t for t in outputs if _is_depth(t)), None)
    labels = next((t for t in outputs if t is not depth and _classes(t) is not None), None)
    if depth is not None:
        yield from _depth(depth, outputs)
    if labels is not None:
        yield from _labels(labels)
    if depth is None and labels is None:
        yield 'depth:  # none of the outputs looks like a map: name the one that is'
        yield '  tensor: ""'
        yield f'  kind: metres  # of {", ".join(DEPTH_KINDS)}'


def _hints(tensor, *words):
    return any(word in tensor.name.lower() for word in words)


def _is_map(tensor):
    """Return whether a tensor may be one map of numbers for an image."""
    shape = tensor.shape or ()
    one = len(shape) == 4 and 1 in (shape[1], shape[3])
    return tensor.dtype.kind == 'f' and (len(shape) == 3 or one)


def _is_depth(tensor):
    return _is_map(tensor) and not _hints(tensor, 'mask', 'sky', 'conf', 'valid', 'normal', 'seg')


def _depth(tensor, outputs):
    inverse = _hints(tensor, 'disp', 'inv')
    yield 'depth:'
    yield f'  tensor: {_quoted(tensor.name)}'
    kind = 'inverse_up_to_scale_and_shift' if inverse else 'metres'
    yield f'  kind: {kind}  # a guess, of {", ".join(DEPTH_KINDS)}'
    if not inverse:
        yield '  # focal_length: 0  # in pixels of the input, where its metres belong to one'
        yield '  nearest: 0.1'
        yield '  farthest: 100'
    for other in outputs:
        if other is not tensor and _is_map(other) and _hints(other, 'mask', 'sky', 'valid'):
            valid = 'below' if _hints(other, 'sky') else 'above'
            yield f'  mask: {{tensor: {_quoted(other.name)}, valid: {valid}, threshold: 0.5}}'
            return


def _classes(tensor):
    """Return how many classes a tensor may tell, 0 for a map of them, None for none."""
    shape = tensor.shape or ()
    if tensor.dtype.kind in 'iu' and len(shape) in (2, 3, 4):
        return 0
    if tensor.dtype.kind == 'f' and len(shape) == 4 and (shape[1] or 0) > 3:
        return shape[1]
    return None


def _labels(tensor):
    count = _classes(tensor)
    yield 'labels:'
    yield f'  tensor: {_quoted(tensor.name)}'
    yield f'  kind: {"logits  # or probabilities" if count else "map"}'
    if count:
        yield '  activation: softmax  # or sigmoid'
    names = ', '.join(f'class_{index}' for index in range(count or 2))
    yield f'  classes: [{names}]'
