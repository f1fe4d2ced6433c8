"""Which code runs: package version and commit."""

from __future__ import annotations

import importlib.metadata
from pathlib import Path
import subprocess

PACKAGE = 'monodepth_ros'


def package_version() -> str:
    """Return the installed version of this package, or '' where it runs without installation."""
    try:
        return importlib.metadata.version(PACKAGE)
    except importlib.metadata.PackageNotFoundError:
        return ''


def commit() -> str:
    """Return the commit that runs, with '+' if files are changed, or '' where git knows none."""
    here = Path(__file__).resolve()
    head = _git(here.parent, 'rev-parse', '--short=12', 'HEAD')
    # An installed package may lie inside a repository that is not its own.
    if not head or not _git(here.parent, 'ls-files', here.name):
        return ''
    changed = _git(here.parent, 'status', '--porcelain', '--untracked-files=no')
    return f'{head}+' if changed else head


def _git(folder: Path, *arguments: str) -> str:
    """Return what a git command prints, or '' where it fails or is missing."""
    command = ['git', '-C', str(folder), *arguments]
    try:
        result = subprocess.run(command, capture_output=True, text=True, timeout=20)
    except (OSError, subprocess.TimeoutExpired):
        return ''
    return result.stdout.strip() if result.returncode == 0 else ''
