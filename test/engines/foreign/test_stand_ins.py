"""Networks of many signatures give in our engines what a script by hand gets out of them."""

import subprocess
import sys

import cv2
from foreign_kit import Output, plain_script, StandIn
from monodepth_ros.camera import CameraModel
from monodepth_ros.engines import graphs
from monodepth_ros.engines.cache import Artefact
from monodepth_ros.engines.factory import create_engine
from monodepth_ros.errors import EngineError
from monodepth_ros.frames import Frame
from monodepth_ros.pipeline.predictor import infer, Predictor
import numpy as np
import onnx
import pytest

IMAGENET = {'mean': [123.675, 116.28, 103.53], 'std': [58.395, 57.12, 57.375]}
ABC = ['ape', 'bee', 'cat', 'dog', 'eel']
FREE = ('rows', 'columns')
AT = {'width': 70, 'height': 56, 'multiple': 14}

CASES = {
    'fixed_stretch': (
        StandIn([Output('d')]),
        {'input': {'aspect': 'stretch', **IMAGENET}, 'depth': {'kind': 'metres'}},
    ),
    'rows_last_bgr_millimetres': (
        StandIn([Output('d', layout='NHWC', gain=900.0)], layout='NHWC'),
        {
            'input': {'layout': 'NHWC', 'colors': 'BGR', **IMAGENET},
            'depth': {'layout': 'NHWC', 'kind': 'millimetres'},
        },
    ),
    'multiple_of_14_log': (
        StandIn([Output('d', layout='NHW', after=())], size=FREE, batch='n'),
        {'input': AT, 'depth': {'kind': 'log_metres', 'focal_length': 60.0}},
    ),
    'bytes_inverse_metres': (
        StandIn([Output('d')], layout='NHWC', dtype='uint8'),
        {'input': {'layout': 'NHWC'}, 'depth': {'kind': 'inverse_metres', 'focal_length': 50}},
    ),
    'half_precision_factor': (
        StandIn([Output('d')], dtype='float16'),
        {'input': {}, 'depth': {'kind': 'metres', 'factor': 2.5}},
    ),
    'views_sky_up_to_scale': (
        StandIn(
            [
                Output('d', after=('Softplus',)),
                Output('sky', after=('Sigmoid',), bias=0.0, gain=4.0),
            ],
            layout='NVCHW',
            size=FREE,
        ),
        {
            'input': {'layout': 'NVCHW', **AT, **IMAGENET},
            'depth': {
                'tensor': 'd',
                'kind': 'up_to_scale',
                'mask': {'tensor': 'sky', 'valid': 'below'},
            },
        },
    ),
    'disparity_at_half_size': (
        StandIn([Output('d', stride=2)], size=FREE),
        {
            'input': {'width': 64, 'height': 48, 'multiple': 16},
            'depth': {'kind': 'inverse_up_to_scale_and_shift'},
        },
    ),
    'logits_at_quarter_size': (
        StandIn([Output('logits', 5, 4, after=(), bias=0.0)]),
        {'input': IMAGENET, 'labels': {'kind': 'logits', 'classes': ABC}},
    ),
    'sigmoid_channels_last': (
        StandIn([Output('s', 5, layout='NHWC', after=(), bias=0.0)]),
        {
            'labels': {
                'kind': 'logits',
                'activation': 'sigmoid',
                'layout': 'NHWC',
                'classes': ABC,
            }
        },
    ),
    'probabilities_merged': (
        StandIn([Output('p', 5, after=('Softmax',), bias=0.0, gain=4.0)]),
        {
            'labels': {
                'kind': 'probabilities',
                'classes': ABC,
                'merge': {'fur': ['cat', 'dog'], 'sea': ['eel']},
            }
        },
    ),
    'map_and_depth': (
        StandIn([Output('z'), Output('m', 5, after=('ArgMax',), bias=0.0)], size=FREE, batch='n'),
        {
            'input': {'width': 64, 'height': 48},
            'depth': {'tensor': 'z', 'kind': 'metres', 'focal_length': 300.0},
            'labels': {'tensor': 'm', 'kind': 'map', 'classes': ABC},
        },
    ),
    'old_operators': (
        StandIn([Output('1', layout='HW')], opset=7, image='0'),
        {'input': {'tensor': 0}, 'depth': {'tensor': 1, 'kind': 'metres'}},
    ),
    'names_of_ours_and_confidence': (
        StandIn(
            [Output('depth', 2), Output('confidence', layout='NHW', bias=0.0)], image='images'
        ),
        {
            'depth': {
                'tensor': 'depth',
                'channel': 1,
                'kind': 'metres',
                'confidence': {'tensor': 'confidence', 'threshold': 0.05},
            }
        },
    ),
    'further_input': (
        StandIn([Output('d')], extra={'num_tokens': 7}),
        {'input': {'constants': {'num_tokens': 1800}}, 'depth': {'kind': 'metres'}},
    ),
}
ENGINES = ('onnxruntime', 'openvino')
WIDTH, HEIGHT = 97, 61
LENS = CameraModel(
    WIDTH,
    HEIGHT,
    (80.0, 0.0, 47.0, 0.0, 80.0, 31.0, 0.0, 0.0, 1.0),
    (-0.2, 0.05, 0.001, 0.001, 0.0),
    'plumb_bob',
)
"""A lens that shows a barrel, in front of an image with odd sides."""


