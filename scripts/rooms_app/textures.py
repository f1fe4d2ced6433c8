"""Draw the patterns of surfaces: (SIDE, SIDE, 3) uint8 sRGB images that repeat without a seam."""

from __future__ import annotations

import cv2
import numpy as np
from rooms_app.plan import Skin

SIDE = 256


def to_srgb(linear: np.ndarray) -> np.ndarray:
    """Return linear values as sRGB ones (IEC 61966-2-1), both 0 to 1."""
    linear = np.clip(linear, 0, 1)
    return np.where(linear < 0.0031308, 12.92 * linear, 1.055 * linear ** (1 / 2.4) - 0.055)


def noise(rng, cells: int, octaves: int = 3) -> np.ndarray:
    """Return (SIDE, SIDE) float32 smooth noise that wraps, mean 0, deviation about 1."""
    total = np.zeros((SIDE, SIDE), np.float32)
    for octave in range(octaves):
        count = min(cells << octave, SIDE)
        grid = rng.standard_normal((count, count)).astype(np.float32)
        grid = np.pad(grid, 2, mode='wrap')
        large = cv2.resize(
            grid, None, fx=SIDE / count, fy=SIDE / count, interpolation=cv2.INTER_CUBIC
        )
        margin = (large.shape[0] - SIDE) // 2
        kept = slice(margin, margin + SIDE)
        total += large[kept, kept] * 0.6**octave
    return total / max(float(total.std()), 1e-6)


def _shades(rng, color, factor):
    """Return the colour times (SIDE, SIDE) factors."""
    return np.asarray(color, np.float32) * np.clip(factor, 0.05, 3)[..., None]


def _bricks(rng, rows, columns, joint, offset):
    """Return a (SIDE, SIDE) shade of each brick, and where joints are."""
    y, x = np.mgrid[0:SIDE, 0:SIDE] / SIDE
    row = np.floor(y * rows).astype(int)
    across = (x + offset * (row % 2) / columns) * columns
    column = np.floor(across).astype(int) % columns
    shade = rng.normal(1, 0.12, (rows, columns))[row, column]
    edge = np.minimum(across % 1, 1 - across % 1) / columns
    edge = np.minimum(edge, np.minimum(y * rows % 1, 1 - y * rows % 1) / rows)
    return shade, edge < joint


def plaster(rng, color):
    return _shades(rng, color, 1 + 0.03 * noise(rng, 4) + 0.02 * noise(rng, 64, 2))


def stains(rng, color):
    return _shades(rng, color, 1 + 0.12 * noise(rng, 3, 5) + 0.04 * noise(rng, 96, 1))


def screed(rng, color):
    return _shades(rng, color, 1 + 0.04 * noise(rng, 2, 3) + 0.012 * noise(rng, 96, 1))


def grain(rng, color):
    rows = np.repeat(noise(rng, 32, 3)[:, :1], SIDE, 1)
    return _shades(rng, color, 1 + 0.12 * rows + 0.06 * noise(rng, 4))


def planks(rng, color, rows=12, columns=2):
    shade, joint = _bricks(rng, rows, columns, 0.0018, 0.5)
    lines = cv2.blur(rng.standard_normal((SIDE, SIDE)).astype(np.float32), (61, 1)) * 8
    return _shades(rng, color, np.where(joint, 0.4, shade + 0.07 * lines))


def parquet(rng, color):
    cells = 8
    y, x = np.mgrid[0:SIDE, 0:SIDE] / SIDE * cells
    turned = (np.floor(x) + np.floor(y)) % 2 > 0
    strip = np.where(turned, x % 1, y % 1) * 4
    number = (np.floor(x) * 31 + np.floor(y) * 17 + np.floor(strip) * 7).astype(int)
    shade = rng.normal(1, 0.12, 1024)[number % 1024]
    return _shades(rng, color, np.where(strip % 1 < 0.06, 0.6, shade) + 0.03 * noise(rng, 64, 2))


def tiles(rng, color):
    count = int(rng.integers(2, 7))
    shade, joint = _bricks(rng, count, count, 0.004, 0)
    joint_shade = rng.uniform(0.4, 1.3)
    base = 1 + (shade - 1) * 0.4 + 0.05 * noise(rng, 5, 4)
    if rng.uniform() < 0.15:
        y, x = np.mgrid[0:SIDE, 0:SIDE] * count // SIDE
        base = np.where((x + y) % 2, base, base * 0.35) if count % 2 == 0 else base
    return _shades(rng, color, np.where(joint, joint_shade, base))


