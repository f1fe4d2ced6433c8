"""The plain network gives what the package's engines give."""

from monodepth_ros.benchmark.plain_network import PlainNetwork
from monodepth_ros.benchmark.weights import write_random
from monodepth_ros.engines.factory import create_engine
import numpy as np
import pytest


@pytest.fixture
def images():
    return np.random.default_rng(0).integers(0, 256, (2, 64, 64, 3), np.uint8)


def test_same_results_as_the_engine(tiny_model, images):
    plain = PlainNetwork(str(tiny_model), threads=1).infer(images)
    engine = create_engine(str(tiny_model), 'torch', 'cpu', threads=1).infer(images)
    assert plain.depth.dtype == np.float32 and plain.label.dtype == np.uint8
    np.testing.assert_allclose(plain.depth, engine.depth, rtol=1e-4)
    assert (plain.label == engine.label).mean() > 0.999
    difference = plain.confidence.astype(int) - engine.confidence
    assert np.abs(difference).max() <= 1


def test_a_network_without_labels(tiny_model, images, tmp_path):
    path = str(tmp_path / 'depth.safetensors')
    write_random('depth_resnet50', str(tiny_model), {'output_stride': 32}, images, path)
    result = PlainNetwork(path, threads=1).infer(images)
    assert np.isfinite(result.depth).all()
    assert (result.label == 255).all() and not result.confidence.any()
    assert result.label.shape == result.confidence.shape[:3]
