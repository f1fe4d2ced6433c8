"""A peer's arithmetic against counts by hand, and its run."""

from monodepth_ros.errors import BenchmarkError
import numpy as np
import pytest

onnx = pytest.importorskip('onnx')
onnx_flops = pytest.importorskip('monodepth_ros.benchmark.onnx_flops')
onnx_peer = pytest.importorskip('monodepth_ros.benchmark.onnx_peer')
helper = onnx.helper


def weight(name, *shape):
    return onnx.numpy_helper.from_array(np.ones(shape, np.float32), name)


def save(path, nodes, weights, in_shape, out_shape):
    graph = helper.make_graph(
        nodes,
        'peer',
        [helper.make_tensor_value_info('x', onnx.TensorProto.FLOAT, in_shape)],
        [helper.make_tensor_value_info('y', onnx.TensorProto.FLOAT, out_shape)],
        weights,
    )
    opset = [helper.make_opsetid('', 17)]
    onnx.save(helper.make_model(graph, opset_imports=opset, ir_version=8), str(path))
    return str(path)


@pytest.fixture
def peer(tmp_path):
    """Return a strided, a depthwise and a transposed convolution."""
    nodes = [
        helper.make_node('Conv', ['x', 'a'], ['p'], strides=[2, 2], pads=[1, 1, 1, 1]),
        helper.make_node('Conv', ['p', 'b'], ['q'], group=8, pads=[1, 1, 1, 1]),
        helper.make_node('ConvTranspose', ['q', 'c'], ['y'], strides=[2, 2]),
    ]
    weights = [weight('a', 8, 3, 3, 3), weight('b', 8, 1, 3, 3), weight('c', 8, 5, 2, 2)]
    return save(tmp_path / 'peer.onnx', nodes, weights, [1, 3, 32, 64], [1, 5, 32, 64])


def test_convolutions_are_counted(peer):
    # 8 x 16 x 32 outputs of 27 multiply-adds and of 9; 8 x 16 x 32 inputs that give 5 x 2 x 2.
    macs = 8 * 16 * 32 * (27 + 9 + 20)
    assert onnx_flops.count_onnx_gflop(peer) == pytest.approx(2e-9 * macs)


def test_products_are_counted(tmp_path):
    nodes = [
        helper.make_node('MatMul', ['x', 'a'], ['p']),
        helper.make_node('Gemm', ['p', 'b'], ['y'], transB=1),
    ]
    weights = [weight('a', 6, 4), weight('b', 5, 4)]
    path = save(tmp_path / 'x.onnx', nodes, weights, [3, 6], [3, 5])
    assert onnx_flops.count_onnx_gflop(path) == pytest.approx(2e-9 * (3 * 4 * 6 + 3 * 5 * 4))


def test_unknown_shapes_are_an_error(tmp_path):
    nodes = [helper.make_node('Conv', ['x', 'a'], ['y'])]
    shape = [1, 3, 'h', 'w']
    path = save(tmp_path / 'x.onnx', nodes, [weight('a', 8, 3, 3, 3)], shape, [1, 8, 'i', 'j'])
    with pytest.raises(BenchmarkError, match='shapes of Conv'):
        onnx_flops.count_onnx_gflop(path)


def test_it_runs(peer):
    result = onnx_peer.OnnxPeer(peer, threads=1)
    assert result.infer(np.zeros((1, 8, 8, 3), np.uint8))[0].shape == (1, 5, 32, 64)
    assert result.gflop(8, 8) == onnx_flops.count_onnx_gflop(peer)
