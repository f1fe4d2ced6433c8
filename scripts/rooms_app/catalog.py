"""The furniture that can be placed: names, true sizes and files of the asset libraries."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
import re

from rooms_app.classes import class_of_name

CATALOGS = ('PluginFurnitureCatalog.properties', 'DefaultFurnitureCatalog.properties')
LARGEST_FILE = 4_000_000
"""Bytes; models beyond take longer to read than views take to render."""

UNWANTED = (
    # Outdoors, open, or not a thing of its own.
    r'light source|^box$|cylinder|triangle|hatch|door frame|open door|staircase|escalator',
    # Things on them are modelled as one piece, which has labels of several classes.
    r'filled bookcase|full bookcase|contemporary living room|class seat|hanging clothes',
    r'work bench|workbench|^desk$.*|plate, glasses|plate, glass and|table with tablecloth',
    r'chair with table|reception|dressing table|umbrella|mannequin',
)
WHOLE_DESKS = 1.1
"""Metres; desks beyond this height carry shelves, computers and lamps."""


@dataclass(frozen=True)
class Model:
    """
    A model of the libraries.

    Attributes:
        name: in English, as the library has it.
        category: the library's.
        path: the OBJ file.
        size: width, depth, height in metres.
        elevation: where its bottom belongs over the floor, metres.
        rotation: row-major 3 x 3 rotation to apply to the file (y up), or None.
        label: class among the 13.
        top: height at which things stand on it, metres.
        library: name of the library that it is from.
        author: as the library names it.

    """

    name: str
    category: str
    path: Path
    size: tuple[float, float, float]
    elevation: float
    rotation: tuple[float, ...] | None
    label: str
    top: float
    library: str = ''
    author: str = ''


def read_properties(path: Path) -> list[dict[str, str]]:
    """Return the numbered entries of a catalogue in the order of their numbers."""
    entries: dict[int, dict[str, str]] = {}
    for line in path.read_text(encoding='latin-1').splitlines():
        match = re.match(r'(\w+)#(\d+)\s*=\s*(.*)', line.strip())
        if match:
            entries.setdefault(int(match[2]), {})[match[1]] = match[3].strip()
    return [entries[number] for number in sorted(entries)]


def _model(entry, root):
    """Return the model of an entry, or None where its file is missing or too large."""
    if 'model' not in entry or 'category' not in entry:
        return None
    path = root / entry['model'].lstrip('/')
    if not path.is_file() or path.suffix != '.obj' or path.stat().st_size > LARGEST_FILE:
        return None
    metres = [float(entry[key]) / 100 for key in ('width', 'depth', 'height')]
    rotation = entry.get('modelRotation')
    return Model(
        name=entry['name'],
        category=entry['category'],
        path=path,
        size=tuple(metres),
        elevation=float(entry.get('elevation', 0)) / 100,
        rotation=tuple(float(v) for v in rotation.split()) if rotation else None,
        label=class_of_name(entry['name']),
        top=float(entry.get('dropOnTopElevation', 0)) / 100 or metres[2],
        library=root.name,
        author=entry.get('creator', ''),
    )


def is_wanted(model: Model) -> bool:
    """Say whether a room may have it."""
    name = model.name.lower()
    if any(re.search(pattern, name) for pattern in UNWANTED[:2] + UNWANTED[3:]):
        return False
    if 'desk' in name and 'lamp' not in name and model.size[2] > WHOLE_DESKS:
        return False
    return model.category not in ('Vehicles', 'Staircases')


def read_catalog(root: Path) -> list[Model]:
    """Return the wanted models of all libraries below `root`, in the order of their files."""
    models = []
    for path in sorted(p for name in CATALOGS for p in root.rglob(name)):
        # The default catalogue lies deep in its library; its paths begin at the library's root.
        base = root / path.relative_to(root).parts[0]
        found = (_model(entry, base) for entry in read_properties(path))
        models += [model for model in found if model is not None and is_wanted(model)]
    return models


def choose(models: list[Model], pattern: str, **limits: float) -> list[Model]:
    """
    Return those whose lower-case name has the pattern and whose size is within limits.

    Limits: wide, deep, high (largest width, depth, height), low (least height) and raised (most
    metres that it hangs over the floor).
    """
    return [
        model
        for model in models
        if re.search(pattern, model.name.lower())
        and model.size[0] <= limits.get('wide', 9)
        and model.size[1] <= limits.get('deep', 9)
        and model.elevation <= limits.get('raised', 0.3)
        and limits.get('low', 0) <= model.size[2] <= limits.get('high', 9)
    ]
