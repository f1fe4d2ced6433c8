"""INT8: what stays in floating point, and the model that comes out."""

from doubles import make_facts
from monodepth_ros.errors import EngineError
from monodepth_ros.networks.checkpoint import read_facts, save_checkpoint
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


def save_light(path, **values):
    facts = make_facts(
        network='dual_efficientnet_lite0', options={'widths': [8, 8, 8, 8]}, **values
    )
    network = create_network(facts.network, classes=4, **facts.options)
    save_checkpoint(path, network, facts, half=False)


@pytest.fixture
def checkpoint(tmp_path, monkeypatch):
    monkeypatch.setenv('XDG_CACHE_HOME', str(tmp_path / 'cache'))
    torch.manual_seed(0)
    save_light(tmp_path / 'light.safetensors')
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
    fed = convolve(opset8.relu(depthwise), 'fed')
    inner = convolve(opset8.relu(fed), 'inner')
    last = convolve(inner, 'last')
    also_last = convolve(inner, 'also_last')
    depth = opset8.exp(opset8.add(last, also_last))
    # The size of an inner map is asked for on the way to the result, its values are not.
    size = opset8.convert(opset8.shape_of(inner), np.float32)
    other_last = convolve(inner, 'other_last')
    model = openvino.Model([depth, opset8.multiply(other_last, size)], [image])
    expected = ['also_last', 'depthwise', 'fed', 'first', 'last', 'other_last']
    assert openvino_int8.sensitive_layers(model) == expected


@pytest.mark.parametrize(
    ('text', 'expected'),
    [
        ('model name\t: A\nflags\t\t: fpu avx512_vnni sse\n', True),
        ('flags : avx_vnni\n', True),
        ('flags\t\t: fpu avx2\nbugs : vnni\n', False),
        ('Features\t: fp asimd\n', False),
    ],
)
def test_vnni(text, expected, tmp_path, monkeypatch):
    (tmp_path / 'cpuinfo').write_text(text)
    monkeypatch.setattr(openvino_int8, 'CPU_FACTS', tmp_path / 'cpuinfo')
    assert openvino_int8.has_vnni() is expected


def test_unknown_cpu_is_treated_with_care(tmp_path, monkeypatch):
    monkeypatch.setattr(openvino_int8, 'CPU_FACTS', tmp_path / 'none')
    assert not openvino_int8.has_vnni()


def test_without_ranges_the_command_is_named(checkpoint):
    with pytest.raises(EngineError, match='monodepth export .*--precision int8 --calibration'):
        OpenvinoEngine.from_file(checkpoint, precision='int8')


def rounding_layers(engine):
    return {
        op.get_friendly_name()
        for op in engine._read_model().get_ops()
        if op.get_type_name() in openvino_int8.LAYERS
        and op.input_value(0).get_node().get_type_name() == 'FakeQuantize'
    }


def test_after_calibration(checkpoint):
    ranges = openvino_int8.calibrate(checkpoint, list(images(8)))
    assert openvino_int8.load_ranges(checkpoint, read_facts(checkpoint)) == ranges
    engine = OpenvinoEngine.from_file(checkpoint, threads=1, precision='int8')
    assert engine.precision == 'int8'
    (image,) = images(1)
    whole = OpenvinoEngine.from_file(checkpoint, threads=1, precision='float32').infer(image)
    found = engine.infer(image)
    assert np.median(np.abs(found.depth - whole.depth) / whole.depth) < 0.05
    assert not np.array_equal(found.depth, whole.depth)
    rounding = rounding_layers(engine)
    sensitive = set(openvino_int8.sensitive_layers(engine._read_model()))
    assert len(rounding) == len(ranges) and not rounding & sensitive


def test_new_weights_need_new_calibration(checkpoint):
    openvino_int8.calibrate(checkpoint, list(images(2)))
    save_light(checkpoint)
    with pytest.raises(EngineError, match='none that were made for it are up to date'):
        openvino_int8.load_ranges(checkpoint, read_facts(checkpoint))


@pytest.mark.parametrize(
    ('native', 'vnni', 'expected'),
    [(True, True, 'bfloat16'), (False, True, 'int8'), (False, False, 'float32')],
)
def test_what_auto_takes_of_a_checkpoint_with_ranges(
    native, vnni, expected, checkpoint, monkeypatch
):
    ranges = openvino_int8.calibrate(checkpoint, list(images(2)))
    carrier = checkpoint.with_name('carrier.safetensors')
    save_light(carrier, activation_ranges=ranges)
    cpu = {'FULL_DEVICE_NAME': 'A CPU', 'OPTIMIZATION_CAPABILITIES': ['BF16'] * native}
    monkeypatch.setattr(OpenvinoEngine, '_property', lambda self, name: cpu[name])
    monkeypatch.setattr(openvino_engine, 'has_vnni', lambda: vnni)
    assert OpenvinoEngine.from_file(carrier).precision == expected
    if not native:
        # What was calibrated on this machine alone is used where it is asked for.
        assert OpenvinoEngine.from_file(checkpoint).precision == 'float32'


def test_ranges_of_another_graph_are_named(checkpoint):
    save_light(checkpoint, activation_ranges={'/network/none': (0.0, 1.0)})
    engine = OpenvinoEngine.from_file(checkpoint, precision='int8')
    with pytest.raises(EngineError, match='have none of the layer /network/'):
        engine.infer(images(1)[0])


@pytest.mark.parametrize(
    ('low', 'high', 'expected'),
    [(0.0, 25.5, (0.0, 25.5)), (0.2, 6.0, (0.0, 6.0)), (-1.0, 1.0, (-128 / 127.5, 127 / 127.5))],
)
def test_zero_is_one_of_the_steps(low, high, expected):
    assert openvino_int8._with_zero(low, high) == pytest.approx(expected)


@pytest.mark.parametrize('levels', [255, 127])
@pytest.mark.parametrize('transposed', [False, True])
def test_weights_are_rounded_for_each_output_channel(levels, transposed):
    weights = np.random.default_rng(0).normal(size=(3, 2, 2, 2)).astype(np.float32)
    weights[:, 1] *= 100
    image = opset8.parameter([1, 3 if transposed else 2, 4, 4], np.float32)
    constant = opset8.constant(weights)
    if transposed:
        layer = opset8.convolution_backprop_data(image, constant, [2, 2])
    else:
        layer = opset8.convolution(image, constant, [1, 1], [0, 0], [0, 0], [1, 1])
    output = openvino_int8._rounded_weights(layer, levels)
    compiled = openvino.Core().compile_model(openvino.Model([output], [image]), 'CPU')
    found = compiled([np.zeros(image.shape, np.float32)])[0]
    outputs = 1 if transposed else 0
    for channel in range(weights.shape[outputs]):
        exact, rounded = (values.take(channel, outputs) for values in (weights, found))
        step = np.abs(exact).max() / ((levels - 1) / 2)
        np.testing.assert_allclose(rounded, np.rint(exact / step) * step, atol=step * 1e-3)
