"""OpenVINO: rounding of filters, the cache of compiled models, batches."""

import json

from doubles import make_facts
from monodepth_ros.engines.cache import cache_folder, digest
from monodepth_ros.errors import EngineError
from monodepth_ros.networks import checkpoint as checkpoint_module
from monodepth_ros.networks.checkpoint import save_checkpoint
from monodepth_ros.networks.safetensors_file import read_arrays
import numpy as np
import pytest

pytest.importorskip('onnx')
torch = pytest.importorskip('torch')
deploy = pytest.importorskip('monodepth_ros.networks.deploy')
openvino_engine = pytest.importorskip('monodepth_ros.engines.openvino_engine')
OpenvinoEngine = openvino_engine.OpenvinoEngine

IMAGE = np.random.default_rng(0).integers(0, 256, (1, 32, 64, 3), np.uint8)


class TinyGraph(torch.nn.Module):
    """One convolution in place of a network, with the inputs and outputs of the real graph."""

    def __init__(self):
        super().__init__()
        self.convolution = torch.nn.Conv2d(3, 2, 3, padding=1)

    def forward(self, images):
        x = self.convolution(images.permute(0, 3, 1, 2).float() / 255.0)
        label = (x[:, 1] > 0).to(torch.uint8)
        return x[:, 0].exp(), label, (torch.sigmoid(x[:, 1]) * 255.0).to(torch.uint8)


@pytest.fixture
def checkpoint(tmp_path, monkeypatch):
    """Return a checkpoint of a `TinyGraph`, which the exporter takes for a network's."""

    def load_checkpoint(path):
        graph, (arrays, _) = TinyGraph(), read_arrays(path)
        graph.load_state_dict({k: torch.from_numpy(v).float() for k, v in arrays.items()})
        return graph, make_facts()

    monkeypatch.setenv('XDG_CACHE_HOME', str(tmp_path / 'cache'))
    monkeypatch.setattr(checkpoint_module, 'load_checkpoint', load_checkpoint)
    monkeypatch.setattr(deploy, 'DeploymentGraph', lambda graph, mean, std: graph)
    write_weights(tmp_path / 'tiny.safetensors', 1)
    return tmp_path / 'tiny.safetensors'


def write_weights(path, seed):
    torch.manual_seed(seed)
    save_checkpoint(path, TinyGraph(), make_facts())


def blobs():
    return sorted(cache_folder().glob('openvino-*.bin'))


def test_rounded_filters_keep_their_sum():
    weights = np.random.default_rng(1).normal(size=(50, 2, 3, 3)).astype(np.float32)
    weights -= weights.mean((2, 3), keepdims=True)
    rounded = openvino_engine.diffuse_to_bfloat16(weights)
    expected = torch.from_numpy(rounded).bfloat16().float().numpy()
    np.testing.assert_array_equal(rounded, expected)  # bfloat16 holds them
    np.testing.assert_allclose(rounded, weights, atol=0.03)
    nearest = torch.from_numpy(weights).bfloat16().float().numpy()
    drift, drift_of_nearest = (np.abs(x.sum((2, 3))).mean() for x in (rounded, nearest))
    assert drift < 0.2 * drift_of_nearest


def test_rounding_by_hand():
    # bfloat16 has 8 significant bits: near 1 a step of 2^-7 above and 2^-8 below, near 2^-7 one
    # of 2^-14. 1 + 3 * 2^-9 goes to 1 + 2^-7 and owes 2^-9, which 2^-7 pays exactly.
    filters = np.array([[[2**-7, 1 + 3 * 2**-9]]], np.float32)
    np.testing.assert_array_equal(
        openvino_engine.diffuse_to_bfloat16(filters),
        np.array([[[2**-7 - 2**-9, 1 + 2**-7]]], np.float32),
    )


def test_second_start_imports_what_the_first_compiled(checkpoint, monkeypatch):
    first = OpenvinoEngine.from_file(checkpoint, threads=1).infer(IMAGE)
    assert len(blobs()) == 1

    def fail(*_):
        raise AssertionError('compiled again')

    monkeypatch.setattr(OpenvinoEngine, '_compile', fail)
    again = OpenvinoEngine.from_file(checkpoint, threads=1)
    np.testing.assert_array_equal(again.infer(IMAGE).depth, first.depth)
    with pytest.raises(AssertionError, match='compiled again'):
        OpenvinoEngine.from_file(checkpoint, threads=1, update=True).infer(IMAGE)


