"""Surfaces of rooms: which pattern and colour a floor, a wall or a piece of furniture has."""

from __future__ import annotations

import colorsys

import numpy as np
from rooms_app.plan import Skin

WOOD = ((0.62, 0.42, 0.24), (0.42, 0.25, 0.13), (0.74, 0.58, 0.39), (0.25, 0.15, 0.09))
STONE = ((0.55, 0.53, 0.5), (0.75, 0.73, 0.68), (0.3, 0.3, 0.32), (0.6, 0.5, 0.42))


def _around(rng, color, spread):
    """Return a colour near another one."""
    return tuple(float(v) for v in np.clip(np.array(color) * rng.uniform(*spread, 3), 0.02, 0.95))


def _pick(rng, colors):
    return _around(rng, colors[rng.integers(len(colors))], (0.8, 1.2))


def _seed(rng):
    return int(rng.integers(1 << 30))


def vivid(rng) -> tuple[float, float, float]:
    """Return any colour, as books, cloths and toys have them."""
    value = rng.uniform(0.08, 0.85)
    return colorsys.hsv_to_rgb(rng.uniform(), rng.beta(1.3, 1.5), value)


def pale(rng) -> tuple[float, float, float]:
    """Return a colour that walls are painted in: mostly white or cream, sometimes strong."""
    if rng.uniform() < 0.15:
        return colorsys.hsv_to_rgb(rng.uniform(), rng.uniform(0.2, 0.6), rng.uniform(0.25, 0.7))
    hue = rng.choice([0.08, 0.12, 0.15, 0.55, 0.6])
    return colorsys.hsv_to_rgb(hue, rng.uniform(0, 0.22), rng.uniform(0.55, 0.9))


def covers(rng, count: int) -> list[Skin]:
    """Return the covers of the books of a shelf: some in series, most of one colour."""
    bright = 0.85 if rng.uniform() < 0.3 else 0.0
    made = []
    for k in range(count):
        color = pale(rng) if rng.uniform() < bright else vivid(rng)
        pattern = 'spine' if k < 4 else 'plain'
        made.append(Skin(pattern, color, _seed(rng), 0.25, float(rng.uniform(0.3, 0.8))))
    return made


def magazine(rng) -> Skin:
    """Return the front of a magazine."""
    return Skin(str(rng.choice(['scene', 'abstract', 'print'])), (1, 1, 1), _seed(rng), 1.0, 0.3)


def wood(rng) -> Skin:
    """Return the wood of a piece of furniture, bare or painted."""
    if rng.uniform() < 0.3:
        return paint(rng)
    return Skin('grain', _pick(rng, WOOD), _seed(rng), 0.8, float(rng.uniform(0.3, 0.7)))


def paint(rng) -> Skin:
    """Return a painted surface."""
    color = pale(rng) if rng.uniform() < 0.7 else vivid(rng)
    return Skin('plain', color, roughness=float(rng.uniform(0.25, 0.8)))


def metal(rng) -> Skin:
    """Return a painted or bare metal."""
    if rng.uniform() < 0.5:
        return Skin('plain', vivid(rng), roughness=0.5)
    value = float(rng.uniform(0.35, 0.7))
    return Skin('plain', (value, value, value), roughness=0.4, metallic=1.0)


def cloth(rng) -> Skin:
    """Return a woven surface."""
    color = vivid(rng) if rng.uniform() < 0.5 else pale(rng)
    pattern = rng.choice(['weave', 'weave', 'stripes', 'plain'])
    return Skin(str(pattern), color, _seed(rng), float(rng.uniform(0.3, 0.9)), 0.95)


def cardboard(rng) -> Skin:
    """Return the brown of boxes."""
    return Skin('plaster', _around(rng, (0.48, 0.33, 0.2), (0.85, 1.15)), _seed(rng), 0.7, 0.9)


