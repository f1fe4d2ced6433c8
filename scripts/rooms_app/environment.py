"""The environment with Blender as a Python module: found, or made once in the cache."""

from __future__ import annotations

import os
from pathlib import Path
import shutil
import subprocess
import sys

from rooms_app.failure import RoomsFailure

VARIABLE = 'MONODEPTH_ROOMS_PYTHON'
"""Names an interpreter that has the packages; else the cache has one."""

PACKAGES = (
    'bpy==5.0.1',
    'numpy==1.26.4',
    'openexr>=3.3',
    'opencv-python-headless>=4.9,<4.13',
    'trimesh>=4.4',
    'pycollada>=0.8',
    'pillow>=10',
    'networkx>=3',
)
"""bpy 5.0 has wheels for Python 3.11 only."""

LIBRARIES = 'libxi6 libxxf86vm1 libxfixes3 libxrender1 libgl1 libsm6 libxkbcommon0'
CHECK = 'import bpy, cv2, numpy, OpenEXR, trimesh, collada'


def _works(python: Path) -> tuple[bool, str]:
    """Say whether an interpreter imports all of it, and its last words."""
    try:
        done = subprocess.run([str(python), '-c', CHECK], capture_output=True, text=True)
    except OSError as error:
        return False, str(error.strerror)
    words = done.stderr.strip().splitlines()
    return done.returncode == 0, words[-1] if words else ''


def find(cache: Path) -> Path | None:
    """Return an interpreter that is said to have the packages, or None where there is none."""
    named = os.environ.get(VARIABLE)
    if named:
        return Path(named)
    python = cache / 'venv' / 'bin' / 'python'
    return python if (cache / 'venv' / 'complete').is_file() else None


def ensure(cache: Path) -> Path:
    """
    Return an interpreter with Blender, making the environment where there is none.

    Raises:
        RoomsFailure: there is no Python 3.11, or a package cannot be had.

    """
    python = find(cache)
    if python is None:
        python = _make(cache)
    works, words = _works(python)
    if works:
        return python
    if 'cannot open shared object file' in words:
        raise RoomsFailure(f'{words}: install the libraries: sudo apt install {LIBRARIES}')
    where = f'{VARIABLE}={python}' if os.environ.get(VARIABLE) else f'{cache / "venv"}'
    raise RoomsFailure(f'{where}: {words}; remove it, and this script makes an environment')


def _make(cache: Path) -> Path:
    base = sys.executable if sys.version_info[:2] == (3, 11) else shutil.which('python3.11')
    if base is None:
        raise RoomsFailure(
            f'Blender as a Python module needs Python 3.11, this is {sys.version.split()[0]}: '
            f'install python3.11 and python3.11-venv, or set {VARIABLE} to a Python that has bpy'
        )
    venv = cache / 'venv'
    print(f'making {venv} with Blender (once, about 1.2 GB)', flush=True)
    shutil.rmtree(venv, ignore_errors=True)
    _run([base, '-m', 'venv', str(venv)], 'install python3.11-venv')
    python = venv / 'bin' / 'python'
    _run([str(python), '-m', 'pip', 'install', '-q', *PACKAGES], 'check network and disk space')
    (venv / 'complete').touch()
    return python


def _run(command, remedy):
    done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode:
        words = (done.stderr or done.stdout).strip().splitlines() or ['no message']
        raise RoomsFailure(f'{words[-1]}: {remedy}, then run this again')