def brick(rng, color):
    shade, joint = _bricks(rng, 12, 4, 0.007, 0.5)
    rough = 0.08 * noise(rng, 48, 3)
    return np.where(joint[..., None], 0.45, _shades(rng, color, shade + rough))


def speckle(rng, color):
    dots = noise(rng, 64, 2)
    return _shades(rng, color, 1 + 0.35 * (dots > 1.2) - 0.35 * (dots < -1.2))


def carpet(rng, color):
    fine = rng.standard_normal((SIDE, SIDE)).astype(np.float32)
    return _shades(rng, color, 1 + 0.18 * fine + 0.06 * noise(rng, 6))


def weave(rng, color):
    y, x = np.mgrid[0:SIDE, 0:SIDE] * (2 * np.pi * 32 / SIDE)
    return _shades(rng, color, 1 + 0.1 * np.sin(x) * np.sin(y) + 0.05 * noise(rng, 32, 2))


def stripes(rng, color):
    count = int(rng.integers(3, 12))
    x = np.arange(SIDE) * count // SIDE
    other = np.clip(np.asarray(color) * rng.uniform(0.5, 1.4, 3), 0, 1)
    row = np.where((x % 2)[:, None], color, other)
    return np.broadcast_to(row, (SIDE, SIDE, 3)) * (1 + 0.02 * noise(rng, 64, 1)[..., None])


def dots(rng, color):
    y, x = np.mgrid[0:SIDE, 0:SIDE] / SIDE * 6
    inside = np.hypot(x % 1 - 0.5, y % 1 - 0.5) < rng.uniform(0.12, 0.35)
    other = np.clip(np.asarray(color) * rng.uniform(0.4, 1.5, 3), 0, 1)
    return np.where(inside[..., None], other, color)


def abstract(rng, color):
    image = np.zeros((SIDE, SIDE, 3), np.float32) + rng.uniform(0, 1, 3)
    for _ in range(int(rng.integers(3, 14))):
        a, b = rng.integers(0, SIDE, 2), rng.integers(0, SIDE, 2)
        paint = tuple(float(v) for v in rng.uniform(0, 1, 3))
        if rng.uniform() < 0.5:
            cv2.rectangle(image, a.tolist(), b.tolist(), paint, -1)
        else:
            cv2.circle(image, a.tolist(), int(rng.integers(5, 90)), paint, -1)
    return image


def _landscape(rng):
    """Return sky, hills and ground with trees, bottom last."""
    y = np.linspace(0, 1, SIDE)[:, None, None]
    sky = np.array((0.35, 0.55, 0.9)) * (1 - y) + np.array((0.9, 0.9, 0.95)) * y
    image = np.broadcast_to(sky, (SIDE, SIDE, 3)).copy()
    image += 0.12 * np.clip(noise(rng, 3, 4), 0, 2)[..., None]
    for level in np.sort(rng.uniform(0.35, 0.8, int(rng.integers(2, 5)))):
        ridge = level + 0.05 * noise(rng, 4, 3)[0]
        tone = np.array(rng.choice([(0.12, 0.25, 0.08), (0.3, 0.3, 0.28), (0.35, 0.25, 0.15)]))
        below = (y[:, :, 0] > ridge[None])[..., None]
        image = np.where(below, tone * (0.8 + 0.25 * noise(rng, 24, 2)[..., None]), image)
    return image


def scene(rng, color):
    return _landscape(rng)


