"""The manifests that come with the package, each with a network of the signature it is for."""

from pathlib import Path
import shutil

import cv2
from foreign_kit import Output, plain_script, StandIn
from monodepth_ros.engines.factory import create_engine
from monodepth_ros.engines.foreign.fields import FIELDS, markdown_table
from monodepth_ros.engines.foreign.manifest import palette, read_manifest
import numpy as np
from onnx import TensorProto
import pytest

ROOT = Path(__file__).parents[3]
FOLDER = ROOT / 'config' / 'models'
FREE = ('height', 'width')
SKY = Output('sky', after=('Sigmoid',), bias=-1.0, gain=4.0)

SIGNATURES = {
    'fastdepth': StandIn([Output('350')], size=(224, 224), opset=7, image='0'),
    'depth_anything_v2_metric_indoor': StandIn([Output('depth', layout='NHW')], size=(518, 518)),
    'depth_anything_v2_metric_outdoor': StandIn([Output('depth', layout='NHW')], size=FREE),
    'depth_anything_3_metric': StandIn([Output('depth'), SKY], layout='NVCHW', size=FREE),
    'depth_anything_3_mono': StandIn([Output('depth'), SKY], layout='NVCHW', size=FREE),
    'moge_2': StandIn(
        [
            Output('points', 3, layout='NHWC', after=()),
            Output('normal', 3, layout='NHWC', after=()),
            Output('mask', layout='NHW', after=('Sigmoid',), gain=4.0),
            Output('metric_scale', layout='N'),
        ],
        size=FREE,
        opset=14,
        extra={'num_tokens': TensorProto.INT64},
    ),
    'unidepth_v2': StandIn(
        [Output('out_K', layout='N'), Output('depth'), Output('depth_ssi'), Output('confidence')],
        size=(462, 616),
        opset=14,
        batch='batch',
    ),
    'metric3d_v2': StandIn([Output('pred_depth', gain=0.05)], size=(616, 1064), opset=11),
    'yolo26_depth': StandIn([Output('output0')], size=(768, 768), image='images'),
    'midas': StandIn([Output('1', layout='NHW')], size=(384, 384), opset=9, image='0'),
    'segformer_ade20k': StandIn(
        [Output('logits', 150, 4, after=(), bias=0.0)], size=FREE, image='pixel_values', batch='n'
    ),
}


def test_each_manifest_has_a_signature():
    assert {path.stem for path in FOLDER.iterdir()} == set(SIGNATURES)


@pytest.mark.parametrize('name', SIGNATURES)
def test_a_network_of_the_same_signature(name, tmp_path, monkeypatch):
    monkeypatch.setenv('XDG_CACHE_HOME', str(tmp_path / 'cache'))
    path = SIGNATURES[name].write(tmp_path / f'{name}.onnx', {})
    shutil.copy(FOLDER / f'{name}.yaml', path.with_suffix('.yaml'))
    engine = create_engine(str(path), 'onnxruntime', 'cpu', 1, self_check='refuse')
    facts = engine.facts
    image = np.random.default_rng(0).integers(0, 256, (9, 12, 3), np.uint8)
    image = cv2.resize(image, (facts.input_width, facts.input_height))
    raw = engine.infer(image[None])
    engine.close()
    for kind, expected in plain_script(path, image).items():
        found = getattr(raw, kind)[0]
        if kind == 'label':
            # Of 150 classes two may be as likely as each other to the last digit.
            assert (found == expected).mean() > 0.9999
        elif kind == 'confidence':
            np.testing.assert_allclose(found, expected, atol=0.51)
        else:
            assert np.isfinite(expected).any()
            np.testing.assert_allclose(found, expected, rtol=2e-5, atol=1e-5)


@pytest.mark.parametrize('name', SIGNATURES)
def test_each_says_where_it_is_from(name):
    manifest = read_manifest(FOLDER / f'{name}.yaml')
    assert manifest.name and manifest.licence and manifest.source
    real = name == 'fastdepth'
    words = 'with real weights' if real else 'with a stand-in of the same signature'
    assert manifest.tested.startswith(words)


def test_the_rule_of_a_focal_length():
    depth = read_manifest(FOLDER / 'depth_anything_3_metric.yaml').depth
    assert (depth.kind, depth.focal_length) == ('metres', 300.0)
    assert not read_manifest(FOLDER / 'depth_anything_3_mono.yaml').depth.is_metric


def test_colours_that_are_made_up_differ():
    assert len(set(palette(150))) == 150


def test_the_documentation_has_every_field():
    text = (ROOT / 'docs' / 'networks.md').read_text()
    assert markdown_table() in text
    assert all(field.meaning for field in FIELDS)


def test_the_documentation_has_every_manifest():
    text = (ROOT / 'docs' / 'networks.md').read_text()
    for path in FOLDER.iterdir():
        manifest = read_manifest(path)
        kind = manifest.depth.kind if manifest.depth else f'{len(manifest.labels.classes)} classes'
        tested = manifest.tested.partition(' of ')[0]
        assert f'| `{path.stem}` | {kind} | {manifest.licence} | {tested} |' in text
