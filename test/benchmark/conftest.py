"""Settings with which every part of the benchmark takes no more than a moment."""

import cv2
from monodepth_ros.benchmark.settings import Settings
import numpy as np
import pytest


@pytest.fixture(scope='session')
def tiny_model(tmp_path_factory):
    """Return the path of a checkpoint with random weights, which takes images 64 wide."""
    pytest.importorskip('torch')
    from tiny_model import write_tiny_model

    return write_tiny_model(tmp_path_factory.mktemp('model') / 'tiny.safetensors')


@pytest.fixture(scope='session')
def image_files(tmp_path_factory):
    """Return a folder of four 96 x 72 images, 0.png to 3.png; image i has red = 50 i."""
    folder = tmp_path_factory.mktemp('images')
    noise = np.random.default_rng(0)
    for i in range(4):
        image = noise.integers(0, 256, (72, 96, 3), np.uint8)
        image[..., 2] = 50 * i
        cv2.imwrite(str(folder / f'{i}.png'), image)
    return folder


@pytest.fixture
def settings(tmp_path, tiny_model, image_files, monkeypatch):
    """Return settings of a quick run with the tiny model."""
    monkeypatch.setattr(Settings, 'series_s', 0.05)
    monkeypatch.setattr('monodepth_ros.benchmark.alternate.BLOCK_S', 0.001)
    return Settings(image_files, tmp_path, threads=1, model=str(tiny_model), quick=True)
