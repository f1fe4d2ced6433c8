"""TensorRT's cache and errors, with a stand-in for TensorRT and the GPU."""

from contextlib import nullcontext
import importlib
import sys
from types import ModuleType, SimpleNamespace

from doubles import make_facts
from monodepth_ros.engines.graphs import Graph
from monodepth_ros.errors import EngineError
from monodepth_ros.networks.checkpoint import save_checkpoint
import numpy as np
import pytest

torch = pytest.importorskip('torch')

SIZE = (32, 64)


class Runtime:
    """Takes plans that begin with 'plan', as the real one takes those of its own version."""

    def __init__(self, logger):
        pass

    def deserialize_cuda_engine(self, plan):
        return f'engine of {plan.decode()}' if plan.startswith(b'plan') else None


@pytest.fixture
def module(monkeypatch, tmp_path):
    """Return the engine's module as it is on a machine with TensorRT 10 and one GPU."""
    fake = ModuleType('tensorrt')
    fake.__version__ = '10.0'
    fake.Logger = type('Logger', (), {'WARNING': 2, '__init__': lambda self, level: None})
    fake.Runtime = Runtime
    fake.NetworkDefinitionCreationFlag = SimpleNamespace(EXPLICIT_BATCH=0, STRONGLY_TYPED=1)
    monkeypatch.setitem(sys.modules, 'tensorrt', fake)
    monkeypatch.delitem(sys.modules, 'monodepth_ros.engines.tensorrt_engine', raising=False)
    tensorrt_engine = importlib.import_module('monodepth_ros.engines.tensorrt_engine')
    monkeypatch.setenv('XDG_CACHE_HOME', str(tmp_path / 'cache'))
    monkeypatch.setattr(tensorrt_engine, 'select_device', torch.device)
    monkeypatch.setattr(torch.cuda, 'get_device_name', lambda _: 'Some GPU')
    monkeypatch.setattr(torch.cuda, 'get_device_capability', lambda _: (9, 0))
    monkeypatch.setattr(tensorrt_engine, '_driver_version', lambda: '550.1')
    yield tensorrt_engine
    sys.modules.pop('monodepth_ros.engines.tensorrt_engine', None)


@pytest.fixture
def checkpoint(tmp_path):
    path = tmp_path / 'tiny.safetensors'
    save_checkpoint(path, torch.nn.Linear(2, 2), make_facts())
    return path


@pytest.fixture
def builds(module, monkeypatch):
    """Count builds; the n-th gives the plan 'plan n'."""
    sizes = []

    def build(self, size):
        sizes.append(size)
        return b'plan %d' % len(sizes)

    monkeypatch.setattr(module.TensorrtEngine, '_build', build)
    return sizes


def load(module, checkpoint, size=SIZE, **options):
    return module.TensorrtEngine.from_file(checkpoint, **options)._load(size)


def test_second_start_takes_the_engine_of_the_first(module, checkpoint, builds):
    assert [load(module, checkpoint) for _ in range(2)] == ['engine of plan 1'] * 2
    assert builds == [SIZE]


def test_update_builds_anew(module, checkpoint, builds):
    load(module, checkpoint)
    assert load(module, checkpoint, update=True) == 'engine of plan 2'
    assert load(module, checkpoint) == 'engine of plan 2'


@pytest.mark.parametrize(
    'change',
    [
        lambda module, patch: patch.setattr(module.tensorrt, '__version__', '10.1'),
        lambda module, patch: patch.setattr(module, '_driver_version', lambda: '560.0'),
        lambda module, patch: patch.setattr(torch.cuda, 'get_device_name', lambda _: 'Other'),
        lambda module, patch: patch.setattr(torch.version, 'cuda', '99.9'),
    ],
    ids=['tensorrt', 'driver', 'gpu', 'cuda'],
)
def test_another_machine_builds_anew(module, checkpoint, builds, change, monkeypatch):
    load(module, checkpoint)
    change(module, monkeypatch)
    assert load(module, checkpoint) == 'engine of plan 2'


