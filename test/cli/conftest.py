"""A model small enough to run every command with."""

import pytest
from tiny_folder import write_tiny_folder


@pytest.fixture(scope='session')
def tiny_model(tmp_path_factory):
    """Return the path of a checkpoint with random weights, which takes images 64 wide."""
    pytest.importorskip('torch')
    from tiny_model import write_tiny_model

    return write_tiny_model(tmp_path_factory.mktemp('model') / 'tiny.safetensors')


@pytest.fixture
def tiny_folder(tmp_path):
    return write_tiny_folder(tmp_path / 'data', count=3)
