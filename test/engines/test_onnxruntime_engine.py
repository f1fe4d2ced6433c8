"""ONNX Runtime: providers that are not there, or do not start, are errors and never the CPU."""

from types import SimpleNamespace

from doubles import make_facts
from monodepth_ros.engines.graphs import Graph
from monodepth_ros.errors import EngineError
import pytest

onnxruntime_engine = pytest.importorskip('monodepth_ros.engines.onnxruntime_engine')
CPU, CUDA = onnxruntime_engine.CPU, onnxruntime_engine.CUDA
TENSORRT = onnxruntime_engine.TENSORRT
OnnxRuntimeEngine = onnxruntime_engine.OnnxRuntimeEngine
OnnxRuntimeTensorrtEngine = onnxruntime_engine.OnnxRuntimeTensorrtEngine


@pytest.fixture
def runtime(monkeypatch, tmp_path):
    """Return a function that sets up an ONNX Runtime, and the list of sessions it has made."""
    monkeypatch.setenv('XDG_CACHE_HOME', str(tmp_path))
    sessions = []

    def make(available, starting):
        library = onnxruntime_engine.onnxruntime
        monkeypatch.setattr(library, 'get_available_providers', lambda: available)

        def session(graph, options, providers):
            sessions.append((graph, providers))
            return SimpleNamespace(get_providers=lambda: starting)

        monkeypatch.setattr(library, 'InferenceSession', session)
        monkeypatch.setattr(
            onnxruntime_engine,
            'load_graph',
            lambda path, half, update: Graph((path, half, update)),
        )
        return sessions

    return make


@pytest.fixture
def weights(tmp_path):
    path = tmp_path / 'weights.safetensors'
    path.write_bytes(b'weights')
    return path


def test_cuda_that_is_not_there(runtime, weights):
    runtime([CPU], [CPU])
    with pytest.raises(
        EngineError, match="'cuda:1' .* no CUDAExecution.*pip install onnxruntime-"
    ):
        OnnxRuntimeEngine(weights, make_facts(), 'cuda:1')


def test_cuda_that_does_not_start(runtime, weights):
    runtime([CUDA, CPU], [CPU])
    with pytest.raises(EngineError, match='could not start CUDAExecutionProvider, and took CPU'):
        OnnxRuntimeEngine(weights, make_facts(), 'cuda')


def test_cuda_takes_float16_and_the_index(runtime, weights):
    sessions = runtime([CUDA, CPU], [CUDA, CPU])
    engine = OnnxRuntimeEngine(weights, make_facts(), 'cuda:1')
    assert (engine.precision, engine.device) == ('float16', 'cuda:1 (CUDAExecutionProvider)')
    assert sessions == [((weights, True, False), [(CUDA, {'device_id': 1}), CPU])]


@pytest.mark.parametrize(('available', 'device'), [([CPU], 'cpu'), ([CUDA, CPU], 'cuda:0')])
def test_auto_takes_what_is_there(runtime, weights, available, device):
    runtime(available, available)
    assert OnnxRuntimeEngine(weights, make_facts()).device.startswith(device)


def test_tensorrt_keeps_what_it_builds(runtime, weights, tmp_path):
    sessions = runtime([TENSORRT, CUDA, CPU], [TENSORRT, CPU])
    OnnxRuntimeTensorrtEngine(weights, make_facts())
    ((_, ((provider, options), _)),) = sessions
    assert provider == TENSORRT and options['trt_fp16_enable']
    kept = tmp_path / 'monodepth_ros' / 'onnxruntime_tensorrt'
    assert options['trt_engine_cache_path'].startswith(str(kept))
    (folder,) = kept.iterdir()
    (folder / 'built.engine').write_bytes(b'')
    OnnxRuntimeTensorrtEngine(weights, make_facts())
    assert list(folder.iterdir())
    OnnxRuntimeTensorrtEngine(weights, make_facts(), update=True)
    assert not list(folder.iterdir())


def test_tensorrt_needs_a_gpu(runtime, weights):
    runtime([TENSORRT, CUDA, CPU], [TENSORRT, CPU])
    with pytest.raises(EngineError, match="'onnxruntime_tensorrt' needs a GPU, device is 'cpu'"):
        OnnxRuntimeTensorrtEngine(weights, make_facts(), 'cpu')


def test_int8_is_refused(runtime, weights):
    runtime([CPU], [CPU])
    with pytest.raises(EngineError, match="'int8' is not to be had from onnxruntime on cpu"):
        OnnxRuntimeEngine(weights, make_facts(), 'cpu', precision='int8')


def test_graph_that_cannot_be_loaded(monkeypatch, weights):
    monkeypatch.setattr(
        onnxruntime_engine, 'load_graph', lambda path, half, update: Graph(b'no graph')
    )
    with pytest.raises(EngineError, match='ONNX Runtime cannot load the network'):
        OnnxRuntimeEngine(weights, make_facts(), 'cpu')
