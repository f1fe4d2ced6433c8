"""Commands that take a model take networks of others, too."""

import json

from foreign_kit import Output, StandIn
from monodepth_ros.cli.main import main
import numpy as np
from onnx import TensorProto
import pytest
from tiny_folder import write_tiny_folder

DEPTH = StandIn([Output('d')])
LABELS = StandIn([Output('c', 13, 4, after=(), bias=0.0)])
CLASSES = [f'class{i}' for i in range(13)]


@pytest.fixture(autouse=True)
def cache(tmp_path, monkeypatch):
    """Keep compiled artefacts out of the user's cache."""
    monkeypatch.setenv('XDG_CACHE_HOME', str(tmp_path / 'cache'))


@pytest.fixture
def depth(tmp_path):
    return DEPTH.write(tmp_path / 'depth.onnx', {'name': 'Deep', 'depth': {'kind': 'metres'}})


@pytest.fixture
def labels(tmp_path):
    labels = {'kind': 'logits', 'classes': CLASSES}
    return LABELS.write(tmp_path / 'labels.onnx', {'name': 'Words', 'labels': labels})


@pytest.fixture
def run(tmp_path):
    """Return what runs a command with its options."""

    def run(command, *options):
        return main([command, *map(str, options), '--device', 'cpu', '--threads', '1'])

    return run


def test_predict(run, depth, labels, tmp_path):
    data = write_tiny_folder(tmp_path / 'data', count=2)
    images, out = data / 'rgb', tmp_path / 'out'
    assert run('predict', images, '--out', out, '--model', depth, '--semantic-model', labels) == 0
    assert len(list(out.glob('*_depth.png'))) == 2 and len(list(out.glob('*_label.png'))) == 2


def test_evaluate(run, depth, tmp_path):
    data, out = write_tiny_folder(tmp_path / 'data', count=2), tmp_path / 'figures.json'
    common = ('--dataset', 'folder', '--split', 'train', '--root', data, '--out', out)
    assert run('evaluate', '--model', depth, *common) == 0
    result = json.loads(out.read_text())
    assert result['model'] == 'Deep' and result['checkpoint'] == 'depth.onnx'
    assert np.isfinite(result['rmse']) and 'miou' not in result


def test_evaluate_says_that_relative_depth_is_not_measured(run, tmp_path, capfd):
    path = DEPTH.write(tmp_path / 'net.onnx', {'depth': {'kind': 'up_to_scale'}})
    data = write_tiny_folder(tmp_path / 'data', count=2)
    common = ('--dataset', 'folder', '--split', 'train', '--root', data)
    assert run('evaluate', '--model', path, *common) == 1
    assert 'net gives depth up to scale, which is not measured' in capfd.readouterr().err


@pytest.mark.parametrize('engine', ['openvino', 'onnxruntime'])
def test_export(run, depth, engine, tmp_path, capsys):
    pytest.importorskip(engine)
    onnx = tmp_path / 'adapted.onnx'
    options = ('--model', depth, '--engine', engine, '--size', '64x64', '--onnx', onnx)
    assert run('export', *options) == 1
    assert '--size is 64x64, expected 64x48, which Deep always takes' in capsys.readouterr().err
    assert run('export', '--model', depth, '--engine', engine, '--onnx', onnx) == 0
    assert '64 x 48: ready after' in capsys.readouterr().out
    assert onnx.stat().st_size > 0


class Half(StandIn):
    """A network that computes in float16, not only takes it."""

    def _planes(self, x):
        return x

    def _weight(self, name, values):
        return super()._weight(name, np.asarray(values, np.float16))


class Greys(StandIn):
    """A network without convolutions."""

    def _output(self, x, output):
        self._node('ReduceMean', x, output.name, axes=[1], keepdims=1)
        return self._value(output.name, TensorProto.FLOAT, self._shape(1, 'NCHW'))


@pytest.mark.parametrize(
    ('stand_in', 'why'),
    [
        (DEPTH, 'each of its convolutions is depthwise, after such a one, or next to the image'),
        (Half([Output('d')], dtype='float16'), 'its convolutions are not in float32; take'),
        (Greys([Output('d')]), 'it has no convolutions, and others stay in floating point'),
    ],
)
def test_int8_says_why_no_layer_computes_in_it(run, stand_in, why, tmp_path, capsys):
    pytest.importorskip('openvino')
    depth = stand_in.write(tmp_path / 'net.onnx', {'depth': {'kind': 'metres'}})
    data = write_tiny_folder(tmp_path / 'data', count=3)
    options = ('--engine', 'openvino', '--precision', 'int8', '--calibration', data / 'rgb')
    assert run('export', '--model', depth, *options) == 1
    assert f'net.onnx has no layer that INT8 is for: {why}' in capsys.readouterr().err


@pytest.mark.parametrize('precision', ['float16', 'bfloat16', 'int8'])
def test_onnxruntime_rounds_no_onnx_file(run, depth, precision, capsys):
    options = ('--engine', 'onnxruntime', '--precision', precision)
    assert run('export', '--model', depth, *options) == 1
    words = f"'{precision}' is not to be had from onnxruntime on cpu for an ONNX file, which compu"
    assert words in capsys.readouterr().err


def test_predict_writes_no_metres_of_a_network_that_gives_none(run, tmp_path):
    path = DEPTH.write(tmp_path / 'net.onnx', {'depth': {'kind': 'up_to_scale'}})
    data, out = write_tiny_folder(tmp_path / 'data', count=2), tmp_path / 'out'
    common = ('--out', out, '--model', path, '--hfov', 60, '--write', 'panel,depth,cloud')
    assert run('predict', data / 'rgb', *common) == 0
    assert len(list(out.glob('*_panel.*'))) == 2
    assert not list(out.glob('*_depth.png')) and not list(out.glob('*_cloud.ply'))


def test_ranges_are_embedded_in_our_own_weights_only(run, depth, tmp_path, capsys):
    options = ('--precision', 'int8', '--calibration', tmp_path, '--embed', tmp_path / 'x')
    assert run('export', '--model', depth, '--engine', 'openvino', *options) == 1
    assert '--embed is for .safetensors files' in capsys.readouterr().err