def test_other_weights_size_or_precision_build_anew(module, checkpoint, builds):
    load(module, checkpoint)
    load(module, checkpoint, size=(64, 64))
    load(module, checkpoint, precision='float32')
    assert len(builds) == 3
    save_checkpoint(checkpoint, torch.nn.Linear(2, 2), make_facts())
    load(module, checkpoint)
    assert len(builds) == 4


def test_plan_that_tensorrt_refuses_is_built_anew(module, checkpoint, builds):
    engine = module.TensorrtEngine.from_file(checkpoint)
    engine._artefact(SIZE).store(b'of another TensorRT')
    assert engine._load(SIZE) == 'engine of plan 1'
    assert engine._artefact(SIZE).load() == b'plan 1'


def test_plan_that_cannot_be_loaded_is_an_error(module, checkpoint, monkeypatch):
    monkeypatch.setattr(module.TensorrtEngine, '_build', lambda self, size: b'nothing')
    with pytest.raises(EngineError, match='TensorRT 10.0 cannot load what it has built'):
        load(module, checkpoint)


def test_graph_that_the_parser_refuses_is_an_error(module, checkpoint, monkeypatch):
    parser = SimpleNamespace(
        parse=lambda data: False, num_errors=1, get_error=lambda i: 'no operator Foo'
    )
    builder = SimpleNamespace(create_network=lambda flags: None)
    monkeypatch.setattr(module.tensorrt, 'Builder', lambda _: builder, raising=False)
    monkeypatch.setattr(module.tensorrt, 'OnnxParser', lambda *_: parser, raising=False)
    monkeypatch.setattr(module, 'load_graph', lambda path, half: Graph(b''))
    with pytest.raises(EngineError, match='cannot take the graph: no operator Foo'):
        load(module, checkpoint)


def test_engine_is_built_for_one_image_and_takes_more(module, checkpoint, monkeypatch):
    built = []
    profile = SimpleNamespace(set_shape=lambda *arguments: built.append(arguments))
    config = SimpleNamespace(add_optimization_profile=lambda _: None)
    builder = SimpleNamespace(
        create_network=lambda flags: None,
        create_builder_config=lambda: config,
        create_optimization_profile=lambda: profile,
        build_serialized_network=lambda *_: b'plan',
    )
    parser = SimpleNamespace(parse=lambda data: True)
    monkeypatch.setattr(module.tensorrt, 'Builder', lambda _: builder, raising=False)
    monkeypatch.setattr(module.tensorrt, 'OnnxParser', lambda *_: parser, raising=False)
    monkeypatch.setattr(module, 'load_graph', lambda path, half: Graph(b''))
    assert load(module, checkpoint) == 'engine of plan'
    assert built == [('images', (1, 32, 64, 3), (1, 32, 64, 3), (8, 32, 64, 3))]


def test_large_batch_is_run_in_parts(module, checkpoint, monkeypatch):
    shapes = []

    def maps(images):
        return images[..., 0].astype(np.float32), images[..., 1] % 2, images[..., 2].copy()

    def make_runner(self, shape):
        shapes.append(shape)
        return lambda images: list(maps(images))

    monkeypatch.setattr(module.TensorrtEngine, '_make_runner', make_runner)
    monkeypatch.setattr(torch.cuda, 'device', lambda _: nullcontext())
    count = module.MAX_BATCH + 3
    batch = np.random.default_rng(0).integers(0, 256, (count, *SIZE, 3), np.uint8)
    output = module.TensorrtEngine.from_file(checkpoint).infer(batch)
    assert shapes == [(module.MAX_BATCH, *SIZE, 3), (3, *SIZE, 3)]
    found = output.depth, output.label, output.confidence
    for values, expected in zip(found, maps(batch), strict=True):
        np.testing.assert_array_equal(values, expected)


def test_cpu_is_refused(module, checkpoint):
    with pytest.raises(EngineError, match="'tensorrt' needs a CUDA device, device is 'cpu'"):
        module.TensorrtEngine.from_file(checkpoint, device='cpu')


def test_closed_engine_says_so(module, checkpoint):
    engine = module.TensorrtEngine.from_file(checkpoint)
    engine.close()
    engine.close()
    with pytest.raises(EngineError, match='closed; create a new one'):
        engine.infer(np.zeros((1, *SIZE, 3), np.uint8))