def floor(rng, name: str, files: tuple[str, ...] = ()) -> Skin:
    """Return the floor of one of the names that `kinds` has; `files` are textures for floors."""
    if files and name in ('planks', 'tiles') and rng.uniform() < 0.2:
        path = files[rng.integers(len(files))]
        return Skin('file', (1, 1, 1), 0, 1.2, float(rng.uniform(0.2, 0.6)), file=path)
    gloss = float(rng.uniform(0.12, 0.6))
    if name in ('planks', 'parquet'):
        return Skin(name, _pick(rng, WOOD), _seed(rng), float(rng.uniform(1.2, 2.4)), gloss)
    if name == 'carpet':
        color = _around(rng, vivid(rng), (0.6, 1.0))
        return Skin('carpet', color, _seed(rng), 1.0, 0.98)
    if name == 'tiles':
        return Skin('tiles', _pick(rng, STONE), _seed(rng), float(rng.uniform(0.8, 2.4)), gloss)
    if name == 'terrazzo':
        return Skin('speckle', _pick(rng, STONE), _seed(rng), 1.5, gloss)
    if name == 'concrete':
        return Skin('stains', _pick(rng, STONE), _seed(rng), 4.0, float(rng.uniform(0.3, 0.8)))
    if name == 'screed':
        value = float(rng.uniform(0.12, 0.6))
        color = _around(rng, (value, value, value), (0.93, 1.07))
        return Skin('screed', color, _seed(rng), float(rng.uniform(3.0, 8.0)), gloss)
    color = _pick(rng, STONE) if rng.uniform() < 0.7 else vivid(rng)
    return Skin('stains' if rng.uniform() < 0.5 else 'plain', color, _seed(rng), 3.0, gloss)


def wall(rng, name: str, files: tuple[str, ...] = ()) -> Skin:
    """Return a wall of one of the names that `kinds` has; `files` are textures for walls."""
    if name == 'brick' and files and rng.uniform() < 0.4:
        return Skin('file', (1, 1, 1), 0, 0.9, 0.9, file=files[rng.integers(len(files))])
    if name == 'brick':
        color = (0.45, 0.2, 0.13) if rng.uniform() < 0.6 else pale(rng)
        return Skin('brick', _around(rng, color, (0.8, 1.2)), _seed(rng), 1.0, 0.9)
    if name == 'wallpaper':
        pattern = str(rng.choice(['stripes', 'weave', 'dots']))
        return Skin(pattern, pale(rng), _seed(rng), float(rng.uniform(0.4, 1.2)), 0.85)
    if name == 'wall_tiles':
        return Skin('tiles', pale(rng), _seed(rng), float(rng.uniform(0.6, 1.6)), 0.25)
    if name == 'concrete_wall':
        return Skin('stains', _pick(rng, STONE), _seed(rng), 4.0, 0.9)
    if name == 'wood_wall':
        return Skin('planks', _pick(rng, WOOD), _seed(rng), 2.0, 0.5)
    return Skin('plaster', pale(rng), _seed(rng), float(rng.uniform(1.0, 3.0)), 0.9)


def ceiling(rng, is_public: bool) -> Skin:
    """Return a ceiling: white, or of panels."""
    value = float(rng.uniform(0.6, 0.9))
    if is_public and rng.uniform() < 0.5:
        return Skin('tiles', (value, value, value * 0.97), _seed(rng), 2.4, 0.9)
    return Skin('plaster', (value, value, value * 0.97), _seed(rng), 2.0, 0.95)


def picture(rng) -> Skin:
    """Return what a picture shows."""
    return Skin(str(rng.choice(['scene', 'abstract', 'scene', 'print'])), (1, 1, 1), _seed(rng))


def outside(rng, is_night: bool = False) -> Skin:
    """Return what is behind a window, as bright as the day is, or dark."""
    day = [(0.05, 0.5), (1, 4), (3, 10), (8, 30)]
    low, high = (0.0, 0.04) if is_night else day[int(rng.choice(4, p=[0.25, 0.3, 0.25, 0.2]))]
    return Skin('outside', (1, 1, 1), _seed(rng), glow=max(float(rng.uniform(low, high)), 0.005))


def screen(rng) -> Skin:
    """Return a monitor's picture, or black where it is off."""
    if rng.uniform() < 0.35:
        return Skin('plain', (0.01, 0.01, 0.012), roughness=0.15)
    return Skin('abstract', (1, 1, 1), _seed(rng), glow=float(rng.uniform(0.4, 2.0)))
