"""INT8: what stays in floating point, and the model that comes out."""

from doubles import make_facts
from monodepth_ros.errors import EngineError
from monodepth_ros.networks.checkpoint import save_checkpoint
from monodepth_ros.networks.registry import create_network
import numpy as np
import pytest

pytest.importorskip('onnx')
torch = pytest.importorskip('torch')
openvino = pytest.importorskip('openvino')
openvino_int8 = pytest.importorskip('monodepth_ros.engines.openvino_int8')
openvino_engine = pytest.importorskip('monodepth_ros.engines.openvino_engine')
OpenvinoEngine = openvino_engine.OpenvinoEngine
opset8 = openvino.opset8

SIZE = (64, 96)


@pytest.fixture
def checkpoint(tmp_path, monkeypatch):
    monkeypatch.setenv('XDG_CACHE_HOME', str(tmp_path / 'cache'))
    torch.manual_seed(0)
    facts = make_facts(network='dual_efficientnet_lite0', options={'widths': [8, 8, 8, 8]})
    network = create_network(facts.network, classes=4, **facts.options)
    save_checkpoint(tmp_path / 'light.safetensors', network, facts, half=False)
    return tmp_path / 'light.safetensors'


def images(count):
    return np.random.default_rng(0).integers(0, 256, (count, 1, *SIZE, 3), np.uint8)


def convolve(x, name, groups=0):
    shape = (groups, 1, 1, 1, 1) if groups else (2, 2, 1, 1)
    function = opset8.group_convolution if groups else opset8.convolution
    weights = opset8.constant(np.ones(shape, np.float32))
    return function(x, weights, [1, 1], [0, 0], [0, 0], [1, 1], name=name)


def test_layers_next_to_the_ends_and_depthwise_ones_are_sensitive():
    image = opset8.parameter([1, 2, -1, -1], np.float32, name='image')
    first = convolve(opset8.multiply(image, np.float32(2)), 'first')
    depthwise = convolve(opset8.relu(first), 'depthwise', groups=2)
    inner = convolve(depthwise, 'inner')
    last = convolve(inner, 'last')
    also_last = convolve(inner, 'also_last')
    depth = opset8.exp(opset8.add(last, also_last))
    # The size of an inner map is asked for on the way to the result, its values are not.
    size = opset8.convert(opset8.shape_of(inner), np.float32)
    other_last = convolve(inner, 'other_last')
    model = openvino.Model([depth, opset8.multiply(other_last, size)], [image])
    expected = ['also_last', 'depthwise', 'first', 'last', 'other_last']
    assert openvino_int8.sensitive_layers(model) == expected


@pytest.mark.parametrize(
    ('text', 'expected'),
    [
        ('model name\t: A\nflags\t\t: fpu avx512_vnni sse\n', True),
        ('flags : avx_vnni\n', True),
        ('flags\t\t: fpu avx2\nbugs : vnni\n', False),
        ('Features\t: fp asimd\n', True),  # not an x86: no 16-bit sums
    ],
)
def test_vnni(text, expected, tmp_path, monkeypatch):
    (tmp_path / 'cpuinfo').write_text(text)
    monkeypatch.setattr(openvino_int8, 'CPU_FACTS', tmp_path / 'cpuinfo')
    assert openvino_int8._has_vnni() is expected


def test_unknown_cpu_is_treated_with_care(tmp_path, monkeypatch):
    monkeypatch.setattr(openvino_int8, 'CPU_FACTS', tmp_path / 'none')
    assert not openvino_int8._has_vnni()


def test_without_calibration_the_command_is_named(checkpoint):
    with pytest.raises(EngineError, match='monodepth export .*--precision int8 --calibration'):
        OpenvinoEngine.from_file(checkpoint, precision='int8')


def test_after_calibration(checkpoint):
    pytest.importorskip('nncf')
    assert openvino_int8.quantize(checkpoint, list(images(8))).is_file()
    engine = OpenvinoEngine.from_file(checkpoint, threads=1, precision='int8')
    assert engine.precision == 'int8'
    (image,) = images(1)
    whole = OpenvinoEngine.from_file(checkpoint, threads=1, precision='float32').infer(image)
    found = engine.infer(image)
    assert np.median(np.abs(found.depth - whole.depth) / whole.depth) < 0.05
    assert not np.array_equal(found.depth, whole.depth)
    model = openvino.Core().read_model(*openvino_int8.load_quantized(checkpoint))
    quantized = {
        op.get_friendly_name()
        for op in model.get_ops()
        if op.get_type_name() in openvino_int8.LAYERS
        and op.input_value(0).get_node().get_type_name() == 'FakeQuantize'
    }
    assert quantized and not quantized & set(openvino_int8.sensitive_layers(model))


def test_new_weights_need_new_calibration(checkpoint):
    pytest.importorskip('nncf')
    openvino_int8.quantize(checkpoint, list(images(2)))
    facts = make_facts(network='dual_efficientnet_lite0', options={'widths': [8, 8, 8, 8]})
    network = create_network(facts.network, classes=4, **facts.options)
    save_checkpoint(checkpoint, network, facts, half=False)
    with pytest.raises(EngineError, match='out of date'):
        openvino_int8.load_quantized(checkpoint)
