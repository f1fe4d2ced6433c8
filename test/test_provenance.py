"""Which code runs."""

from pathlib import Path
import shutil
import subprocess
import sys

from monodepth_ros import provenance
import pytest


@pytest.fixture
def copy(tmp_path):
    """Return a function that runs a copy of the module within a git repository."""
    if not shutil.which('git'):
        pytest.skip('git is not installed')
    shutil.copy(provenance.__file__, tmp_path / 'provenance.py')
    git(tmp_path, 'init', '-q')

    def commit():
        program = 'import provenance; print(provenance.commit())'
        command = [sys.executable, '-c', program]
        result = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=60)
        assert result.returncode == 0, result.stderr
        return result.stdout.strip()

    return commit


def git(folder, *arguments):
    identity = ['-c', 'user.name=test', '-c', 'user.email=test@example.org']
    command = ['git', *identity, *arguments]
    done = subprocess.run(command, cwd=folder, check=True, capture_output=True, text=True)
    return done.stdout.strip()


def test_commit_and_changes(copy, tmp_path):
    assert copy() == ''  # inside a repository that does not hold it
    git(tmp_path, 'add', '.')
    git(tmp_path, 'commit', '-q', '-m', 'All')
    head = git(tmp_path, 'rev-parse', 'HEAD')
    assert copy() == head[:12]
    path = Path(tmp_path / 'provenance.py')
    path.write_text(path.read_text() + '\n')
    assert copy() == head[:12] + '+'


def test_without_git(monkeypatch):
    monkeypatch.setenv('PATH', '')
    assert provenance.commit() == ''


def test_version_of_what_is_installed(monkeypatch):
    monkeypatch.setattr(provenance, 'PACKAGE', 'pytest')
    assert provenance.package_version() == pytest.__version__
    monkeypatch.setattr(provenance, 'PACKAGE', 'no-such-package-of-anyone')
    assert provenance.package_version() == ''
