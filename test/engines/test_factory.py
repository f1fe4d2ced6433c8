"""Engines and weights by name."""

import hashlib
import sys

from doubles import FormulaEngine, make_facts
from monodepth_ros.engines import factory
from monodepth_ros.engines.base import MissingPackageError
from monodepth_ros.engines.factory import create_engine, resolve_model, shipped_models
from monodepth_ros.errors import CheckpointError, ConfigError, EngineError
from monodepth_ros.networks.checkpoint import save_checkpoint
from monodepth_ros.networks.registry import create_network
import pytest


@pytest.fixture
def weights(tmp_path, monkeypatch):
    """Ship a light model under two names, and something else that is no model."""
    folder = tmp_path / 'weights'
    folder.mkdir()
    monkeypatch.setattr(factory, 'WEIGHTS', folder)
    facts = make_facts(network='dual_efficientnet_lite0', options={'widths': [8, 8, 8, 8]})
    network = create_network(facts.network, classes=4, **facts.options)
    for name in ('b_light', 'a_light'):
        path = folder / f'{name}.safetensors'
        save_checkpoint(path, network, facts)
        digest = hashlib.sha256(path.read_bytes()).hexdigest()
        path.with_suffix('.md').write_text(f'# {name}\n\n| sha256 | `{digest}` |\n')
    return folder


def test_shipped_models(weights):
    assert shipped_models() == ['a_light', 'b_light']


def test_shipped_name_and_path(weights):
    path = weights / 'b_light.safetensors'
    assert resolve_model('b_light') == path
    assert resolve_model(str(path)) == path


def test_home_folder(weights, monkeypatch):
    monkeypatch.setenv('HOME', str(weights))
    assert resolve_model('~/a_light.safetensors') == weights / 'a_light.safetensors'


def test_missing_file_lists_the_shipped_models(weights):
    with pytest.raises(CheckpointError, match='/none.safetensors do not exist.*a_light, b_light'):
        resolve_model('/none.safetensors')


@pytest.mark.parametrize('model', ['monodepth9000', '', 'a_light.pth', '.', '..'])
def test_unknown_model_lists_the_choices(weights, model):
    with pytest.raises(ConfigError, match=f"unknown model '{model}'; choose .*a_light, b_light"):
        create_engine(model)


def test_unknown_engine_lists_the_choices(weights):
    with pytest.raises(ConfigError, match="unknown engine 'tensorflow'; choose .*auto, torch"):
        create_engine('a_light', engine='tensorflow')


def test_engine_of_a_shipped_model(weights):
    made = create_engine('a_light', engine='torch', device='cpu')
    assert made.name == 'torch' and made.reason == ''
    assert made.facts == make_facts(
        network='dual_efficientnet_lite0', options={'widths': [8, 8, 8, 8]}
    )


@pytest.mark.parametrize('device', ['cuda:99', 'gpu'])
def test_device_errors(weights, device):
    with pytest.raises(EngineError, match=f"device '{device}'"):
        create_engine('a_light', device=device)


def test_negative_threads_are_refused(weights):
    with pytest.raises(ConfigError, match='threads is -1, expected 0 or more'):
        create_engine('a_light', device='cpu', threads=-1)


def test_unknown_precision_lists_the_choices(weights):
    with pytest.raises(ConfigError, match="unknown precision 'float8'; .*auto, float32, bfloat16"):
        create_engine('a_light', precision='float8')


@pytest.fixture
def machine(monkeypatch, weights):
    """Return what makes up a machine: which engines are installed and which work on CUDA."""

    def make(installed, on_cuda=(), driver=False):
        monkeypatch.setattr(factory, '_has_nvidia_driver', lambda: driver)

        def create(name, device, options):
            if name not in installed:
                raise MissingPackageError(f'{name} is missing')
            if device != 'cpu' and name not in on_cuda:
                raise EngineError(f'{name} sees no CUDA device')
            engine = FormulaEngine()
            engine.name, engine.device = name, device
            return engine

        monkeypatch.setattr(factory, '_create', create)

    return make


ALL = ('torch', 'torch_cuda_graph', 'openvino', 'onnxruntime', 'tensorrt')


@pytest.mark.parametrize(
    ('setup', 'name', 'reason'),
    [
        ((ALL,), 'openvino', 'fastest here on cpu (no NVIDIA driver)'),
        (
            (('torch', 'onnxruntime'),),
            'onnxruntime',
            'fastest here on cpu (no NVIDIA driver; openvino is missing)',
        ),
        ((ALL, ('torch_cuda_graph',), True), 'torch_cuda_graph', 'fastest here on cuda'),
        (
            (ALL, ('onnxruntime',), True),
            'onnxruntime',
            'fastest here on cuda (torch_cuda_graph sees no CUDA device)',
        ),
        (
            (('openvino',), (), True),
            'openvino',
            'fastest here on cpu (torch_cuda_graph is missing; onnxruntime is missing)',
        ),
    ],
)
def test_auto_says_what_it_took_and_why(machine, setup, name, reason):
    machine(*setup)
    engine = create_engine('a_light')
    assert (engine.name, engine.reason) == (name, reason)


def test_auto_never_replaces_a_gpu_that_the_user_named(machine):
    machine(ALL, (), driver=True)
    with pytest.raises(EngineError, match='sees no CUDA device'):
        create_engine('a_light', device='cuda:0')


def test_auto_on_the_cpu_leaves_the_gpu_alone(machine):
    machine(ALL, ALL, driver=True)
    engine = create_engine('a_light', device='cpu')
    assert (engine.name, engine.device) == ('openvino', 'cpu')


def test_auto_without_any_engine_names_the_last(machine):
    machine(())
    with pytest.raises(EngineError, match='torch_channels_last is missing'):
        create_engine('a_light')


@pytest.mark.parametrize(
    ('engine', 'module', 'words'),
    [
        ('torch', 'torch_engine', 'PyTorch .*pip install torch'),
        ('openvino', 'openvino_engine', 'OpenVINO .*pip install openvino onnx'),
        ('onnxruntime', 'onnxruntime_engine', 'ONNX Runtime .*pip install onnxruntime onnx'),
        ('tensorrt', 'tensorrt_engine', 'TensorRT .*pip install tensorrt onnx'),
    ],
)
def test_absent_engine_names_its_install_command(weights, monkeypatch, engine, module, words):
    monkeypatch.setitem(sys.modules, f'monodepth_ros.engines.{module}', None)
    with pytest.raises(EngineError, match=f"engine '{engine}' needs {words}"):
        create_engine('a_light', engine)


@pytest.mark.parametrize('device', ['intel_gpu', 'intel_gpu:1', 'npu'])
def test_devices_of_openvino(machine, device):
    machine(ALL, ALL, driver=True)
    engine = create_engine('a_light', device=device)
    assert (engine.name, engine.device) == ('openvino', device)


def test_devices_of_openvino_are_of_no_other_engine(weights):
    with pytest.raises(EngineError, match="'npu' is one of OpenVINO's, engine is 'torch'; set en"):
        create_engine('a_light', 'torch', 'npu')