@pytest.fixture(autouse=True)
def cache(tmp_path, monkeypatch):
    """Keep compiled artefacts out of the user's cache."""
    monkeypatch.setenv('XDG_CACHE_HOME', str(tmp_path / 'cache'))


def make_image(width=WIDTH, height=HEIGHT):
    noise = np.random.default_rng(1).integers(0, 256, (7, 9, 3), np.uint8)
    return cv2.resize(noise, (width, height), interpolation=cv2.INTER_CUBIC)


def write(tmp_path, case):
    stand_in, manifest = CASES[case]
    return stand_in.write(tmp_path / 'net.onnx', manifest)


@pytest.mark.parametrize('engine', ENGINES)
@pytest.mark.parametrize('case', CASES)
def test_same_maps_as_a_script_by_hand(tmp_path, case, engine):
    if engine == 'openvino':
        pytest.importorskip('openvino')
    path = write(tmp_path, case)
    predictor = Predictor(create_engine(str(path), engine, 'cpu', 1, 'float32'))
    for camera in (None, LENS):
        prepared = predictor.prepare(Frame(make_image(), camera))
        raw = infer(predictor.engine, [prepared])
        for name, expected in plain_script(path, prepared.image).items():
            found = getattr(raw, name)[0]
            if name == 'label':
                np.testing.assert_array_equal(found, expected)
            elif name == 'confidence':
                np.testing.assert_allclose(found, expected, atol=0.51)
            else:
                assert np.isfinite(expected).mean() > 0.2
                # Half precision has three digits, whoever computes.
                rtol = 1e-5 if case != 'half_precision_factor' else 4e-3
                np.testing.assert_allclose(found, expected, rtol=rtol, atol=1e-6)


