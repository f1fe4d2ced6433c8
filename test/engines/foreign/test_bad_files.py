"""Files and manifests that cannot be used: one line names the field, the graph and the remedy."""

from foreign_kit import Output, StandIn, write_manifest
from monodepth_ros.engines.factory import create_engine
from monodepth_ros.errors import ConfigError, EngineError, MonodepthError
import numpy as np
import onnx
from onnx import helper, TensorProto
import pytest

DEPTH = {'depth': {'kind': 'metres'}}
TWO = StandIn([Output('d'), Output('c', 5)])


@pytest.fixture(autouse=True)
def cache(tmp_path, monkeypatch):
    """Keep compiled artefacts out of the user's cache."""
    monkeypatch.setenv('XDG_CACHE_HOME', str(tmp_path / 'cache'))


@pytest.fixture
def refused(tmp_path):
    """Return what gives the one line with which a file is refused."""

    def refused(stand_in=None, manifest=DEPTH, change=lambda path: None, engine='onnxruntime'):
        path = (stand_in or StandIn([Output('d')])).write(tmp_path / 'net.onnx', manifest)
        change(path)
        with pytest.raises(MonodepthError) as caught:
            create_engine(str(path), engine, 'cpu')
        text = str(caught.value)
        assert '\n' not in text
        return text

    return refused


@pytest.mark.parametrize('content', [b'', b'no network', b'\x08\x08' * 40, b'\xff' * 99])
def test_no_onnx_file(refused, content):
    text = refused(change=lambda path: path.write_bytes(content))
    assert 'net.onnx is no ONNX file' in text


def test_half_a_file(refused):
    text = refused(change=lambda path: path.write_bytes(path.read_bytes()[:200]))
    assert 'net.onnx is no ONNX file, or a damaged one; get it again' in text


def test_no_file(tmp_path):
    with pytest.raises(MonodepthError, match='none.onnx do not exist'):
        create_engine(str(tmp_path / 'none.onnx'))


@pytest.mark.parametrize('opset', [6, 99])
def test_operators_of_another_time(refused, opset):
    def change(path):
        model = onnx.load(str(path))
        model.opset_import[0].version = opset
        onnx.save(model, str(path))

    text = refused(change=change)
    assert f'has opset {opset}, expected 7..' in text and 'export it with opset_version=17' in text


@pytest.mark.parametrize(('domain', 'name'), [('acme', 'acme.Magic'), ('', 'Magic')])
def test_custom_operators(refused, domain, name):
    def change(path):
        model = onnx.load(str(path))
        model.graph.node.append(helper.make_node('Magic', ['image'], ['x'], domain=domain))
        onnx.save(model, str(path))

    assert f'operators that no engine here knows: {name}; export' in refused(change=change)


def _external(path):
    onnx.save(
        onnx.load(str(path)),
        str(path),
        save_as_external_data=True,
        location='w.bin',
        size_threshold=0,
    )
    return path.parent / 'w.bin'


def test_weights_that_are_missing(refused):
    text = refused(change=lambda path: _external(path).unlink())
    assert 'keeps weights in w.bin, which does not exist' in text
    assert 'get that file too' in text


def test_weights_that_are_cut_off(refused):
    text = refused(change=lambda path: _external(path).write_bytes(b'1234'))
    assert 'keeps weights in w.bin, which has 4 bytes (at least' in text


@pytest.mark.parametrize('place', ['/etc/passwd', '../w.bin'])
def test_weights_from_elsewhere(refused, place):
    def change(path):
        _external(path)
        model = onnx.load(str(path), load_external_data=False)
        for entry in model.graph.initializer[0].external_data:
            entry.value = place if entry.key == 'location' else entry.value
        onnx.save(model, str(path))

    assert f"wants weights from '{place}', outside its folder" in refused(change=change)


def test_no_manifest(refused):
    text = refused(change=lambda path: path.with_suffix('.yaml').unlink())
    assert 'net.yaml does not exist' in text and 'monodepth inspect' in text


