"""Fixtures of the node under test, for the conftest files of folders that need it."""

import gc
import importlib.util
import os

from monodepth_ros.ros import fastdds
import pytest

# Before any node is made: apart from other runs and robots, and with the profile that ships.
os.environ.setdefault('ROS_DOMAIN_ID', str(1 + os.getpid() % 100))
os.environ.setdefault('ROS_AUTOMATIC_DISCOVERY_RANGE', 'LOCALHOST')
fastdds.use_default_profile()


class _Skipped(pytest.Module):
    """A test file that cannot be imported without rclpy."""

    def collect(self):
        pytest.skip('rclpy is not installed; pip install .[pip-ros]')


def pytest_pycollect_makemodule(module_path, parent):
    """Skip every file here where there is no ROS."""
    if importlib.util.find_spec('rclpy') is None:
        return _Skipped.from_parent(parent, path=module_path)


@pytest.fixture(scope='session')
def ros():
    """Run the middleware for the whole session, unless it runs already for another folder."""
    import rclpy

    mine = not rclpy.ok()
    if mine:
        rclpy.init()
    yield
    if mine:
        rclpy.try_shutdown()


@pytest.fixture
def pipeline_depth():
    """Return the node's pipeline depth, which a test may have as a parameter."""
    return 1


@pytest.fixture
def make_bench(ros, pipeline_depth):
    """Return a maker of benches that are taken down after the test."""
    from bench import Bench

    benches = []

    def make(*args, **kwargs):
        # Resampling to the training focal length, which tests choose, one pixel stays one pixel.
        defaults = {
            'diagnostics.period': 0.1,
            'depth.metric_scaling': 'resample',
            'pipeline_depth': pipeline_depth,
        }
        parameters = {**defaults, **dict(kwargs.pop('parameters', {}))}
        benches.append(Bench(*args, parameters=parameters, **kwargs))
        return benches[-1]

    yield make
    for bench in benches:
        bench.close()
    benches.clear()
    gc.collect()  # The handle of a lifecycle node lies in a reference cycle.


@pytest.fixture
def bench(make_bench):
    """Return a running bench with a calibrated camera."""
    bench = make_bench().start()
    bench.send_info()
    return bench
