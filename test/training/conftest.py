"""Small data, and a small network to train on it."""

import pytest
from tiny_folder import write_tiny_folder


@pytest.fixture
def tiny_folder(tmp_path):
    return write_tiny_folder(tmp_path / 'data')


@pytest.fixture
def tiny_network(monkeypatch):
    """Make the network 'tiny' known, and torch exact: sums depend on the number of threads."""
    import torch
    from training_kit import register_tiny_network

    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield register_tiny_network(monkeypatch.setitem)
    torch.set_num_threads(before)
