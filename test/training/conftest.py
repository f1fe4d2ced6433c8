"""Small data for the tests of training."""

import pytest
from tiny_folder import write_tiny_folder


@pytest.fixture
def tiny_folder(tmp_path):
    return write_tiny_folder(tmp_path / 'data')
