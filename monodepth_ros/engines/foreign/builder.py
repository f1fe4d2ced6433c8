"""Write operators into an ONNX graph, in the form that the graph's version of them has."""

from __future__ import annotations

from typing import Sequence

from monodepth_ros.errors import ConfigError
import numpy as np
import onnx
from onnx import helper, numpy_helper

PREFIX = 'monodepth_'
AXES_AS_INPUT = {'ReduceSum': 13, 'ReduceMax': 18, 'Unsqueeze': 13}
"""Since when an operator takes its axes as an input."""
SINCE = {'Resize': 11, 'Where': 9}
"""Version from which on an operator is as it is used here."""


class Builder:
    """
    Make operators one after the other.

    Attributes:
        nodes: those made so far.

    """

    def __init__(self, opset: int, start: int = 0):
        """
        Begin with nothing.

        Args:
            opset: version of the standard operators in the graph.
            start: where the numbers of names begin; two builders of a graph need different ones.

        """
        self.nodes: list[onnx.NodeProto] = []
        self._opset = opset
        self._count = start

    def op(self, kind: str, *inputs: str, to: str = '', **attributes) -> str:
        """Add an operator and return the name of its first output, which is `to` where given."""
        if self._opset < SINCE.get(kind, 1):
            raise ConfigError(
                f'the graph has opset {self._opset}, and {kind}, which its manifest asks for, '
                f'needs {SINCE[kind]}; export it with opset_version=17'
            )
        name = to or self._name(kind)
        outputs = [name] if kind != 'TopK' else [name, f'{name}_index']
        self.nodes.append(helper.make_node(kind, list(inputs), outputs, **attributes))
        return name

    def _name(self, kind):
        self._count += 1
        return f'{PREFIX}{self._count}_{kind}'

    def constant(self, values, dtype: type = np.float32, to: str = '') -> str:
        """Add a constant and return its name."""
        tensor = numpy_helper.from_array(np.asarray(values, dtype))
        return self.op('Constant', to=to, value=tensor)

    def cast(self, x: str, dtype: type) -> str:
        """Add a conversion to a NumPy type."""
        name = self._name('Cast')
        kind = helper.np_dtype_to_tensor_dtype(np.dtype(dtype))
        self.nodes.append(helper.make_node('Cast', [x], [name], to=kind))
        return name

    def over_axes(self, kind: str, x: str, axes: Sequence[int], **attributes) -> str:
        """Add a reduction or Unsqueeze along axes."""
        if self._opset >= AXES_AS_INPUT[kind]:
            return self.op(kind, x, self.constant(list(axes), np.int64), **attributes)
        return self.op(kind, x, axes=list(axes), **attributes)

    def take(self, x: str, indices, axis: int, to: str = '') -> str:
        """Take places along an axis; a single number takes the axis away."""
        return self.op('Gather', x, self.constant(indices, np.int64), to=to, axis=axis)

    def clip(self, x: str, low: float, high: float) -> str:
        """Bring float32 values between two ends."""
        if self._opset >= 11:
            return self.op('Clip', x, self.constant(low), self.constant(high))
        return self.op('Clip', x, min=float(low), max=float(high))

    def highest(self, x: str) -> tuple[str, str]:
        """Return the highest of (N, C, h, w) along C and its index, both (N, 1, h, w)."""
        if self._opset >= 10:
            best = self.op('TopK', x, self.constant([1], np.int64), axis=1)
        else:
            best = self.op('TopK', x, axis=1, k=1)
        return best, f'{best}_index'

    def resize(self, x: str, size: str, mode: str) -> str:
        """Resize (N, C, h, w) to the rows and columns in the int64 tensor `size`."""
        shape = self.op('Shape', x)
        sizes = self.op('Concat', self.take(shape, [0, 1], 0), size, axis=0)
        return self.op(
            'Resize',
            x,
            '',
            '',
            sizes,
            mode=mode,
            coordinate_transformation_mode='half_pixel',
            nearest_mode='round_prefer_ceil',
        )
