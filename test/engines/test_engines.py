"""What every engine does; the formula engine of the other tests has to do it too."""

from dataclasses import replace
from pathlib import Path

import cv2
from doubles import FormulaEngine, make_facts
from label_margins import check_agreement, ROUGH_DEPTH, run_network
from monodepth_ros.engines.base import PRECISIONS
from monodepth_ros.engines.factory import create_engine, resolve_model, shipped_models
from monodepth_ros.engines.torch_engine import ChannelsLastTorchEngine, TorchEngine
from monodepth_ros.errors import CheckpointError, EngineError
from monodepth_ros.networks.checkpoint import load_checkpoint, save_checkpoint
from monodepth_ros.networks.deploy import DeploymentGraph
from monodepth_ros.networks.registry import create_network
import numpy as np
import pytest
import torch

FACTS = make_facts(network='dual_efficientnet_lite0', options={'widths': [8, 8, 8, 8]})


def make_network():
    torch.manual_seed(0)
    return create_network(FACTS.network, classes=len(FACTS.classes), **FACTS.options)


def images(count, height=32, width=64):
    return np.random.default_rng(0).integers(0, 256, (count, height, width, 3), np.uint8)


ROOT = Path(__file__).parents[2]
LIGHT = 'dual_efficientnet_lite0'
ENGINES = [
    ('torch', 'float32'),
    ('torch_channels_last', 'float32'),
    ('openvino', 'float32'),
    ('openvino', 'bfloat16'),
    ('onnxruntime', 'float32'),
]
"""Engine and precision; those of GPUs are not here, and torch_compile takes minutes."""


def make_engine(path, name, precision):
    """Return an engine on the CPU, or skip the test with the reason."""
    for module in ('torch',) if name.startswith('torch') else (name, 'torch', 'onnx'):
        pytest.importorskip(module)
    try:
        return create_engine(str(path), name, 'cpu', 1, precision)
    except EngineError as error:
        if f'precision {precision!r} is not to be had' not in str(error):
            raise
        pytest.skip(str(error))


@pytest.fixture(scope='session')
def folder(tmp_path_factory):
    """Keep compiled artefacts out of the user's cache, and share them between the tests."""
    folder = tmp_path_factory.mktemp('engines')
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv('XDG_CACHE_HOME', str(folder))
        yield folder


@pytest.fixture(scope='session')
def checkpoint(folder):
    path = folder / 'tiny.safetensors'
    save_checkpoint(path, make_network(), FACTS, half=False)
    return path


@pytest.fixture(
    scope='class', params=['formula', *ENGINES], ids=lambda p: p if p == 'formula' else '-'.join(p)
)
def engine(request, checkpoint):
    if request.param == 'formula':
        engine = FormulaEngine(FACTS)
    else:
        engine = make_engine(checkpoint, *request.param)
    yield engine
    engine.close()