@pytest.mark.parametrize(
    ('manifest', 'words'),
    [
        ([], 'it is list, expected fields: name, licence'),
        ({}, 'it has neither depth nor labels'),
        ({'input': {}}, 'it has neither depth nor labels'),
        ({'dept': {}}, 'unknown field dept; did you mean depth'),
        ({'depth': {'kind': 'metres', 'scale': 2}}, 'unknown field depth.scale; '),
        ({'depth': {'kind': 'feet'}}, "depth.kind is 'feet', expected one of metres, milli"),
        ({'depth': {'channel': 0}}, 'depth.kind is missing, expected metres'),
        ({'depth': 3}, 'depth is int, expected fields: tensor, layout'),
        ({'depth': {'kind': 'metres', 'factor': 0}}, 'depth.factor is 0, expected a number above'),
        (
            {'depth': {'kind': 'metres', 'nearest': 5, 'farthest': 2}},
            'depth.farthest is 2 m, expected above depth.nearest, 5 m',
        ),
        ({'input': {'layout': 'CHW'}, **DEPTH}, "input.layout is 'CHW', expected one of NCHW"),
        ({'input': {'std': [1, 2]}, **DEPTH}, 'input.std is [1, 2], expected three numbers'),
        (
            {'input': {'std': [1, 2, 0]}, **DEPTH},
            'input.std is [1, 2, 0], expected a number above',
        ),
        ({'input': {'width': 0.5}, **DEPTH}, 'input.width is 0.5, expected a whole number'),
        ({'input': {'constants': {'a': 'b'}}, **DEPTH}, 'input.constants is'),
        ({'labels': {'kind': 'map'}}, 'labels.classes is missing'),
        ({'labels': {'kind': 'map', 'classes': ['a', 'a']}}, 'expected different names'),
        ({'labels': {'kind': 'map', 'classes': [True, 'a']}}, 'in quotes where YAML takes'),
        (
            {'labels': {'kind': 'map', 'classes': [f'c{i}' for i in range(256)]}},
            'there are 256 classes, expected at most 255, as labels are published as bytes; merge',
        ),
        (
            {'labels': {'kind': 'map', 'classes': ['a'], 'merge': {'x': ['b']}}},
            "labels.merge names 'b', which is none of labels.classes",
        ),
        (
            {'labels': {'kind': 'map', 'classes': ['a'], 'merge': {'x': ['a'], 'y': ['a']}}},
            'labels.merge names a class twice',
        ),
        (
            {'labels': {'kind': 'map', 'classes': ['a'], 'colors': [[0, 0, 0], [1, 1, 1]]}},
            'labels.colors has 2 colours for 1 classes',
        ),
        (
            {'labels': {'kind': 'map', 'classes': ['a'], 'colors': [[0, 0, 256]]}},
            'labels.colors is [[0, 0, 256]], expected a whole number, 0..255',
        ),
    ],
)
def test_a_manifest_that_cannot_be_used(refused, manifest, words):
    text = refused(manifest=manifest)
    assert text.startswith('manifest ') and 'net.yaml' in text
    assert words in text


def test_a_manifest_that_is_no_yaml(refused):
    text = refused(change=lambda path: path.with_suffix('.yaml').write_text('depth: [1'))
    assert 'net.yaml cannot be read' in text


