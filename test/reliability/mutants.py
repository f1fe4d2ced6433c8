"""Change modules in small ways with mutmut, and count the changes that their tests notice."""

from __future__ import annotations

from collections import Counter
import configparser
from importlib.util import find_spec
import os
from pathlib import Path
import re
import shutil
import subprocess
import sys
import time
from typing import Callable

PACKAGE = 'monodepth_ros'
MODULES = {
    'camera/checks': ['test/camera/test_camera.py', 'test/camera/test_camera_flaws.py'],
    'camera/files/ros_yaml': ['test/camera/test_camera.py', 'test/camera/test_camera_limits.py'],
    'camera/grid': ['test/camera/test_camera.py', 'test/camera/test_camera_geometry.py'],
    'camera/files/ini': ['test/camera/files/test_formats.py'],
    'camera/files/kalibr': ['test/camera/files/test_formats.py'],
    'camera/files/opencv': ['test/camera/files/test_formats.py'],
    'camera/files/vins': ['test/camera/files/test_formats.py'],
    'camera/lenses': ['test/camera/test_camera_flaws.py', 'test/camera/test_lenses.py'],
    'camera/model': [
        'test/camera/test_camera.py',
        'test/camera/test_camera_limits.py',
        'test/camera/test_camera_sources.py',
        'test/camera/test_guesses.py',
    ],
    'camera/rectification': [
        'test/camera/test_camera_folds.py',
        'test/camera/test_camera_geometry.py',
    ],
    'image_encodings': ['test/test_image_encodings.py', 'test/test_image_files.py'],
    'pipeline/cloud': ['test/pipeline/test_cloud.py'],
    'pipeline/edges': ['test/pipeline/test_edges.py', 'test/pipeline/test_limits.py'],
    'pipeline/postprocess': ['test/pipeline/test_limits.py', 'test/pipeline/test_postprocess.py'],
    'ros/conversions': ['test/ros/test_conversions.py', 'test/ros/test_conversion_headers.py'],
}
"""Each module and the tests, fast ones, that are to notice what is changed in it."""

FEWEST = 0.85
"""Share of a module's changes that its tests have to notice."""

NOTICED = ('killed', 'timeout', 'segfault')
"""A change that makes a test hang or crash is noticed as well."""

COPIED = ('config', PACKAGE, 'test', 'pyproject.toml')
RESULT = re.compile(r'^\s*(\S+__mutmut_\d+): (.+)$', re.MULTILINE)
PERIOD_S = 60.0


class MutationError(Exception):
    """No result could be had; the message has mutmut's last words."""


def settings(modules: list[str]) -> configparser.ConfigParser:
    """Return the setup.cfg that tells mutmut what to change and which tests to run."""
    tests = sorted({test for module in modules for test in MODULES[module]})
    parser = configparser.ConfigParser()
    parser['mutmut'] = {
        'source_paths': PACKAGE,
        'only_mutate': '\n'.join(['', *(f'{PACKAGE}/{module}.py' for module in modules)]),
        'pytest_add_cli_args_test_selection': '\n'.join(['', *tests]),
        'pytest_add_cli_args': '\n'.join(['', '-p', 'no:cacheprovider']),
        'also_copy': 'config',
    }
    return parser


def mutate(
    root: Path, folder: Path, modules: list[str], say: Callable[[str], None]
) -> dict[str, dict]:
    """Run the tests on every change to the modules.

    Args:
        root: the checkout, which is left as it is.
        folder: an empty one for the copy that is changed.
        modules: of `MODULES`.
        say: takes a line once a minute.

    Returns:
        For each module the number of changes by their ends, the share that was noticed, and the
        others as differences.

    Raises:
        MutationError: mutmut is missing, or a test fails without any change.

    """
    if find_spec('mutmut') is None:
        raise MutationError('mutmut is not installed: pip install -e .[mutation]')
    _copy(root, folder)
    with open(folder / 'setup.cfg', 'w') as file:
        settings(modules).write(file)
    _run(folder, say, 'run', '--max-children', '1')
    results = _run(folder, say, 'results', '--all', 'true')
    report = summarize(results)
    for module, found in report.items():
        found['unnoticed'] = {name: _run(folder, say, 'show', name) for name in found['unnoticed']}
        say(f'{module}: {found["share"]:.1%} of {sum(found["ends"].values())} noticed')
    return report


def summarize(results: str) -> dict[str, dict]:
    """Return the counts, the share and the names of the unnoticed from `mutmut results`."""
    ends: dict[str, dict[str, str]] = {}
    for name, end in RESULT.findall(results):
        # 'monodepth_ros.pipeline.edges.x_flying_pixels__mutmut_1', or with a class 'xǁClassǁ'.
        module = re.split(r'\.x[_ǁ]', name)[0].removeprefix(f'{PACKAGE}.').replace('.', '/')
        ends.setdefault(module, {})[name] = end
    return {module: _summary(found) for module, found in ends.items()}


def _summary(ends):
    unnoticed = [name for name, end in ends.items() if end not in NOTICED]
    return {
        'ends': dict(Counter(ends.values())),
        'share': 1 - len(unnoticed) / len(ends),
        'unnoticed': unnoticed,
    }


def _copy(root, folder):
    left_out = shutil.ignore_patterns('__pycache__', 'weights', '.hypothesis')
    for name in COPIED:
        if (root / name).is_dir():
            shutil.copytree(root / name, folder / name, ignore=left_out)
        else:
            shutil.copy(root / name, folder / name)


def _run(folder, say, *arguments):
    """Return what a command of mutmut says, and pass on its last line once a minute."""
    # Forks of a process with threads can hang.
    environ = {**os.environ, 'OPENCV_FOR_THREADS_NUM': '1', 'OMP_NUM_THREADS': '1'}
    process = subprocess.Popen(
        [sys.executable, '-m', 'mutmut', *arguments],
        cwd=folder,
        env=environ,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
    )
    said, shown = b'', time.monotonic()
    while chunk := process.stdout.read1(65536):
        said += chunk
        if time.monotonic() - shown >= PERIOD_S:
            shown = time.monotonic()
            say(re.split('[\r\n]+', said.decode(errors='replace').strip())[-1])
    text = said.decode(errors='replace')
    if process.wait():
        raise MutationError(f'{text[-3000:]}\nmutmut {arguments[0]} failed, as it says above')
    return text