def rendered_rooms(count):
    """Return (count, 256, 320, 3) images of rooms, which every checkout has."""
    paths = sorted((ROOT / 'scripts' / 'room' / 'rgb').iterdir())
    chosen = [cv2.imread(str(p)) for p in paths[:: len(paths) // count][:count]]
    return np.stack([cv2.resize(x, (320, 256))[..., ::-1] for x in chosen])


@pytest.fixture(scope='session')
def rooms():
    """Return images, and what the shipped light network says of them in eager float32."""
    if LIGHT not in shipped_models():
        pytest.skip('the classes of an untrained network are as good as equal')
    images = rendered_rooms(8)
    return images, run_network(*load_checkpoint(resolve_model(LIGHT)), images)


class TestEveryEngine:
    """What holds for every engine."""

    def test_describes_itself(self, engine):
        assert engine.name and engine.device
        assert engine.precision in PRECISIONS[1:]
        assert engine.facts.classes == FACTS.classes

    @pytest.mark.parametrize(('count', 'height', 'width'), [(1, 32, 64), (3, 96, 32)])
    def test_shapes_and_types(self, engine, count, height, width):
        output = engine.infer(images(count, height, width))
        assert output.depth.shape == (count, height, width)
        assert output.label.shape == output.confidence.shape == (count, height, width)
        assert output.depth.dtype == np.float32
        assert output.label.dtype == output.confidence.dtype == np.uint8

    def test_values(self, engine):
        output = engine.infer(images(1))
        assert np.isfinite(output.depth).all() and (output.depth > 0).all()
        assert (output.label < len(engine.facts.classes)).all()

    def test_a_batch_gives_what_single_images_give(self, engine):
        batch = images(2)
        both = engine.infer(batch)
        for index in range(2):
            single = engine.infer(batch[[index]])
            np.testing.assert_allclose(both.depth[index], single.depth[0], rtol=1e-4)
            difference = both.confidence[index].astype(int) - single.confidence[0]
            assert np.abs(difference).max() <= 1
            assert (both.label[index] == single.label[0]).mean() > 0.99

    def test_images_need_not_be_contiguous(self, engine):
        batch = images(1, 64, 64)
        mirrored = batch[:, :, ::-1]
        expected = engine.infer(np.ascontiguousarray(mirrored))
        np.testing.assert_array_equal(engine.infer(mirrored).depth, expected.depth)

    def test_results_stay_after_the_next_call(self, engine):
        first = engine.infer(images(1))
        kept = first.depth.copy()
        engine.infer(255 - images(1))
        np.testing.assert_array_equal(first.depth, kept)

    @pytest.mark.parametrize(
        ('batch', 'words'),
        [
            (np.zeros((1, 32, 32, 3), np.float32), r'float32 \(1, 32, 32, 3\), expected uint8'),
            (np.zeros((32, 32, 3), np.uint8), r'uint8 \(32, 32, 3\), expected uint8 \(N, h, w'),
            (np.zeros((1, 3, 32, 32), np.uint8), r'uint8 \(1, 3, 32, 32\), expected'),
            (np.zeros((1, 33, 32, 3), np.uint8), '32 x 33 x 1, expected .* multiples of 32'),
            (np.zeros((1, 32, 50, 3), np.uint8), '50 x 32 x 1, expected .* multiples of 32'),
            (np.zeros((0, 32, 32, 3), np.uint8), '32 x 32 x 0, expected'),
            (np.zeros((1, 0, 32, 3), np.uint8), '32 x 0 x 1, expected'),
        ],
    )
    def test_wrong_batches_are_refused(self, engine, batch, words):
        with pytest.raises(EngineError, match=words):
            engine.infer(batch)

    @pytest.mark.parametrize(('name', 'precision'), ENGINES[1:])
    def test_depth_and_labels_are_those_of_eager_float32(self, name, precision, rooms, folder):
        images, reference = rooms
        found = make_engine(resolve_model(LIGHT), name, precision).infer(images)
        check_agreement(found.depth, found.label, reference, precision)

    @pytest.mark.parametrize(('name', 'precision'), ENGINES)
    def test_closed_engine_says_so(self, name, precision, checkpoint):
        engine = make_engine(checkpoint, name, precision)
        engine.close()
        engine.close()
        with pytest.raises(EngineError, match='closed; create a new one'):
            engine.infer(images(1))

    def test_warm_up_takes_the_size(self, engine):
        engine.warm_up(32, 96)
        engine.warm_up(32, 96, batch=3)
        with pytest.raises(EngineError, match='96 x 30 x 1'):
            engine.warm_up(30, 96)


def test_torch_engine_normalises_with_the_facts():
    # Doubling deviation and distance from the mean leaves the network's input as it was.
    network, batch = make_network(), images(1) // 2
    plain = make_facts(mean=(0.0,) * 3, std=(50.0,) * 3)
    doubled = make_facts(mean=(0.0,) * 3, std=(100.0,) * 3)
    expected = TorchEngine(network, plain, 'cpu').infer(batch)
    found = TorchEngine(network, doubled, 'cpu').infer(batch * 2)
    np.testing.assert_allclose(found.depth, expected.depth, rtol=1e-5)
    other = TorchEngine(network, plain, 'cpu').infer(batch * 2)
    assert not np.allclose(other.depth, expected.depth, rtol=1e-5)


def test_torch_engine_from_file(tmp_path):
    path = tmp_path / 'light.safetensors'
    network = make_network()
    save_checkpoint(path, network, FACTS, half=False)
    engine = TorchEngine.from_file(path, device='cpu')
    assert engine.facts == FACTS
    expected = TorchEngine(network, FACTS, 'cpu').infer(images(1))
    np.testing.assert_array_equal(engine.infer(images(1)).depth, expected.depth)
    with pytest.raises(CheckpointError, match='none.safetensors'):
        TorchEngine.from_file(tmp_path / 'none.safetensors')
    with pytest.raises(EngineError, match="unknown device 'gpu'"):
        TorchEngine.from_file(path, device='gpu')


def test_torch_engines_keep_their_memory_layout():
    class Stub(torch.nn.Module):
        """Keeps the layout of its input, and answers with the network's maps."""

        def __init__(self):
            super().__init__()
            self.network = make_network()
            self.metres = self.network.metres

        def forward(self, image):
            self.in_planes = image.is_contiguous()
            self.in_pixels = image.is_contiguous(memory_format=torch.channels_last)
            return self.network(image)

    plain, pixels = Stub(), Stub()
    expected = TorchEngine(plain, FACTS, 'cpu').infer(images(2))
    found = ChannelsLastTorchEngine(pixels, FACTS, 'cpu').infer(images(2))
    assert (plain.in_planes, plain.in_pixels) == (True, False)
    assert (pixels.in_planes, pixels.in_pixels) == (False, True)
    np.testing.assert_allclose(found.depth, expected.depth, rtol=1e-4)


def test_float16_graph_of_gpus_is_close_enough(rooms):
    # Computed on the CPU, which rounds as a GPU does and is only slower.
    images, reference = rooms
    network, facts = load_checkpoint(resolve_model(LIGHT))
    graph = DeploymentGraph(network, facts.mean, facts.std).eval().half()
    with torch.inference_mode():
        try:
            depth, label, *_ = graph(torch.from_numpy(images))
        except RuntimeError as error:
            pytest.skip(f'torch {torch.__version__} has no float16 on the CPU: {error}')
    assert depth.dtype == torch.float32
    check_agreement(depth.numpy(), label.numpy(), reference, 'float16')


def test_network_all_in_bfloat16_is_close_enough(rooms):
    # Worse than any CPU with bfloat16 is, which sums in float32; and every CPU can do it.
    images, reference = rooms
    network, facts = load_checkpoint(resolve_model(LIGHT))
    rough = run_network(network, facts, images, torch.bfloat16)
    assert (rough.label != reference.label).any()
    check_agreement(rough.depth, rough.label, reference, 'bfloat16', ROUGH_DEPTH)


@pytest.mark.parametrize('fault', ['colours', 'depth', 'classes', 'float32'])
def test_faults_are_no_rounding(rooms, fault):
    images, reference = rooms
    depth, label = reference.depth, reference.label
    if fault == 'colours':
        network, facts = load_checkpoint(resolve_model(LIGHT))
        swapped = run_network(network, facts, np.ascontiguousarray(images[..., ::-1]))
        depth, label = swapped.depth, swapped.label
    elif fault == 'depth':
        depth = 1.02 * depth
    elif fault == 'classes':
        label = np.roll(label, 1, axis=2)  # a pixel to the right
    else:
        depth = depth.copy()
        depth[0, 0, 0] *= 1.01
    with pytest.raises(AssertionError):
        check_agreement(depth, label, reference, 'float32' if fault == 'float32' else 'bfloat16')


def test_torch_engine_does_not_train():
    network = make_network().train()
    engine = TorchEngine(network, FACTS, 'cpu')
    before = network.encoder._bn0.running_mean.clone()
    engine.infer(images(1))
    assert torch.equal(network.encoder._bn0.running_mean, before)


def test_failure_on_the_device_is_an_engine_error():
    class OutOfMemory(torch.nn.Module):
        """Fails as a network does that the device has no room for."""

        def forward(self, image):
            raise RuntimeError('out of memory')

    engine = TorchEngine(OutOfMemory(), FACTS, 'cpu')
    with pytest.raises(EngineError, match='torch failed on cpu .*: out of memory'):
        engine.infer(images(1))


def test_threads_are_set_and_described():
    before = torch.get_num_threads()
    try:
        engine = TorchEngine(make_network(), FACTS, 'cpu', threads=2)
        assert torch.get_num_threads() == 2
        assert engine.device == 'cpu (2 threads)'
    finally:
        torch.set_num_threads(before)


def test_cuda_graph_needs_cuda(checkpoint):
    with pytest.raises(EngineError, match="'torch_cuda_graph' needs a CUDA device.*'cpu'"):
        create_engine(str(checkpoint), 'torch_cuda_graph', 'cpu')


def test_precision_that_the_engine_does_not_have():
    with pytest.raises(EngineError, match="'int8' is not to be had from torch on cpu.*float32"):
        TorchEngine(make_network(), FACTS, 'cpu', precision='int8')


@pytest.fixture(scope='session')
def careful(folder):
    """Return a checkpoint of a network that predicts its error, unlike at each place."""
    options = {**FACTS.options, 'error': True}
    torch.manual_seed(0)
    network = create_network(FACTS.network, classes=len(FACTS.classes), **options)
    for convolution in network.error.convolutions:
        torch.nn.init.normal_(convolution.weight, std=3.0)
    path = folder / 'careful.safetensors'
    outputs = ('depth', 'semantic', 'error')
    save_checkpoint(path, network, replace(FACTS, options=options, outputs=outputs), half=False)
    return path


@pytest.mark.parametrize(('name', 'precision'), [e for e in ENGINES if e[1] == 'float32'])
def test_the_error_of_the_depth(careful, name, precision):
    engine = make_engine(careful, name, precision)
    batch = images(2)
    output = engine.infer(batch)
    network, facts = load_checkpoint(careful)
    with torch.inference_mode():
        maps = DeploymentGraph(network, facts.mean, facts.std)(torch.from_numpy(batch))
    assert output.error.dtype == np.float32 and output.error.std() > 0.01
    np.testing.assert_allclose(output.error, maps[3].numpy(), rtol=2e-3)
    np.testing.assert_allclose(output.depth, maps[0].numpy(), rtol=2e-3)
    engine.close()
