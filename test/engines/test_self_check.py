"""An engine that is beyond the limits of a trusted one is caught at start."""

from dataclasses import replace

from foreign_kit import Output, StandIn, write_manifest
from monodepth_ros.engines import factory, self_check
from monodepth_ros.engines.factory import create_engine
from monodepth_ros.engines.self_check import built_in_image, expect, verify
from monodepth_ros.errors import ConfigError, EngineError
import numpy as np
import onnxruntime
import pytest

CLASSES = ['ape', 'bee', 'cat']
BOTH = StandIn([Output('d'), Output('c', 3, after=(), bias=0.0, gain=9.0)])
MANIFEST = {
    'depth': {'tensor': 'd', 'kind': 'metres'},
    'labels': {'tensor': 'c', 'kind': 'logits', 'classes': CLASSES},
}


@pytest.fixture(autouse=True)
def cache(tmp_path, monkeypatch):
    """Keep compiled artefacts out of the user's cache."""
    monkeypatch.setenv('XDG_CACHE_HOME', str(tmp_path / 'cache'))


@pytest.fixture
def path(tmp_path):
    return BOTH.write(tmp_path / 'net.onnx', MANIFEST)


@pytest.fixture
def lie(monkeypatch):
    """Return what makes ONNX Runtime's engine change what it gives."""
    from monodepth_ros.engines.onnxruntime_engine import OnnxRuntimeEngine

    honest = OnnxRuntimeEngine._infer

    def lie(change):
        monkeypatch.setattr(OnnxRuntimeEngine, '_infer', lambda *args: change(honest(*args)))

    return lie


def test_an_honest_engine_passes(path):
    for name in ('onnxruntime', 'openvino'):
        engine = create_engine(str(path), name, 'cpu', self_check='refuse')
        assert engine.warning == ''


@pytest.mark.parametrize('factor', [0.9, 1.1])
def test_depth_that_is_ten_per_cent_off(path, lie, factor):
    lie(lambda raw: replace(raw, depth=raw.depth * np.float32(factor)))
    with pytest.raises(
        EngineError, match='self-check: engine onnxruntime .*depth that is 10.0% o'
    ):
        create_engine(str(path), 'onnxruntime', 'cpu', self_check='refuse')


def test_labels_that_are_wrong(path, lie):
    lie(lambda raw: replace(raw, label=np.where(raw.label == 0, np.uint8(1), np.uint8(0))))
    with pytest.raises(EngineError, match='gives only .* of the labels as .* self_check to warn'):
        create_engine(str(path), 'onnxruntime', 'cpu', self_check='refuse')


def test_depth_that_is_not_there(path, lie):
    lie(lambda raw: replace(raw, depth=np.full_like(raw.depth, np.nan)))
    with pytest.raises(EngineError, match='depth that is 100.0% off'):
        create_engine(str(path), 'onnxruntime', 'cpu', self_check='refuse')


def test_a_warning_goes_with_the_engine(path, lie):
    lie(lambda raw: replace(raw, depth=raw.depth * np.float32(1.1)))
    engine = create_engine(str(path), 'onnxruntime', 'cpu', self_check='warn')
    assert 'depth that is 10.0% off' in engine.warning
    assert engine.infer(built_in_image(48, 64)).depth.shape == (1, 48, 64)


def test_off_compares_nothing(path, lie, monkeypatch):
    lie(lambda raw: replace(raw, depth=raw.depth * np.float32(2)))
    monkeypatch.setattr(factory, 'expect', None)
    assert create_engine(str(path), 'onnxruntime', 'cpu', self_check='off').warning == ''


def test_an_unknown_mode(path):
    with pytest.raises(ConfigError, match="unknown self_check 'on'; choose one of refuse, warn"):
        create_engine(str(path), self_check='on')


def test_what_is_expected_is_cached_until_the_model_changes(path, monkeypatch):
    first = expect(path, 'openvino')
    monkeypatch.setattr(self_check, '_run', None)
    again = expect(path, 'onnxruntime')
    np.testing.assert_array_equal(first.raw.depth, again.raw.depth)
    StandIn([Output('d', bias=2.0), BOTH.outputs[1]]).write(path, MANIFEST)
    with pytest.raises(TypeError):
        expect(path, 'openvino')


def test_without_a_trusted_engine_nothing_is_compared(path, monkeypatch):
    monkeypatch.setattr('monodepth_ros.engines.trusted.find_spec', lambda name: None)
    assert expect(path, 'openvino') is None


def test_in_openvino_where_that_is_all_there_is(path, monkeypatch):
    pytest.importorskip('openvino')
    expected = expect(path, 'x').raw
    path.touch()
    monkeypatch.setattr(
        'monodepth_ros.engines.trusted.find_spec', lambda name: name == 'openvino' or None
    )
    monkeypatch.setattr(onnxruntime, 'InferenceSession', None)
    monkeypatch.setenv('XDG_CACHE_HOME', str(path.parent / 'other'))
    np.testing.assert_allclose(expect(path, 'x').raw.depth, expected.depth, rtol=1e-5)


