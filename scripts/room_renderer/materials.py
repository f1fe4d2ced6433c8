"""Procedural reflectance: each material is a function of the place on the surface."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

_TILE = 512


def _fractal_tile(seed: int, slope: float) -> np.ndarray:
    """Return (512, 512) float32 periodic noise of unit deviation with spectrum 1 / f^slope."""
    spectrum = np.fft.fft2(np.random.default_rng(seed).standard_normal((_TILE, _TILE)))
    frequency = np.hypot(*np.meshgrid(np.fft.fftfreq(_TILE), np.fft.fftfreq(_TILE)))
    frequency[0, 0] = np.inf
    tile = np.fft.ifft2(spectrum / frequency**slope).real
    return (tile / tile.std()).astype(np.float32)


_OAK = (0.37, 0.215, 0.105)
"""Linear reflectance of the floor boards."""

_CLOUDS = _fractal_tile(1, 1.4)
_GRAIN = _fractal_tile(2, 0.7)


class Place(NamedTuple):
    """Where N points lie on their surfaces.

    Attributes:
        uv: (2, N) metres on the face of the bounding box, from its centre.
        extent: (2, N) half extents of that face in metres.
        vertical: (N,) metres along the local z axis.
        color: (3, N) the primitive's colour.
        seed: (N,) the primitive's seed.
        face: (N,) face of the bounding box.

    """

    uv: np.ndarray
    extent: np.ndarray
    vertical: np.ndarray
    color: np.ndarray
    seed: np.ndarray
    face: np.ndarray


def place_on(scene, surface) -> Place:
    """Return where the points of a `scene.Surface` lie on their faces."""
    axis = surface.face // 2
    # the longer side of a face runs along u, so that wood grain does too
    first, second = np.array([1, 0, 0])[axis], np.array([2, 2, 1])[axis]
    columns = np.arange(axis.size)
    swap = surface.half[first, columns] < surface.half[second, columns]
    u, v = np.where(swap, second, first), np.where(swap, first, second)
    uv = np.stack([surface.local[u, columns], surface.local[v, columns]])
    extent = np.stack([surface.half[u, columns], surface.half[v, columns]])
    color, seed = scene.color[:, surface.index], scene.seed[surface.index]
    return Place(uv, extent, surface.local[2], color, seed, surface.face)


def noise(tile: np.ndarray, u: np.ndarray, v: np.ndarray, period: float) -> np.ndarray:
    """Return periodic noise at (u, v) metres, bilinear in a tile of `period` metres."""
    x, y = u * (_TILE / period), v * (_TILE / period)
    x0, y0 = np.floor(x), np.floor(y)
    fx, fy = x - x0, y - y0
    i, j = x0.astype(np.int32) % _TILE, y0.astype(np.int32) % _TILE
    i1, j1 = (i + 1) % _TILE, (j + 1) % _TILE
    upper = tile[j, i] * (1 - fx) + tile[j, i1] * fx
    lower = tile[j1, i] * (1 - fx) + tile[j1, i1] * fx
    return upper * (1 - fy) + lower * fy


def hashed(*keys: np.ndarray) -> np.ndarray:
    """Return a uniform value in 0..1 for each combination of whole-number keys."""
    value = sum(k * c for k, c in zip(keys, (12.9898, 78.233, 37.719), strict=False))
    value = np.sin(value) * 43758.547
    return value - np.floor(value)


def _paint(at: Place) -> np.ndarray:
    """Paint or lacquer with faint stains and roller marks."""
    u, v = at.uv + at.seed
    shade = 1 + 0.03 * noise(_CLOUDS, u, v, 3.1) + 0.012 * noise(_GRAIN, u, v, 0.9)
    return at.color * shade


def _wood(at: Place) -> np.ndarray:
    """Stretch grain along the longer side of the face, darker in the pores."""
    u, v = at.uv + at.seed
    rings = noise(_CLOUDS, u * 0.12, v, 0.8)
    pores = noise(_GRAIN, u * 0.04, v, 0.35)
    shade = 1 + 0.16 * np.sin(5 * rings + 2) + 0.08 * pores
    return at.color * shade * np.stack([np.ones_like(u), 1 - 0.03 * rings, 1 - 0.05 * rings])


def _planks(at: Place) -> np.ndarray:
    """Lay boards of 11 cm by about 1.1 m in rows with staggered joints."""
    along, across = at.uv
    row = np.floor(across / 0.11)
    run = along / 1.1 + hashed(row) * 7
    board = np.floor(run)
    tint = hashed(row, board)
    edge = np.minimum(across / 0.11 - row, row + 1 - across / 0.11) * 0.11
    end = np.minimum(run - board, board + 1 - run) * 1.1
    gap = np.minimum(edge, end)
    grain = noise(_GRAIN, along * 0.05 + tint * 9, across + tint, 0.5)
    rings = noise(_CLOUDS, along * 0.10 + tint * 5, across + tint * 3, 0.7)
    shade = (0.76 + 0.42 * tint) * (1 + 0.11 * grain + 0.13 * np.sin(4 * rings))
    shade = shade * (0.5 + 0.5 * np.clip(gap / 0.0035, 0, 1))
    red = 1 + 0.10 * (hashed(board, row) - 0.5)
    return at.color * shade * np.stack([red, np.ones_like(red), 2 - red])


def _shell(at: Place) -> np.ndarray:
    """Paint the walls and a whiter ceiling, and lay a floor of boards."""
    color = np.where(at.face == 5, 0.74, at.color)
    color = np.where(at.face == 0, at.color * np.reshape([0.62, 0.72, 0.78], (3, 1)), color)
    painted = _paint(at._replace(color=color))
    boards = _planks(at._replace(color=np.reshape(_OAK, (3, 1))))
    return np.where(at.face == 4, boards, painted)


def _fabric(at: Place) -> np.ndarray:
    """Weave cloth with worn and creased areas."""
    u, v = at.uv + at.seed
    crease = noise(_CLOUDS, u + 0.3 * v, v * 0.6, 1.2)
    weave = noise(_GRAIN, u, v, 0.25)
    return at.color * (1 + 0.13 * crease + 0.09 * weave)


def _seam(at: Place) -> np.ndarray:
    """Weave cloth with a dark piping along the edges of the cushion."""
    edge = (at.extent - np.abs(at.uv)).min(0)
    return _fabric(at) * (0.72 + 0.28 * np.clip((edge - 0.004) / 0.02, 0, 1))


def _checks(at: Place) -> np.ndarray:
    """Paint a plaid blanket."""
    u, v = at.uv / 0.13
    bands = (np.sin(2 * np.pi * u) > 0.3) * 0.35 + (np.sin(2 * np.pi * v) > 0.3) * 0.35
    thin = (np.abs(np.sin(np.pi * u)) < 0.06) | (np.abs(np.sin(np.pi * v)) < 0.06)
    cloth = _fabric(at) * (1.15 - bands)
    return np.where(thin, 0.6 * cloth + 0.13, cloth)


def _rug(at: Place) -> np.ndarray:
    """Weave a rug: borders that follow the edge, medallions inside, tufts everywhere."""
    u, v = at.uv
    edge = (at.extent - np.abs(at.uv)).min(0)
    tuft = 1 + 0.16 * noise(_GRAIN, u, v, 0.4) + 0.08 * noise(_CLOUDS, u, v, 1.7)
    cell = np.abs((u / 0.27) % 1 - 0.5) + np.abs((v / 0.27) % 1 - 0.5)
    cream = np.array([0.36, 0.27, 0.17]).reshape(3, 1)
    navy = np.array([0.045, 0.05, 0.075]).reshape(3, 1)
    color = np.where((cell > 0.45) & (cell < 0.53), cream, at.color)
    color = np.where(cell < 0.16, navy, color)
    color = np.where(edge < 0.24, navy, color)
    zigzag = np.abs(((u + v) / 0.11) % 1 - 0.5) * 0.12
    color = np.where((edge > 0.09) & (edge < 0.14 + zigzag), cream, color)
    color = np.where(edge < 0.04, cream, color)
    return color * tuft


def _art(at: Place) -> np.ndarray:
    """Draw a framed print: frame, white mount, and hills or a few brush strokes."""
    u, v = at.uv / at.extent
    edge = (at.extent - np.abs(at.uv)).min(0)
    height = np.where(at.extent[0] == at.extent[1], v, at.vertical / at.extent.max(0))
    ridge = 0.25 * noise(_CLOUDS, u * 0.5 + at.seed, 0 * u + at.seed, 4.0)
    strokes = 0.5 + 0.22 * noise(_CLOUDS, u * 0.3 + at.seed, height * 0.3, 1.0)
    phase = at.seed * 2.4 + np.reshape([0.0, 0.9, 2.1], (3, 1))
    sky = 0.40 + 0.25 * np.cos(phase + 0.8 * height)
    hill = (0.16 + 0.13 * np.cos(1.7 * phase + 2.0 * np.floor(3 * strokes))) * (0.5 + strokes)
    color = np.where(height > ridge, sky * (0.7 + 0.6 * strokes), hill)
    color = np.where(edge < 0.075, 0.72, color)
    return np.where(edge < 0.022, at.color, color)


def _book(at: Place) -> np.ndarray:
    """Print bands and a paler title on a spine, different on each book."""
    height = at.vertical / at.extent.max(0)
    band = np.abs(np.abs(height) - (0.45 + 0.3 * hashed(at.seed))) < 0.05
    title = (np.abs(height - 0.15) < 0.28) & (np.abs(at.uv[1]) < 0.3 * at.extent[1])
    letters = hashed(np.floor(at.vertical / 0.006), at.seed) > 0.45
    color = np.where(band, 0.45 * at.color + 0.25, at.color)
    return np.where(title & letters & (hashed(at.seed + 5) > 0.35), color * 0.4 + 0.36, color)


def _leaf(at: Place) -> np.ndarray:
    """Tint a leaf with a pale midrib."""
    rib = np.abs(at.uv[1]) < 0.06 * at.extent[1]
    return at.color * (1 + 0.2 * noise(_CLOUDS, *at.uv, 0.6)) * np.where(rib, 1.6, 1.0)


def _cardboard(at: Place) -> np.ndarray:
    """Tint corrugated board with a strip of tape on top."""
    flutes = 1 + 0.03 * np.sin(at.uv[0] * 900) + 0.06 * noise(_CLOUDS, *at.uv, 0.9)
    tape = (np.abs(at.uv[1]) < 0.025) & (at.face == 5)
    return at.color * flutes * np.where(tape, 1.35, 1.0)


def _outdoors(at: Place) -> np.ndarray:
    """Shine like an overexposed view: a bright sky over blurred trees."""
    height = at.vertical
    across = np.where(at.extent[0] > at.extent[1], at.uv[1], at.uv[0])
    crowns = 0.10 * noise(_CLOUDS, across, 0 * across, 3.0) - 0.12
    tree = np.clip((crowns - height) / 0.14, 0, 1)
    leaves = 0.14 * (1 + 0.4 * noise(_CLOUDS, across, height, 0.8))
    green = leaves * np.reshape([0.75, 1.0, 0.55], (3, 1))
    return at.color * (1 - tree + tree * green)


def _glow(at: Place) -> np.ndarray:
    """Shine like a lampshade, brightest in the middle of its height."""
    return at.color * (1.1 - 0.45 * (at.vertical / at.extent.max(0)) ** 2)


MATERIALS = {
    'paint': _paint,
    'wood': _wood,
    'shell': _shell,
    'fabric': _fabric,
    'seam': _seam,
    'checks': _checks,
    'rug': _rug,
    'art': _art,
    'book': _book,
    'leaf': _leaf,
    'cardboard': _cardboard,
    'outdoors': _outdoors,
    'glow': _glow,
    'lacquer': _paint,
    'screen': _paint,
    'polished': _wood,
}

LIGHTS = ('outdoors', 'glow')
"""Materials whose colour is radiance instead of reflectance."""

GLOSS = {
    'shell': (0.035, 0.022),
    'polished': (0.040, 0.014),
    'lacquer': (0.040, 0.012),
    'screen': (0.045, 0.004),
    'art': (0.030, 0.004),
}
"""Mirror reflectance at normal incidence and slope deviation of the glossy materials."""


def reflectance(scene, surface) -> np.ndarray:
    """Return (3, N) float32 reflectance, or radiance where the material is one of `LIGHTS`."""
    at = place_on(scene, surface)
    names = np.array([p.material for p in scene.primitives])[surface.index]
    color = np.empty((3, surface.index.size), np.float32)
    for name in np.unique(names):
        some = np.flatnonzero(names == name)
        part = Place(*(a[..., some] for a in at))
        color[:, some] = MATERIALS[name](part)
    return np.maximum(color, 0)
