"""A small catalogue for tests, and the Python that has Blender."""

import os
from pathlib import Path
import subprocess

import pytest
from rooms_app.catalog import Model
from rooms_app.classes import class_of_name

SIZES = {
    'Bed': (1.6, 2.1, 0.9),
    'Bedside table': (0.5, 0.4, 0.5),
    'Wardrobe': (1.2, 0.6, 2.0),
    'Sofa': (1.9, 0.9, 0.85),
    'Armchair': (0.8, 0.8, 0.9),
    'Coffee table': (1.1, 0.6, 0.45),
    'Chair': (0.5, 0.5, 0.9),
    'Table': (1.4, 0.8, 0.75),
    'TV stand': (1.3, 0.45, 0.5),
    'Flat TV': (1.1, 0.1, 0.7),
    'Kitchen cabinet': (0.6, 0.6, 0.85),
    'Fridge': (0.6, 0.65, 1.6),
    'Bath': (1.6, 0.7, 0.6),
    'Toilet unit': (0.4, 0.7, 0.75),
    'Washbasin': (0.6, 0.45, 0.9),
    'Bench': (1.5, 0.45, 0.45),
    'Plant': (0.6, 0.6, 1.0),
    'Male': (0.6, 0.4, 1.8),
    'Trash can': (0.3, 0.3, 0.6),
    'Bowl': (0.3, 0.3, 0.12),
    'Ball': (0.22, 0.22, 0.22),
}


def catalog(path=Path('model.obj')):
    """Return a model of each of `SIZES`; all share one file."""
    return [
        Model(name, 'Living room', path, size, 0.0, None, class_of_name(name), size[2])
        for name, size in SIZES.items()
    ]


def blender():
    """Return an interpreter that imports bpy, or skip the test with the reason."""
    from rooms_app.environment import find, VARIABLE
    from rooms_app.options import CACHE

    python = find(CACHE)
    if python is None:
        pytest.skip(f'no Blender: set {VARIABLE}, or run scripts/rooms once')
    done = subprocess.run([str(python), '-c', 'import bpy, OpenEXR, cv2'], capture_output=True)
    if done.returncode:
        pytest.skip(f'{python} cannot import bpy')
    return python


def environ():
    """Return the environment of a program that imports rooms_app, on one core."""
    scripts = Path(__file__).parents[3] / 'scripts'
    return {**os.environ, 'PYTHONPATH': str(scripts), 'OMP_NUM_THREADS': '1'}
