"""Which other Pythons are found, and that their environment is made once."""

import subprocess
import sys

import pytest
from script_kit import load_script

pythons = load_script('pythons')
NONE = 99
"""A minor version that no machine has."""


@pytest.fixture
def pyenv(tmp_path, monkeypatch):
    """Return the folder of a pyenv without versions, and hide the PATH."""
    monkeypatch.setenv('PYENV_ROOT', str(tmp_path))
    monkeypatch.setenv('PATH', str(tmp_path / 'bin'))
    return tmp_path


def write_python(path, text):
    path.parent.mkdir(parents=True)
    path.write_text(f'#!/bin/sh\n{text}\n')
    path.chmod(0o755)
    return str(path)


def test_what_does_not_start_or_has_no_venv_is_passed_over(pyenv):
    write_python(pyenv / 'bin' / f'python3.{NONE}', 'exit 127')
    write_python(pyenv / 'versions' / f'3.{NONE}.0' / 'bin' / f'python3.{NONE}', 'exit 1')
    assert pythons.find_python(NONE) == ''
    works = write_python(pyenv / 'versions' / f'3.{NONE}.1' / 'bin' / f'python3.{NONE}', 'exit 0')
    assert pythons.find_python(NONE) == works


def test_the_running_python_is_tested_already(monkeypatch):
    monkeypatch.setattr(pythons, 'find_python', lambda minor: '/x' if minor in (11, 13) else '')
    assert pythons.find_pythons(running=11) == {13: '/x'}
    assert pythons.find_pythons(running=12) == {11: '/x', 13: '/x'}


def test_an_environment_is_made_once(tmp_path, monkeypatch):
    commands = []

    def run(command, check):
        commands.append(command)
        (tmp_path / '.venv-3.99').mkdir(exist_ok=True)

    monkeypatch.setattr(pythons, 'ROOT', tmp_path)
    monkeypatch.setattr(subprocess, 'run', run)
    for _ in range(2):
        assert pythons.make_environment(NONE, sys.executable) == tmp_path / '.venv-3.99'
    assert [command[0] for command in commands] == [
        sys.executable,
        tmp_path / '.venv-3.99' / 'bin' / 'python',
    ]
    monkeypatch.setattr(pythons, 'PACKAGES', ('numpy',))
    pythons.make_environment(NONE, sys.executable)
    assert len(commands) == 4


@pytest.mark.parametrize(('codes', 'expected'), [((0, 0), 0), ((1, 0), 1), ((0, 2), 2)])
def test_the_oldest_and_the_newest_are_run(codes, expected, tmp_path, monkeypatch):
    results, started = iter(codes), []

    def run(command, **_):
        started.append(command[0])
        return subprocess.CompletedProcess(command, next(results))

    monkeypatch.setattr(sys, 'argv', ['pythons'])
    monkeypatch.setattr(pythons, 'find_pythons', lambda: {10: '/a', 12: '/b', 13: '/c'})
    monkeypatch.setattr(
        pythons, 'make_environment', lambda minor, python: tmp_path / str(minor) / python[1:]
    )
    monkeypatch.setattr(subprocess, 'run', run)
    assert pythons.main() == expected
    names = [path.parts[-4:-2] for path in started]
    assert names == [('10', 'a'), ('13', 'c')][: 1 if codes[0] else 2]
