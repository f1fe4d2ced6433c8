"""A published network beside ours; a stand-in for ONNX Runtime, and the real one where it is."""

import sys

from doubles import FormulaEngine
from monodepth_ros.errors import ConfigError, EngineError
from monodepth_ros.pipeline.predictor import Predictor
from monodepth_ros.training import peer as peer_module
from monodepth_ros.training.datasets import Sample
from monodepth_ros.training.evaluate import measure
from monodepth_ros.training.peer import OnnxPeer, PeerOptions, SideBySide
import numpy as np
import pytest

WIDTH, HEIGHT = 64, 48


class Port:
    """An input of a session."""

    def __init__(self, shape):
        self.name, self.shape = 'image', shape


class Session:
    """Gives its input's red channel, in half the resolution, as depth."""

    def __init__(self, shapes):
        self.ports = [Port(shape) for shape in shapes]
        self.given = []

    def get_inputs(self):
        return self.ports

    def run(self, names, values):
        self.given.append(values['image'])
        return [values['image'][:, :1, ::2, ::2]]


@pytest.fixture
def make_peer(monkeypatch, tmp_path):
    """Return what makes a peer whose session is a stand-in."""

    def make_peer(shapes=((1, 3, 24, 32),), **options):
        session = Session([list(shape) for shape in shapes])
        monkeypatch.setattr(peer_module, '_open', lambda path, threads: session)
        path = tmp_path / 'peer.onnx'
        path.touch()
        peer = OnnxPeer(path, PeerOptions(**options))
        peer.session = session
        return peer

    return make_peer


def make_image(red=100):
    image = np.zeros((HEIGHT, WIDTH, 3), np.uint8)
    image[:] = (red, 20, 30)
    return image


def test_input_and_output(make_peer):
    peer = make_peer(mean=(10.0, 20.0, 25.0), std=(45.0, 1.0, 5.0), scale=1.5)
    depth = peer.predict(make_image())
    given = peer.session.given[0]
    assert given.shape == (1, 3, 24, 32) and given.dtype == np.float32
    np.testing.assert_allclose(given[0, :, 0, 0], [2.0, 0.0, 1.0])
    assert depth.shape == (HEIGHT, WIDTH) and depth.dtype == np.float32
    np.testing.assert_allclose(depth, 3.0)


def test_pixels_are_0_to_1_by_default(make_peer):
    peer = make_peer()
    peer.predict(make_image(255))
    np.testing.assert_allclose(peer.session.given[0][0, :, 5, 5], [1, 20 / 255, 30 / 255], 1e-6)


def test_crop(make_peer):
    image = make_image(0)
    image[8:32, 16:48, 0] = 255
    depth = make_peer(crop=(16, 8, 32, 24)).predict(image)
    inside = np.zeros((HEIGHT, WIDTH), bool)
    inside[8:32, 16:48] = True
    np.testing.assert_array_equal(np.isfinite(depth), inside)
    np.testing.assert_allclose(depth[inside], 1.0)


def test_resizing(make_peer):
    image = np.zeros((2, 4, 3), np.uint8)
    image[:, :, 0] = [0, 255, 0, 255]
    given = {}
    for resize in ('area', 'linear', 'nearest'):
        peer = make_peer(shapes=[(1, 3, 2, 2)], resize=resize)
        peer.predict(image)
        given[resize] = peer.session.given[0][0, 0]
    # Two pixels become one: their mean, or either of them.
    np.testing.assert_allclose(given['area'], 0.5, atol=0.01)
    np.testing.assert_allclose(given['linear'], 0.5, atol=0.01)
    assert set(given['nearest'].ravel()) <= {0.0, 1.0}


def test_size_where_the_file_leaves_it_open(make_peer):
    shape = (1, 3, 'height', 'width')
    assert make_peer([shape], size=(96, 64)).size == (96, 64)
    with pytest.raises(ConfigError, match='no fixed size; give --peer-size WIDTHxHEIGHT'):
        make_peer([shape])


def test_size_that_contradicts_the_file(make_peer):
    assert make_peer(size=(32, 24)).size == (32, 24)
    with pytest.raises(ConfigError, match='--peer-size 24x32, but the input of .* is 32 x 24'):
        make_peer(size=(24, 32))


