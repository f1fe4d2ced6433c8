"""monodepth export: what it builds, and what it refuses."""

import cv2
from doubles import FormulaEngine, make_facts
from monodepth_ros.cli import export
from monodepth_ros.cli.main import build_parser, main
from monodepth_ros.networks.checkpoint import save_checkpoint
from monodepth_ros.networks.registry import create_network
from monodepth_ros.networks.safetensors_file import read_arrays
import numpy as np
import pytest


@pytest.fixture
def checkpoint(tmp_path, monkeypatch):
    monkeypatch.setenv('XDG_CACHE_HOME', str(tmp_path / 'cache'))
    facts = make_facts(network='dual_efficientnet_lite0', options={'widths': [8, 8, 8, 8]})
    network = create_network(facts.network, classes=4, **facts.options)
    save_checkpoint(tmp_path / 'tiny.safetensors', network, facts)
    return str(tmp_path / 'tiny.safetensors')


@pytest.fixture
def made(monkeypatch):
    """Return the engines that the command makes, which note sizes and `update`."""
    engines = []

    def make(options, update):
        engine = FormulaEngine()
        engine.update, engine.sizes = update, []
        engine.warm_up = lambda *size: engine.sizes.append(size)
        engines.append(engine)
        return engine

    monkeypatch.setattr(export, 'make_engine', make)
    return engines


def test_builds_for_the_training_size(checkpoint, made, capsys):
    assert main(['export', '--model', checkpoint]) == 0
    assert made[0].sizes == [(256, 320)] and not made[0].update
    assert 'formula on none, float32, 320 x 256: ready after' in capsys.readouterr().out


def test_size_and_update(checkpoint, made):
    assert main(['export', '--model', checkpoint, '--size', '96x64', '--force-engine-update']) == 0
    assert made[0].sizes == [(64, 96)] and made[0].update


@pytest.mark.parametrize('size', ['96', '96x', '0x32', 'ax32', '32x32x3'])
def test_bad_sizes(size, capsys):
    with pytest.raises(SystemExit):
        build_parser().parse_args(['export', '--size', size])
    assert 'expected WIDTHxHEIGHT, such as 320x256' in capsys.readouterr().err


@pytest.mark.parametrize('size', ['96x65', '16x32'])
def test_sizes_that_the_network_does_not_take(checkpoint, size, capsys):
    assert main(['export', '--model', checkpoint, '--size', size]) == 1
    assert f'--size is {size}, expected both multiples of 32' in capsys.readouterr().err


def test_calibration_goes_with_int8_only(checkpoint, made, tmp_path, capsys):
    assert main(['export', '--model', checkpoint, '--calibration', str(tmp_path)]) == 1
    assert '--engine openvino --precision int8' in capsys.readouterr().err
    assert not made


def test_calibration_images_are_prepared_as_the_engine_gets_them(tmp_path, monkeypatch):
    monkeypatch.setattr(export, 'CALIBRATION_IMAGES', 3)
    for index in range(7):
        image = np.full((480, 640, 3), (10 * index, 0, 200), np.uint8)  # BGR
        cv2.imwrite(str(tmp_path / f'{index}.png'), image)
    images = export.load_images(str(tmp_path), make_facts())
    assert [x.shape for x in images] == [(1, 256, 320, 3)] * 3
    assert all(x.dtype == np.uint8 for x in images)
    # Every third image, red first.
    assert [tuple(x[0, 128, 160]) for x in images] == [(200, 0, 10 * i) for i in (0, 3, 6)]


def test_onnx_file(checkpoint, made, tmp_path):
    onnx = pytest.importorskip('onnx')
    assert main(['export', '--model', checkpoint, '--onnx', str(tmp_path / 'net.onnx')]) == 0
    graph = onnx.load(str(tmp_path / 'net.onnx')).graph
    assert [x.name for x in graph.input] == ['images']
    assert [x.name for x in graph.output] == ['depth', 'label', 'confidence']
    dimensions = graph.input[0].type.tensor_type.shape.dim
    assert [d.dim_param or d.dim_value for d in dimensions] == ['n', 'h', 'w', 3]


def test_onnx_file_that_cannot_be_written(checkpoint, made, tmp_path, capsys):
    pytest.importorskip('onnx')
    assert main(['export', '--model', checkpoint, '--onnx', str(tmp_path / 'no' / 'x.onnx')]) == 1
    assert 'cannot write --onnx' in capsys.readouterr().err


def test_ranges_are_embedded_in_a_copy_of_the_weights(checkpoint, tmp_path, capsys, monkeypatch):
    for package in ('onnx', 'openvino'):
        pytest.importorskip(package)
    images, out = tmp_path / 'images', tmp_path / 'carrier.safetensors'
    images.mkdir()
    for index in range(2):
        noise = np.random.default_rng(index).integers(0, 256, (48, 64, 3), np.uint8)
        cv2.imwrite(str(images / f'{index}.png'), noise)
    int8 = ['export', '--engine', 'openvino', '--precision', 'int8', '--size', '96x64']
    calibration = ['--calibration', str(images), '--embed', str(out)]
    assert main([*int8, '--model', checkpoint, *calibration]) == 0
    assert f'calibrated with 2 images\nwrote {out}' in capsys.readouterr().out
    (arrays, _), (copied, _) = read_arrays(checkpoint), read_arrays(out)
    assert all(np.array_equal(array, copied[name]) for name, array in arrays.items())
    # The next robot has calibrated nothing.
    monkeypatch.setenv('XDG_CACHE_HOME', str(tmp_path / 'another'))
    assert main([*int8, '--model', str(out)]) == 0
    assert 'int8, 96 x 64: ready after' in capsys.readouterr().out
    assert main([*int8, '--model', checkpoint]) == 1
    assert 'carries no ranges for INT8' in capsys.readouterr().err


def test_embedding_goes_with_calibration(checkpoint, made, tmp_path, capsys):
    assert main(['export', '--model', checkpoint, '--embed', str(tmp_path / 'x')]) == 1
    assert '--embed goes with --calibration' in capsys.readouterr().err
    assert not made