def _house(image, rng):
    """Draw a front with a roof and rows of windows, from any height down to the ground."""
    left, top = int(rng.integers(-30, SIDE - 40)), int(rng.integers(50, 150))
    right = left + int(rng.integers(50, 150))
    tones = [(0.55, 0.45, 0.34), (0.42, 0.2, 0.13), (0.6, 0.58, 0.53), (0.36, 0.37, 0.38)]
    front = np.array(tones[int(rng.integers(4))]) * rng.uniform(0.6, 1.1)
    peak = ((left + right) // 2, top - int(rng.integers(8, 40)))
    roof = np.array([(left - 6, top), peak, (right + 6, top)], np.int32)
    cv2.fillPoly(image, [roof], (np.array((0.24, 0.12, 0.09)) * rng.uniform(0.5, 1.3)).tolist())
    cv2.rectangle(image, (left, top), (right, SIDE), front.tolist(), -1)
    step, story = int(rng.integers(18, 30)), int(rng.integers(28, 42))
    for y in range(top + 10, SIDE, story):
        for x in range(left + 8, right - 12, step):
            glass = (np.array((0.1, 0.13, 0.17)) * rng.uniform(0.5, 2)).tolist()
            cv2.rectangle(image, (x - 1, y - 1), (x + 10, y + 17), (0.7, 0.7, 0.68), -1)
            cv2.rectangle(image, (x + 1, y + 1), (x + 8, y + 15), glass, -1)


def _tree(image, rng):
    """Draw a crown of many leaves on a trunk."""
    x, y = int(rng.integers(0, SIDE)), int(rng.integers(130, 210))
    size = float(rng.uniform(22, 46))
    cv2.line(image, (x, y), (x, SIDE), (0.1, 0.07, 0.05), max(2, int(size / 7)))
    green = np.array((0.09, 0.2, 0.05)) * rng.uniform(0.6, 1.6, 3)
    for dx, dy, shade in zip(*rng.normal(0, size / 2, (2, 110)), rng.uniform(0.5, 1.5, 110)):
        center = (int(x + dx), int(y + 0.8 * dy))
        cv2.circle(image, center, int(rng.integers(3, 7)), (green * shade).tolist(), -1)


def outside(rng, color):
    image = np.ascontiguousarray(_landscape(rng), np.float32)
    for draw_one, most in ((_house, 4), (_tree, 5)):
        for _ in range(int(rng.integers(0, most))):
            draw_one(image, rng)
    return cv2.GaussianBlur(image, (0, 0), 1.2)


def print_(rng, color):
    image = np.full((SIDE, SIDE, 3), rng.uniform(0.6, 0.95), np.float32)
    ink = rng.uniform(0, 0.5, 3)
    for row in range(20, SIDE - 20, int(rng.integers(10, 30))):
        length = int(rng.integers(40, SIDE - 40))
        line = slice(row, row + int(rng.integers(3, 9)))
        image[line, slice(20, 20 + length)] = ink
    if rng.uniform() < 0.6:
        image[120:210, 40:200] = _landscape(rng)[60:150, 40:200]
    return image


def spine(rng, color):
    """Return a book's cover: bands and the bars of a title."""
    image = np.full((SIDE, SIDE, 3), 1.0, np.float32) * np.asarray(color)
    ink = np.clip(np.asarray(color) + (0.5 if np.mean(color) < 0.4 else -0.4), 0, 1)
    for row in rng.integers(0, SIDE, int(rng.integers(0, 5))):
        image[slice(row, row + int(rng.integers(3, 30)))] = rng.uniform(0, 0.9, 3)
    top, left = int(rng.integers(20, 120)), int(rng.integers(60, 100))
    for row in range(top, top + int(rng.integers(30, 120)), 14):
        image[slice(row, row + 9), slice(left, left + int(rng.integers(40, 120)))] = ink
    return image


def keys(rng, color):
    """Return rows of keys with light marks."""
    y, x = np.mgrid[0:SIDE, 0:SIDE] / SIDE
    gap = (y * 5 % 1 < 0.12) | (x * 15 % 1 < 0.12)
    mark = (np.abs(y * 5 % 1 - 0.5) < 0.15) & (np.abs(x * 15 % 1 - 0.5) < 0.15)
    factor = np.where(gap, 0.4, 1.0)
    image = _shades(rng, color, factor)
    image[mark] = 0.7 if np.mean(color) < 0.3 else 0.1
    return image


PATTERNS = {
    'abstract': abstract,
    'brick': brick,
    'carpet': carpet,
    'dots': dots,
    'grain': grain,
    'keys': keys,
    'outside': outside,
    'parquet': parquet,
    'planks': planks,
    'plaster': plaster,
    'print': print_,
    'scene': scene,
    'screed': screed,
    'speckle': speckle,
    'spine': spine,
    'stains': stains,
    'stripes': stripes,
    'tiles': tiles,
    'weave': weave,
}


def draw(skin: Skin) -> np.ndarray:
    """Return the (SIDE, SIDE, 3) uint8 sRGB image of a skin that has a pattern."""
    linear = PATTERNS[skin.pattern](np.random.default_rng(skin.seed), skin.color)
    return np.rint(to_srgb(np.asarray(linear)) * 255).astype(np.uint8)
