"""The node under test, and the surroundings that it is tested in."""

from node_fixtures import (  # noqa: F401 - pytest finds them by their names here
    bench,
    make_bench,
    pipeline_depth,
    pytest_pycollect_makemodule,
    ros,
)