@pytest.mark.parametrize('shapes', [[(1, 24, 32, 3)], [(3, 24, 32)], [(1, 3, 8, 8)] * 2])
def test_other_inputs(make_peer, shapes):
    with pytest.raises(ConfigError, match=r'expected one input, \(1, 3, height, width\)'):
        make_peer(shapes)


def test_crop_outside_the_image(make_peer):
    peer = make_peer(crop=(40, 0, 25, 10))
    with pytest.raises(ConfigError, match='40,0,25,10 does not fit into an image of 64 x 48'):
        peer.predict(make_image())


def test_output_that_is_no_map(make_peer, monkeypatch):
    peer = make_peer()
    monkeypatch.setattr(peer.session, 'run', lambda *_: [np.zeros((1, 2, 24, 32))])
    with pytest.raises(EngineError, match=r'gives \(1, 2, 24, 32\), expected one map'):
        peer.predict(make_image())


def test_missing_file(tmp_path):
    with pytest.raises(ConfigError, match='none.onnx does not exist'):
        OnnxPeer(tmp_path / 'none.onnx')


def test_missing_package(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, 'onnxruntime', None)
    (tmp_path / 'peer.onnx').touch()
    with pytest.raises(EngineError, match='pip install onnxruntime'):
        OnnxPeer(tmp_path / 'peer.onnx')


def test_side_by_side(make_peer):
    # The model says 2 m everywhere, the peer 1.5 m where it sees; the truth is 2 m left of column
    # 32 and 1.5 m from there on, and rows below 24 do not count for the model.
    peer = make_peer(crop=(16, 0, 48, 48), scale=1.5 * 2.55)
    target = np.full((HEIGHT, WIDTH), 2.0, np.float32)
    target[:, 32:] = 1.5
    label = np.full((HEIGHT, WIDTH), 255, np.uint8)
    pair = SideBySide(peer, 10.0, (slice(0, 24), slice(0, 64)))
    measure(
        Predictor(FormulaEngine()), [Sample('x', make_image(), target, label)], watch=pair.update
    )
    found = pair.compute()
    pixels = {name: getattr(pair, name).joint.sum() for name in found}
    assert pixels == {'model': 24 * 48, 'peer_same': 24 * 48, 'peer_own': 48 * 48}
    assert found['model']['abs_rel'] == pytest.approx(2 / 3 * 1 / 3, abs=1e-5)
    assert found['peer_same']['abs_rel'] == pytest.approx(1 / 3 * 1 / 4, abs=1e-5)
    assert found['peer_own']['abs_rel'] == pytest.approx(1 / 3 * 1 / 4, abs=1e-5)
    assert found['peer_same']['by_distance'][0]['share'] == 1.0


@pytest.fixture
def onnx_file(tmp_path):
    """Write a network whose depth is the mean of the channels."""
    pytest.importorskip('onnxruntime', reason='ONNX Runtime is not installed')
    onnx = pytest.importorskip('onnx')
    helper, kind = onnx.helper, onnx.TensorProto.FLOAT
    graph = helper.make_graph(
        [
            helper.make_node('Transpose', ['image'], ['last'], perm=[0, 2, 3, 1]),
            helper.make_node('ReduceMean', ['last'], ['mean'], axes=[3], keepdims=1),
            helper.make_node('Transpose', ['mean'], ['depth'], perm=[0, 3, 1, 2]),
        ],
        'mean',
        [helper.make_tensor_value_info('image', kind, [1, 3, 24, 32])],
        [helper.make_tensor_value_info('depth', kind, [1, 1, 24, 32])],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid('', 13)])
    model.ir_version = 8
    path = tmp_path / 'mean.onnx'
    onnx.save(model, path)
    return path


def test_onnx_runtime(onnx_file):
    peer = OnnxPeer(onnx_file, PeerOptions(scale=5.1), threads=1)
    assert peer.size == (32, 24)
    np.testing.assert_allclose(peer.predict(make_image(100)), 1.0, rtol=1e-5)


def test_file_that_is_no_network(onnx_file):
    onnx_file.write_bytes(b'no network')
    with pytest.raises(EngineError, match='cannot load --onnx-peer .*mean.onnx'):
        OnnxPeer(onnx_file)
