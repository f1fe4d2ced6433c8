"""The command `monodepth inspect`."""

import cv2
from foreign_kit import Output, StandIn
from monodepth_ros.cli.main import main
from monodepth_ros.engines.factory import create_engine
import numpy as np
from onnx import TensorProto
import pytest
import yaml

DPT = StandIn([Output('depth', layout='NHW')], size=('h', 'w'), image='pixel_values', batch='n')
BOTH = StandIn(
    [
        Output('disparity'),
        Output('sky_mask', layout='NHW'),
        Output('seg', 5, 4, after=()),
    ],
    layout='NHWC',
    dtype='uint8',
    extra={'tokens': TensorProto.INT64},
)


@pytest.fixture(autouse=True)
def cache(tmp_path, monkeypatch):
    """Keep compiled artefacts out of the user's cache."""
    monkeypatch.setenv('XDG_CACHE_HOME', str(tmp_path / 'cache'))


@pytest.fixture
def inspect(tmp_path, capsys):
    """Return what runs the command on a network, and gives what it printed."""

    def inspect(stand_in, *options, manifest=None):
        path = stand_in.write(tmp_path / 'net.onnx', manifest or {})
        status = main(['inspect', str(path), *map(str, options)])
        shown = capsys.readouterr()
        return (status, shown.out) if status == 0 else (status, shown.err)

    return inspect


@pytest.fixture
def photo(tmp_path):
    path = tmp_path / 'photo.png'
    image = np.random.default_rng(0).integers(0, 256, (6, 8, 3), np.uint8)
    cv2.imwrite(str(path), cv2.resize(image, (160, 120), interpolation=cv2.INTER_CUBIC))
    return path


def test_inputs_outputs_and_a_manifest_that_works(inspect, tmp_path):
    status, shown = inspect(DPT)
    assert status == 0
    assert '# net.onnx: opset 17\n' in shown
    assert '# takes pixel_values float32 (free, 3, free, free)\n' in shown
    assert '# gives depth float32 (free, free, free)\n' in shown
    manifest = yaml.safe_load(shown)
    assert manifest['input']['layout'] == 'NCHW'
    assert manifest['depth'] == {
        'tensor': 'depth',
        'kind': 'metres',
        'nearest': 0.1,
        'farthest': 100,
    }
    (tmp_path / 'net.yaml').write_text(shown)
    engine = create_engine(str(tmp_path / 'net.onnx'), device='cpu')
    assert engine.infer(np.zeros((1, 384, 512, 3), np.uint8)).depth.shape == (1, 384, 512)


def test_what_the_names_and_types_tell(inspect, tmp_path):
    _, shown = inspect(BOTH)
    manifest = yaml.safe_load(shown)
    assert manifest['input']['layout'] == 'NHWC'
    assert 'mean' not in manifest['input'] and 'width' not in manifest['input']
    assert manifest['input']['constants'] == {'tokens': 0}
    assert manifest['depth']['kind'] == 'inverse_up_to_scale_and_shift'
    assert manifest['depth']['mask'] == {'tensor': 'sky_mask', 'valid': 'below', 'threshold': 0.5}
    assert len(manifest['labels']['classes']) == 5 and manifest['labels']['kind'] == 'logits'
    (tmp_path / 'net.yaml').write_text(shown)
    facts = create_engine(str(tmp_path / 'net.onnx'), device='cpu').facts
    assert facts.outputs == ('relative', 'semantic')


def test_patches_tell_the_multiple(inspect):
    stand_in = StandIn([Output('depth', stride=14)], size=('h', 'w'))
    manifest = yaml.safe_load(inspect(stand_in)[1])
    assert manifest['input']['multiple'] == 14 and manifest['input']['width'] % 14 == 0


def test_a_map_of_classes(inspect):
    manifest = yaml.safe_load(inspect(StandIn([Output('out', 5, after=('ArgMax',))]))[1])
    assert manifest['labels']['kind'] == 'map' and 'depth' not in manifest


def test_nothing_that_looks_like_an_image(inspect, tmp_path):
    stand_in = StandIn([Output('metric_scale', layout='N')])
    assert 'none of the outputs looks like a map' in inspect(stand_in)[1]


def test_a_file_that_is_none(tmp_path, capsys):
    path = tmp_path / 'net.onnx'
    path.write_bytes(b'nothing')
    assert main(['inspect', str(path)]) == 1
    assert 'net.onnx is no ONNX file' in capsys.readouterr().err
    assert main(['inspect', str(tmp_path / 'none.onnx')]) == 1
    assert 'none.onnx cannot be read: No such file' in capsys.readouterr().err


def test_check_writes_a_panel_and_says_what_came_out(inspect, photo, tmp_path):
    manifest = {
        'name': 'Both',
        'depth': {'tensor': 'd', 'kind': 'metres', 'focal_length': 50},
        'labels': {'tensor': 'c', 'kind': 'logits', 'classes': ['ape', 'bee']},
    }
    both = StandIn([Output('d'), Output('c', 2, after=(), bias=0.0)])
    out = tmp_path / 'panel.png'
    status, shown = inspect(both, '--check', photo, '--hfov', 60, '--out', out, manifest=manifest)
    assert status == 0 and shown.startswith('Both on ') and '64 x 48' in shown
    assert ' m, median ' in shown and 'ape' in shown
    assert cv2.imread(str(out)).shape[0] > 100


def test_check_of_depth_without_metres(inspect, photo, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    _, shown = inspect(
        DPT,
        '--check',
        photo,
        manifest={
            'input': {'width': 56, 'height': 42, 'multiple': 14},
            'depth': {'kind': 'up_to_scale'},
        },
    )
    assert 'depth up to scale: no metres' in shown
    assert (tmp_path / 'net_check.png').is_file()


def test_check_refuses_what_the_node_would_refuse(inspect, photo):
    status, shown = inspect(DPT, '--check', photo, manifest={'depth': {'kind': 'feet'}})
    assert status == 1 and "depth.kind is 'feet'" in shown
    negative = StandIn([Output('d', after=('Neg',), bias=9.0)])
    status, shown = inspect(negative, '--check', photo, manifest={'depth': {'kind': 'metres'}})
    assert status == 1 and 'below 0 in 100% of the pixels' in shown


def test_check_without_a_picture(inspect, tmp_path):
    status, shown = inspect(DPT, '--check', tmp_path / 'none.png')
    assert status == 1 and 'none.png' in shown
