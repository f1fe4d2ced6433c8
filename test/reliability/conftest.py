"""The node under test, in the surroundings of test/ros."""

from node_fixtures import (  # noqa: F401 - pytest finds them by their names here
    bench,
    make_bench,
    pipeline_depth,
    pytest_pycollect_makemodule,
    ros,
)
import pytest


@pytest.fixture(scope='session')
def rig_folder(tmp_path_factory):
    """Return the folder of all rigs, so that the network is compiled once."""
    return tmp_path_factory.mktemp('rig')