@pytest.mark.parametrize(
    ('stand_in', 'manifest', 'words'),
    [
        (
            None,
            {'input': {'tensor': 'x'}, **DEPTH},
            "input.tensor is 'x', but the graph has image",
        ),
        (None, {'depth': {'tensor': 'x', 'kind': 'metres'}}, "depth.tensor is 'x', but the graph"),
        (TWO, DEPTH, 'depth.tensor is missing, but the graph has d float32 (1, 1, 48, 64); c'),
        (
            None,
            {'input': {'layout': 'NHWC'}, **DEPTH},
            'input.layout is NHWC, but the graph takes image float32 (1, 3, 48, 64); write NCHW',
        ),
        (None, {'input': {'width': 65}, **DEPTH}, 'input.width is 65, but the graph takes'),
        (
            StandIn([Output('d')], size=('h', 'w')),
            DEPTH,
            'input.width is missing, and the graph leaves it open (image float32 (1, 3, free, fr',
        ),
        (
            StandIn([Output('d')], size=('h', 'w')),
            {'input': {'width': 65, 'height': 70, 'multiple': 14}, **DEPTH},
            'input.width is 65, expected a multiple of input.multiple, 14',
        ),
        (StandIn([Output('d')], batch=4), DEPTH, '4 images at once; export it with 1'),
        (
            StandIn([Output('d')], dtype='uint8'),
            {'input': {'mean': [1, 2, 3]}, **DEPTH},
            'input.mean and input.std are given, but the graph takes uint8',
        ),
        (
            StandIn([Output('d')], extra={'tokens': TensorProto.INT64}),
            {'input': {'tensor': 'image'}, **DEPTH},
            'the graph also takes tokens int64 (); say under input.constants',
        ),
        (None, {'input': {'constants': {'k': 1}}, **DEPTH}, "input.constants names 'k', but"),
        (None, {'depth': {'kind': 'metres', 'channel': 3}}, 'depth.channel is 3, but the graph'),
        (None, {'depth': {'kind': 'metres', 'layout': 'NHW'}}, 'depth.layout is NHW, but the gra'),
        (
            TWO,
            {'labels': {'tensor': 'c', 'kind': 'logits', 'classes': ['a', 'b']}},
            'labels.classes has 2 names, but the graph gives c float32 (1, 5, 48, 64); write 5',
        ),
        (
            StandIn([Output('c', layout='NHW')]),
            {'labels': {'kind': 'logits', 'classes': ['a', 'b']}},
            'labels.kind is logits, but the graph gives c float32 (1, 48, 64), without a channel',
        ),
        (
            None,
            {'depth': {'kind': 'metres', 'mask': {'tensor': 'sky'}}},
            "depth.mask.tensor is 'sky', but the graph has d",
        ),
        (
            StandIn([Output('d', stride=2)], opset=7),
            DEPTH,
            'opset 7, and Resize, which its manifest asks for, needs 11; export it',
        ),
    ],
)
def test_a_manifest_that_contradicts_the_graph(refused, stand_in, manifest, words):
    assert words in refused(stand_in, manifest)


def test_an_output_of_other_proportions(refused):
    class Turned(StandIn):
        """Says that its output lies on its side."""

        def _output(self, x, output):
            value = super()._output(x, output)
            return helper.make_tensor_value_info(value.name, TensorProto.FLOAT, [1, 1, 64, 48])

    text = refused(Turned([Output('d')]))
    assert 'depth.tensor d is 48 x 64, but the input is 64 x 48' in text


def test_what_an_engine_says_is_one_line(refused):
    def change(path):
        model = onnx.load(str(path))
        model.graph.node[0].input[1] = 'nowhere'
        onnx.save(model, str(path))

    assert 'cannot load the network' in refused(change=change)


MAP = {'kind': 'map', 'classes': ['a', 'b', 'c', 'd', 'e', 'f']}
MERGED = {**MAP, 'merge': {'x': ['f', 'a'], 'y': ['d']}}


@pytest.mark.parametrize('engine', ['onnxruntime', 'openvino'])
@pytest.mark.parametrize('opset', [7, 17])
@pytest.mark.parametrize(
    ('labels', 'expected'),
    [(MAP, {1: 1, 2: 3, 3: 5, 128: 255}), (MERGED, {1: 255, 2: 1, 3: 0, 128: 255})],
)
def test_a_map_with_numbers_that_have_no_class(tmp_path, labels, expected, opset, engine):
    # A grey pixel of value g gets the number 2 g - 1.
    after = ('Floor',)
    output = Output('m', after=after, of_brightness=True, gain=170.0, bias=-0.9)
    path = StandIn([output], opset=opset).write(tmp_path / 'net.onnx', {'labels': labels})
    runs = create_engine(str(path), engine, 'cpu', 1, 'float32')
    for grey, label in expected.items():
        raw = runs.infer(np.full((1, 48, 64, 3), grey, np.uint8))
        np.testing.assert_array_equal(raw.label, label)
    # The number 257 is 1 as a byte, and -1 is 255.
    for grey in (0, 4, 129, 255):
        with pytest.raises(EngineError, match='gave the label 254, expected below'):
            runs.infer(np.full((1, 48, 64, 3), grey, np.uint8))


def test_the_engine_comes_once_the_manifest_is_right(tmp_path):
    path = StandIn([Output('d')]).write(tmp_path / 'net.onnx', {'depth': {'kind': 'feet'}})
    with pytest.raises(ConfigError):
        create_engine(str(path), 'onnxruntime', 'cpu')
    write_manifest(path, DEPTH)
    assert create_engine(str(path), 'onnxruntime', 'cpu').facts.outputs == ('depth',)