@pytest.mark.parametrize('case', ['fixed_stretch', 'multiple_of_14_log', 'map_and_depth'])
def test_the_whole_way_of_a_plain_camera(tmp_path, case):
    # Written apart from the pipeline: sizes, padding, focal length and back to the image's grid.
    path = write(tmp_path, case)
    predictor = Predictor(create_engine(str(path), 'onnxruntime', 'cpu', 1))
    camera = CameraModel(WIDTH, HEIGHT, (80.0, 0, 47.0, 0, 80.0, 31.0, 0, 0, 1))
    found = predictor.predict(Frame(make_image(), camera))
    stretch, multiple, focal = {
        'fixed_stretch': (True, 1, None),
        'multiple_of_14_log': (False, 14, 60.0),
        'map_and_depth': (False, 1, 300.0),
    }[case]
    width = 70 if multiple == 14 else 64
    height = 48 if stretch else round(width * HEIGHT / WIDTH)
    seen = cv2.resize(make_image(), (width, height), interpolation=cv2.INTER_AREA)
    rows = -(-height // multiple) * multiple
    top = (rows - height) // 2
    padded = cv2.copyMakeBorder(seen, top, rows - height - top, 0, 0, cv2.BORDER_REPLICATE)
    maps = plain_script(path, padded)
    content = slice(top, top + height)
    depth = maps['depth'][content]
    if focal:
        depth = depth * (80.0 * width / WIDTH / focal)
    expected = cv2.resize(depth.astype(np.float32), (WIDTH, HEIGHT))
    np.testing.assert_allclose(found.depth, expected, rtol=1e-5)
    if 'label' in maps:
        label = maps['label'][content].astype(np.uint8)
        label = cv2.resize(label, (WIDTH, HEIGHT), interpolation=cv2.INTER_NEAREST_EXACT)
        np.testing.assert_array_equal(found.label, label)


def test_a_distorted_image_is_rectified(tmp_path):
    path = write(tmp_path, 'fixed_stretch')
    predictor = Predictor(create_engine(str(path), 'onnxruntime', 'cpu', 1))
    found = predictor.prepare(Frame(make_image(), LENS)).image
    k = np.reshape(LENS.matrix, (3, 3))
    straight = cv2.undistort(make_image(), k, np.array(LENS.distortion))
    expected = cv2.resize(straight, (64, 48))
    inside = (slice(6, -6), slice(6, -6))
    assert np.abs(found[inside].astype(int) - expected[inside]).mean() < 1.5


def test_a_fixed_size_keeps_the_aspect_between_borders(tmp_path):
    path = write(tmp_path, 'half_precision_factor')
    predictor = Predictor(create_engine(str(path), 'onnxruntime', 'cpu', 1))
    wide, high = predictor.plan(100, 50), predictor.plan(50, 100)
    assert (wide.width, wide.height) == (high.width, high.height) == (64, 48)
    assert wide.content == (slice(8, 40), slice(0, 64))
    assert high.content == (slice(0, 48), slice(20, 44))
    image = predictor.prepare(Frame(make_image(50, 100))).image
    np.testing.assert_array_equal(image[:, :20], np.repeat(image[:, 20:21], 20, axis=1))
    np.testing.assert_array_equal(image[:, 44:], np.repeat(image[:, 43:44], 20, axis=1))


def test_several_images_of_a_graph_that_takes_one(tmp_path):
    path = write(tmp_path, 'fixed_stretch')
    images = np.stack([make_image(64, 48), make_image(64, 48)[::-1]])
    for engine in ENGINES:
        one = create_engine(str(path), engine, 'cpu', 1)
        both = one.infer(images).depth
        np.testing.assert_allclose(both[1], one.infer(images[1:]).depth[0], rtol=1e-6)


def test_what_a_network_does_not_say(tmp_path):
    engine = create_engine(str(write(tmp_path, 'logits_at_quarter_size')), 'onnxruntime', 'cpu')
    raw = engine.infer(np.zeros((1, 48, 64, 3), np.uint8))
    assert np.isnan(raw.depth).all() and engine.facts.outputs == ('semantic',)
    engine = create_engine(str(write(tmp_path, 'fixed_stretch')), 'onnxruntime', 'cpu')
    raw = engine.infer(np.zeros((1, 48, 64, 3), np.uint8))
    assert (raw.label == 255).all() and (raw.confidence == 0).all()


def test_weights_in_a_file_of_their_own(tmp_path):
    stand_in, manifest = CASES['fixed_stretch']
    path = stand_in.write(tmp_path / 'net.onnx', manifest, external=True)
    image = make_image(64, 48)
    expected = plain_script(path, image)['depth']
    for engine in ENGINES:
        found = create_engine(str(path), engine, 'cpu', 1, 'float32').infer(image[None]).depth[0]
        np.testing.assert_allclose(found, expected, rtol=1e-5)
    assert sorted(p.name for p in tmp_path.iterdir()) == ['cache', 'net.onnx', 'net.yaml', 'w.bin']


def test_weights_of_their_own_are_not_read_for_the_graph(tmp_path):
    # A hundred megabytes that nothing is written to: a sparse file.
    stand_in, manifest = CASES['fixed_stretch']
    path = stand_in.write(tmp_path / 'net.onnx', manifest)
    model, count = onnx.load(str(path)), 25_000_000
    big = onnx.TensorProto(name='big', dims=[count], data_type=onnx.TensorProto.FLOAT)
    big.data_location = onnx.TensorProto.EXTERNAL
    for key, value in (('location', 'big.bin'), ('offset', '0'), ('length', str(4 * count))):
        big.external_data.add(key=key, value=value)
    model.graph.initializer.append(big)
    path.write_bytes(model.SerializeToString())
    with open(tmp_path / 'big.bin', 'wb') as file:
        file.truncate(4 * count)
    program = (
        'import resource, sys\n'
        'from monodepth_ros.engines.foreign.network import adapted, read_facts\n'
        'before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss\n'
        'read_facts(sys.argv[1]), adapted(sys.argv[1])\n'
        'print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before)\n'
    )
    grown = subprocess.run([sys.executable, '-c', program, str(path)], capture_output=True)
    assert grown.returncode == 0, grown.stderr
    assert int(grown.stdout) < 4 * count / 1024 / 4


def test_a_large_network_is_compiled_anew_and_not_copied(tmp_path, monkeypatch):
    path = write(tmp_path, 'fixed_stretch')
    image = make_image(64, 48)[None]
    expected = create_engine(str(path), 'openvino', 'cpu', 1, 'float32').infer(image).depth
    assert any('openvino' in str(file) for file in (tmp_path / 'cache').rglob('*'))
    monkeypatch.setattr(graphs, 'FEW_BYTES', 100)
    monkeypatch.setattr(Artefact, 'store', pytest.fail)
    monkeypatch.setattr(Artefact, 'load', pytest.fail)
    for _ in range(2):
        found = create_engine(str(path), 'openvino', 'cpu', 1, 'float32').infer(image).depth
        np.testing.assert_array_equal(found, expected)


def test_onnxruntime_keeps_no_copy_of_the_file(tmp_path):
    engine = create_engine(str(write(tmp_path, 'fixed_stretch')), 'onnxruntime', 'cpu', 1)
    assert not any(isinstance(value, bytes) for value in vars(engine._session).values())


def test_auto_takes_an_engine_for_onnx_files(tmp_path):
    engine = create_engine(str(write(tmp_path, 'fixed_stretch')), device='cpu')
    assert engine.name in ENGINES


@pytest.mark.parametrize('engine', ['torch', 'torch_cuda_graph'])
def test_torch_runs_no_onnx_files(tmp_path, engine):
    with pytest.raises(EngineError, match=f"engine '{engine}' runs .safetensors files.*'auto'"):
        create_engine(str(write(tmp_path, 'fixed_stretch')), engine, 'cpu')
