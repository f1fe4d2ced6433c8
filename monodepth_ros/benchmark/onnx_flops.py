"""The arithmetic of an ONNX file, as `networks.flops` counts it for networks of ours."""

from __future__ import annotations

from math import prod

from monodepth_ros.errors import BenchmarkError
import onnx


def count_onnx_gflop(path: str) -> float:
    """
    Return the 10^9 operations of one pass, a multiply-add counting as two.

    Convolutions, transposed convolutions and matrix products with stored weights count.

    Raises:
        BenchmarkError: a shape is not known, so that nothing can be counted.

    """
    graph = onnx.shape_inference.infer_shapes(onnx.load(path)).graph
    weights = {tensor.name: tuple(tensor.dims) for tensor in graph.initializer}
    shapes = {
        value.name: tuple(d.dim_value for d in value.type.tensor_type.shape.dim)
        for value in (*graph.value_info, *graph.input, *graph.output)
    }
    macs = 0
    for node in graph.node:
        if node.op_type in ('Conv', 'ConvTranspose', 'Gemm', 'MatMul'):
            macs += _multiply_adds(node, weights, shapes)
    return 2e-9 * macs


def _multiply_adds(node, weights, shapes):
    # Each input of a transposed convolution meets one row of weights, else each output does.
    meeting = shapes.get(node.input[0] if node.op_type == 'ConvTranspose' else node.output[0], ())
    weight = weights.get(node.input[1], ())
    if not weight or not meeting or 0 in meeting:
        raise BenchmarkError(f'the shapes of {node.op_type} {node.name!r} are not known')
    if node.op_type == 'MatMul':
        return prod(meeting) * weight[0]
    if node.op_type == 'Gemm':
        transposed = any(a.name == 'transB' and a.i for a in node.attribute)
        return prod(meeting) * weight[1 if transposed else 0]
    return prod(meeting) * prod(weight[1:])
