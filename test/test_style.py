"""The sources keep the rules of ament_flake8."""

import importlib.util
from pathlib import Path
import subprocess
import sys

import pytest

ROOT = Path(__file__).parents[1]
PATHS = ['monodepth_ros', 'scripts', 'test', 'setup.py', 'launch']
PLUGINS = ['flake8', 'flake8_docstrings', 'flake8_import_order', 'flake8_quotes']


def _command():
    """Return the command of ament_flake8, or of flake8 with its rules from setup.cfg."""
    if importlib.util.find_spec('ament_flake8'):
        return [sys.executable, '-m', 'ament_flake8.main']
    missing = [name for name in PLUGINS if not importlib.util.find_spec(name)]
    if missing:
        pytest.skip(f'neither ament_flake8 nor {", ".join(missing)} is installed')
    return [sys.executable, '-m', 'flake8', '--config', 'setup.cfg']


def test_ament_flake8():
    # Programs without the suffix .py are not found by walking the folders.
    programs = [
        str(path.relative_to(ROOT))
        for path in (ROOT / 'scripts').iterdir()
        if path.is_file() and path.read_text().startswith('#!/usr/bin/env python3')
    ]
    result = subprocess.run(
        _command() + PATHS + programs, cwd=ROOT, capture_output=True, text=True, timeout=300
    )
    assert result.returncode == 0, result.stdout + result.stderr


def test_style_test_can_fail(tmp_path):
    bad = tmp_path / 'bad.py'
    bad.write_text('import torch\nimport numpy\n\nname = "double"\n')
    result = subprocess.run(
        _command() + [str(bad)], cwd=ROOT, capture_output=True, text=True, timeout=60
    )
    assert {code for code in ('F401', 'I100', 'Q000') if code in result.stdout} == {
        'F401',
        'I100',
        'Q000',
    }