def test_blob_that_openvino_refuses_is_compiled_again(checkpoint):
    first = OpenvinoEngine.from_file(checkpoint, threads=1).infer(IMAGE)
    (path,) = blobs()
    magic, head, blob = path.read_bytes().split(b'\n', 2)
    header = {**json.loads(head), 'sha256': digest(b'whole, but no model')}
    path.write_bytes(b'\n'.join((magic, json.dumps(header).encode(), b'whole, but no model')))
    second = OpenvinoEngine.from_file(checkpoint, threads=1).infer(IMAGE)
    np.testing.assert_array_equal(first.depth, second.depth)
    assert path.stat().st_size > len(blob)


def test_new_weights_are_not_answered_from_the_cache(checkpoint):
    before = OpenvinoEngine.from_file(checkpoint, threads=1, precision='float32').infer(IMAGE)
    write_weights(checkpoint, 2)
    after = OpenvinoEngine.from_file(checkpoint, threads=1, precision='float32').infer(IMAGE)
    assert not np.allclose(before.depth, after.depth, rtol=1e-5)
    assert len(blobs()) == 1


def test_batches_share_one_compiled_model(checkpoint):
    engine = OpenvinoEngine.from_file(checkpoint, threads=1)
    batch = np.random.default_rng(3).integers(0, 256, (3, 32, 64, 3), np.uint8)
    single = [engine.infer(image[None]).depth[0] for image in batch]
    np.testing.assert_array_equal(engine.infer(batch).depth, single)
    np.testing.assert_array_equal(engine.infer(batch[:2]).depth, single[:2])
    assert len(blobs()) == 1


def test_gpu_is_refused(checkpoint):
    with pytest.raises(EngineError, match="device 'cuda' asked for, but OpenVINO .* has cpu here"):
        OpenvinoEngine.from_file(checkpoint, device='cuda')


def test_float16_is_refused(checkpoint):
    with pytest.raises(EngineError, match="'float16' is not to be had from OpenVINO.*float32"):
        OpenvinoEngine.from_file(checkpoint, precision='float16')


class Board:
    """An OpenVINO with an Intel GPU, for which the CPU stands in."""

    available_devices = ('CPU', 'GPU.0', 'GPU.1')

    def __init__(self):
        self._core = CORE()
        self.compiled = []

    def get_property(self, device, name):
        if device == 'CPU':
            return self._core.get_property('CPU', name)
        return {'FULL_DEVICE_NAME': 'Iris', 'OPTIMIZATION_CAPABILITIES': ['FP32', 'FP16']}[name]

    def read_model(self, *given):
        return self._core.read_model(*given)

    def compile_model(self, model, device, options):
        self.compiled.append((device, options))
        return self._core.compile_model(model, 'CPU', {'INFERENCE_PRECISION_HINT': 'f32'})


CORE = openvino_engine.openvino.Core


def test_an_intel_gpu(checkpoint, monkeypatch):
    monkeypatch.setattr(openvino_engine.openvino, 'Core', Board)
    engine = OpenvinoEngine.from_file(checkpoint, 'intel_gpu:1')
    assert (engine.device, engine.precision) == ('intel_gpu:1 (Iris)', 'float16')
    found = engine.infer(IMAGE)
    ((device, options),) = engine._core.compiled
    assert device == 'GPU.1' and options['INFERENCE_PRECISION_HINT'] == 'f16'
    assert 'ENABLE_CPU_PINNING' not in options
    expected = OpenvinoEngine.from_file(checkpoint, 'cpu', precision='float32').infer(IMAGE)
    np.testing.assert_allclose(found.depth, expected.depth, rtol=1e-3)
    with pytest.raises(EngineError, match="'int8' is not to be had from OpenVINO on Iris"):
        OpenvinoEngine.from_file(checkpoint, 'intel_gpu', precision='int8')


@pytest.mark.parametrize(
    ('device', 'there'), [('npu', 'cpu, intel_gpu here'), ('intel_gpu:2', 'cpu, intel_gpu here')]
)
def test_a_device_that_is_not_there_lists_what_is(checkpoint, monkeypatch, device, there):
    monkeypatch.setattr(openvino_engine.openvino, 'Core', Board)
    with pytest.raises(EngineError, match=f"device '{device}' asked for, but OpenVINO .*{there}"):
        OpenvinoEngine.from_file(checkpoint, device)