def test_our_own_network(tmp_path):
    pytest.importorskip('torch')
    from tiny_model import write_tiny_model

    model = str(write_tiny_model(tmp_path / 'tiny.safetensors'))
    engine = create_engine(model, 'onnxruntime', 'cpu', self_check='refuse')
    expected = expect(model, 'torch')
    assert expected.name == 'torch' and verify(engine, expected, 'refuse') == ''
    false = replace(expected, raw=replace(expected.raw, depth=expected.raw.depth * 1.1))
    assert 'depth that is 9.1% off' in verify(engine, false, 'warn')


def test_the_image_is_the_same_everywhere():
    image = built_in_image(48, 64)
    assert image.shape == (1, 48, 64, 3) and image.dtype == np.uint8
    np.testing.assert_array_equal(image, built_in_image(48, 64))
    assert image.std() > 20


@pytest.mark.parametrize(
    ('outputs', 'manifest', 'words'),
    [
        (
            [Output('d', after=('Log',), bias=0.0)],
            {'depth': {'kind': 'log_metres'}},
            'depth.tensor d is not finite in',
        ),
        (
            [Output('d', after=('Neg',), bias=9.0)],
            {'depth': {'kind': 'metres'}},
            'depth.kind is metres, but d is below 0 in 100% of the pixels',
        ),
        (
            [Output('m', 9, after=('ArgMax',))],
            {'labels': {'kind': 'map', 'classes': CLASSES}},
            'labels.classes has 3 names, but m has labels from',
        ),
    ],
)
def test_outputs_that_contradict_the_manifest(tmp_path, outputs, manifest, words):
    path = StandIn(outputs).write(tmp_path / 'net.onnx', manifest)
    for mode in ('refuse', 'warn'):
        with pytest.raises(ConfigError) as caught:
            create_engine(str(path), 'openvino', 'cpu', self_check=mode)
        assert words in str(caught.value) and '\n' not in str(caught.value)


class Sized(StandIn):
    """Says that its output is twice as large as it is."""

    def _output(self, x, output):
        value = super()._output(x, output)
        shape = value.type.tensor_type.shape.dim
        shape[2].dim_value, shape[3].dim_value = 48, 64
        return value


def test_an_output_that_is_smaller_than_the_graph_says(tmp_path):
    manifest = {'depth': {'kind': 'metres'}}
    path = Sized([Output('d', stride=2)]).write(tmp_path / 'net.onnx', manifest)
    words = r'the graph says that it gives d float32 \(1, 1, 48, 64\), but gives \(1, 1, 24, 32\)'
    with pytest.raises(ConfigError, match=words):
        create_engine(str(path), 'onnxruntime', 'cpu', self_check='refuse')


@pytest.mark.parametrize('after', [('Log',), ('Neg',)])
def test_what_a_mask_covers_may_be_anything(tmp_path, after):
    # The depth is no number, or negative, wherever the mask, of the same brightness, is 0 or less.
    outputs = [
        Output('d', after=after, bias=-0.5, gain=0.3, of_brightness=True),
        Output('sky', after=(), bias=-0.5, gain=0.3, of_brightness=True),
    ]
    mask = {'tensor': 'sky', 'threshold': 0.0, 'valid': 'below' if after == ('Neg',) else 'above'}
    depth = {'tensor': 'd', 'kind': 'log_metres' if after == ('Log',) else 'metres'}
    path = StandIn(outputs).write(tmp_path / 'net.onnx', {'depth': depth})
    with pytest.raises(ConfigError, match='of the pixels of a test image'):
        create_engine(str(path), 'onnxruntime', 'cpu', self_check='refuse')
    write_manifest(path, {'depth': {**depth, 'mask': mask}})
    engine = create_engine(str(path), 'onnxruntime', 'cpu', self_check='refuse')
    assert 0.1 < np.isnan(engine.infer(built_in_image(48, 64)).depth).mean() < 0.9


def test_a_map_of_other_proportions_of_free_size(tmp_path):
    class Cut(StandIn):
        """Says nothing of the size of its output, which lacks rows."""

        def _output(self, x, output):
            value = super()._output(x, output)
            self._nodes[-1].output[0] = 'whole'
            ends = [self._weight(n, np.int64([v])) for n, v in (('a', 0), ('b', 9), ('c', 2))]
            self._node('Slice', ['whole', *ends], output.name)
            return value

    size = {'input': {'width': 64, 'height': 48}}
    net = Cut([Output('d')], size=('h', 'w'))
    path = net.write(tmp_path / 'net.onnx', {**size, 'depth': {'kind': 'metres'}})
    with pytest.raises(ConfigError, match='depth.tensor d is 64 x 9, but the input is 64 x 48'):
        create_engine(str(path), 'onnxruntime', 'cpu', self_check='refuse')
