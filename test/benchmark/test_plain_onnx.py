"""A network of others run by hand, beside the same one in our engines."""

from foreign_kit import Output, StandIn
from monodepth_ros.benchmark.engine_process import EngineProcess
from monodepth_ros.benchmark.engines import choose_cases, PLAIN
from monodepth_ros.benchmark.plain import open_plain
from monodepth_ros.benchmark.settings import Settings
from monodepth_ros.benchmark.targets import Target
from monodepth_ros.engines.factory import create_engine
from monodepth_ros.errors import BenchmarkError
import numpy as np
import pytest

pytest.importorskip('onnxruntime')
CLASSES = ['ape', 'bee', 'cat']
BOTH = StandIn([Output('d', stride=2), Output('c', 3, 4, after=(), bias=0.0)])
MANIFEST = {
    'input': {'colors': 'BGR', 'mean': [9, 8, 7]},
    'depth': {'tensor': 'd', 'kind': 'log_metres', 'factor': 2},
    'labels': {
        'tensor': 'c',
        'kind': 'logits',
        'classes': CLASSES,
        'merge': {'x': ['cat', 'ape']},
    },
}
IMAGES = np.random.default_rng(0).integers(0, 256, (2, 48, 64, 3), np.uint8)


@pytest.fixture
def path(tmp_path, monkeypatch):
    monkeypatch.setenv('XDG_CACHE_HOME', str(tmp_path / 'cache'))
    return str(BOTH.write(tmp_path / 'net.onnx', MANIFEST))


def test_same_maps_as_our_engine(path):
    plain, engine = open_plain(path, threads=1), create_engine(path, 'onnxruntime', 'cpu', 1)
    found, expected = plain.infer(IMAGES), engine.infer(IMAGES)
    np.testing.assert_allclose(found.depth, expected.depth, rtol=1e-5)
    np.testing.assert_array_equal(found.label, expected.label)
    assert abs(found.confidence.astype(int) - expected.confidence).max() <= 1
    assert 0 < plain.network_ms < 60_000
    assert plain.facts == engine.facts and plain.gflop(48, 64) > 0


def test_depth_without_metres_is_not_compared(tmp_path):
    path = StandIn([Output('d')]).write(tmp_path / 'net.onnx', {'depth': {'kind': 'up_to_scale'}})
    with pytest.raises(BenchmarkError, match='gives no metres; take a network that does'):
        open_plain(str(path))


def test_a_process_of_the_benchmark_runs_both(path, tmp_path):
    np.save(tmp_path / 'images.npy', IMAGES)
    process, options = EngineProcess(), {'device': 'cpu', 'threads': 1}
    images = str(tmp_path / 'images.npy')
    assert process.load('plain', images, path=path, **options)['name'] == ''
    assert len(process.time(2)['ms']) == 2
    loaded = process.load('engine', images, model=path, engine='onnxruntime', **options)
    assert loaded['name'] == 'onnxruntime'


def test_only_engines_that_run_onnx_files(path, tmp_path):
    settings = Settings(tmp_path, tmp_path, 1, model=path)
    cases = choose_cases(settings, Target('net', path), is_model=True)
    assert cases[0].engine == PLAIN
    assert {case.engine for case in cases[1:]} == {'openvino', 'onnxruntime'}
