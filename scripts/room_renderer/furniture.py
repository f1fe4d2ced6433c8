"""Pieces of furniture, each a list of solids about its own origin on the floor, front to -y."""

from __future__ import annotations

import dataclasses

import numpy as np

from .primitives import Primitive


def rgb(code: str) -> tuple[float, float, float]:
    """Return the linear reflectance of an sRGB colour code such as 'c8b090'."""
    value = np.frombuffer(bytes.fromhex(code), np.uint8) / 255
    return tuple(np.where(value < 0.04045, value / 12.92, ((value + 0.055) / 1.055) ** 2.4))


def turn(degrees: float, axis: str = 'z') -> np.ndarray:
    """Return the (3, 3) rotation about one axis."""
    c, s = np.cos(np.radians(degrees)), np.sin(np.radians(degrees))
    matrices = {
        'x': [[1, 0, 0], [0, c, -s], [0, s, c]],
        'y': [[c, 0, s], [0, 1, 0], [-s, 0, c]],
        'z': [[c, -s, 0], [s, c, 0], [0, 0, 1]],
    }
    return np.array(matrices[axis])


def put(group: list[Primitive], x: float, y: float, degrees: float = 0.0, z: float = 0.0):
    """Return the group turned about the vertical and moved to (x, y, z)."""
    rotation, shift = turn(degrees), np.array([x, y, z])
    return [
        dataclasses.replace(
            p,
            center=tuple(rotation @ p.center + shift),
            rotation=rotation @ p.rotation,
            seed=p.seed + x + 2 * y,
        )
        for p in group
    ]


def box(x, y, z, code, label, material='paint', **options) -> Primitive:
    """Return a box from three (low, high) spans in metres."""
    spans = np.array([x, y, z], float)
    shape = 'rounded' if options.get('radius') else 'box'
    center, half = tuple(spans.mean(1)), tuple((spans[:, 1] - spans[:, 0]) / 2)
    return Primitive(shape, center, half, rgb(code), label, material, **options)


def post(x, y, z, radius, code, label, material='paint', **options) -> Primitive:
    """Return an upright cylinder about (x, y) over the span z = (low, high)."""
    center, half = (x, y, (z[0] + z[1]) / 2), (radius, radius, (z[1] - z[0]) / 2)
    return Primitive('cylinder', center, half, rgb(code), label, material, **options)


def ball(x, y, z, half, code, label, material='paint', **options) -> Primitive:
    """Return an ellipsoid with the half axes `half`."""
    return Primitive('ellipsoid', (x, y, z), tuple(half), rgb(code), label, material, **options)


def legs(width, depth, height, side, code, label, material='wood') -> list[Primitive]:
    """Return four square legs at the corners of a width x depth rectangle."""
    h, x, y = side / 2, (width - side) / 2, (depth - side) / 2
    places = [(-x, -y), (-x, y), (x, -y), (x, y)]
    return [
        box((x - h, x + h), (y - h, y + h), (0, height), code, label, material) for x, y in places
    ]


def table(width, depth, height, code, label='table') -> list[Primitive]:
    """Return a wooden table with an apron."""
    w, d, t = width / 2, depth / 2, height - 0.03
    apron = (t - 0.08, t)
    return [
        box((-w, w), (-d, d), (t, height), code, label, 'polished', radius=0.008),
        box((-w + 0.06, w - 0.06), (-d + 0.05, -d + 0.07), apron, code, label, 'wood'),
        box((-w + 0.06, w - 0.06), (d - 0.07, d - 0.05), apron, code, label, 'wood'),
        box((-w + 0.05, -w + 0.07), (-d + 0.06, d - 0.06), apron, code, label, 'wood'),
        box((w - 0.07, w - 0.05), (-d + 0.06, d - 0.06), apron, code, label, 'wood'),
        *legs(width - 0.05, depth - 0.05, t, 0.055, code, label),
    ]


def chair(code='6b4526', seat='6e3a30') -> list[Primitive]:
    """Return a dining chair with a slatted back at +y and an upholstered seat."""
    slats = [
        box((x - 0.022, x + 0.022), (0.185, 0.20), (0.50, 0.84), code, 'chair', 'wood')
        for x in (-0.11, -0.037, 0.037, 0.11)
    ]
    return [
        box((-0.21, 0.21), (-0.21, 0.20), (0.40, 0.44), code, 'chair', 'wood'),
        box((-0.20, 0.20), (-0.205, 0.17), (0.43, 0.48), seat, 'chair', 'fabric', radius=0.02),
        box((-0.21, 0.21), (0.18, 0.205), (0.82, 0.92), code, 'chair', 'wood', radius=0.012),
        box((-0.21, -0.17), (0.17, 0.21), (0.0, 0.84), code, 'chair', 'wood'),
        box((0.17, 0.21), (0.17, 0.21), (0.0, 0.84), code, 'chair', 'wood'),
        box((-0.21, -0.175), (-0.21, -0.175), (0.0, 0.42), code, 'chair', 'wood'),
        box((0.175, 0.21), (-0.21, -0.175), (0.0, 0.42), code, 'chair', 'wood'),
        box((-0.18, 0.18), (-0.20, -0.18), (0.18, 0.21), code, 'chair', 'wood'),
        *slats,
    ]


def sofa(width=1.9, code='8a6a4c') -> list[Primitive]:
    """Return a sofa with two seat cushions, two back cushions and arms."""
    w = width / 2
    seat = w - 0.19
    parts = [
        box((-w + 0.02, w - 0.02), (-0.40, 0.44), (0.07, 0.30), code, 'sofa', 'fabric'),
        box((-w, w), (0.26, 0.47), (0.07, 0.80), code, 'sofa', 'fabric', radius=0.07),
        box((-w, -w + 0.21), (-0.44, 0.42), (0.06, 0.62), code, 'sofa', 'fabric', radius=0.085),
        box((w - 0.21, w), (-0.44, 0.42), (0.06, 0.62), code, 'sofa', 'fabric', radius=0.085),
    ]
    for k, (left, right) in enumerate(((-seat, -0.003), (0.003, seat))):
        span = {'radius': 0.055, 'seed': 0.7 * k}
        parts.append(box((left, right), (-0.46, 0.28), (0.27, 0.46), code, 'sofa', 'seam', **span))
        back = box((left, right), (0.06, 0.30), (0.40, 0.88), code, 'sofa', 'seam', **span)
        parts.append(dataclasses.replace(back, radius=0.09, rotation=turn(-12, 'x')))
    return parts


def cushion(x, y, z, code, lean=25.0, yaw=0.0, material='fabric', size=0.22) -> list[Primitive]:
    """Return a pillow that leans back by `lean` degrees."""
    rotation = turn(yaw) @ turn(-lean, 'x')
    half = (size, 0.075, size * 0.9)
    return [
        Primitive('rounded', (x, y, z), half, rgb(code), 'objects', material, rotation, 0.072, x)
    ]


def bed(width=1.2, length=2.0) -> list[Primitive]:
    """Return a bed with its head at +y, a plaid over the lower half and two pillows."""
    w, h = width / 2, length / 2
    wood, sheet = '70482a', 'd9d4c8'
    return [
        box((-w, w), (-h, h - 0.04), (0.14, 0.30), wood, 'bed', 'wood'),
        box((-w - 0.02, w + 0.02), (h - 0.05, h), (0, 0.98), wood, 'bed', 'wood', radius=0.02),
        *legs(width, length, 0.16, 0.07, wood, 'bed'),
        box(
            (-w + 0.02, w - 0.02),
            (-h + 0.01, h - 0.06),
            (0.29, 0.52),
            sheet,
            'bed',
            'fabric',
            radius=0.06,
        ),
        box(
            (-w - 0.01, w + 0.01),
            (-h - 0.01, h - 0.62),
            (0.26, 0.56),
            '5e7391',
            'bed',
            'fabric',
            radius=0.07,
        ),
        box(
            (-w - 0.025, w + 0.025),
            (-h - 0.02, -h + 0.62),
            (0.22, 0.575),
            '76795f',
            'bed',
            'checks',
            radius=0.07,
        ),
        box(
            (-w + 0.06, -0.02),
            (h - 0.46, h - 0.08),
            (0.50, 0.66),
            'e6e2d6',
            'objects',
            'fabric',
            radius=0.075,
        ),
        box(
            (0.02, w - 0.06),
            (h - 0.47, h - 0.09),
            (0.50, 0.65),
            'dcd6c2',
            'objects',
            'fabric',
            radius=0.07,
        ),
    ]


def shelf_frame(width, height, depth, boards, code) -> list[Primitive]:
    """Return an open bookcase with its back at +y."""
    w, d = width / 2, depth / 2
    sides = [
        box((s * w - 0.011, s * w + 0.011), (-d, d), (0, height), code, 'furniture', 'wood')
        for s in (-1, 1)
    ]
    levels = [
        box((-w, w), (-d, d), (z, z + 0.022), code, 'furniture', 'wood', seed=z) for z in boards
    ]
    back = box((-w, w), (d - 0.008, d), (0, height), code, 'furniture', 'wood')
    return [*sides, *levels, back]


SPINES = (
    '7b2d26 2f4858 33658a 86bbd8 c9a227 2d3a2e 5b3a29 d8d2c4 8f1d2c 1f1f24 3c6e71 b5541c'
    ' 4a4e69 9a8c98 e0c9a6 264653 6a994e 40312b'
).split()


def books(width, depth, z, height, rng, fill=1.0) -> list[Primitive]:
    """Return a row of upright books from the left over a `fill` share of the width."""
    row, x = [], -width / 2 + 0.012
    while x < (fill - 0.5) * width - 0.05:
        thick, tall = rng.uniform(0.016, 0.045), rng.uniform(0.62, 0.93) * height
        deep = rng.uniform(0.02, 0.06)
        code, seed = SPINES[rng.integers(len(SPINES))], float(rng.uniform(0, 9))
        span = (x, x + thick - 0.002)
        row.append(
            box(
                span,
                (-depth / 2 + deep, depth / 2 - 0.02),
                (z, z + tall),
                code,
                'books',
                'book',
                seed=seed,
            )
        )
        x += thick
    return row


def pile(x, y, z, sizes, rng) -> list[Primitive]:
    """Return books that lie on each other, each (length, width, thickness) and a bit askew."""
    stack = []
    for length, width, thick in sizes:
        code = SPINES[rng.integers(len(SPINES))]
        half = (length / 2, width / 2, thick / 2)
        rotation = turn(rng.uniform(-25, 25))
        place = (x, y, z + thick / 2)
        stack.append(
            Primitive('box', place, half, rgb(code), 'books', 'book', rotation, seed=x + z)
        )
        z += thick
    return stack


def curtain(x0, x1, z, code, rng) -> list[Primitive]:
    """Return hanging folds between x0 and x1."""
    folds, x = [], x0
    while x < x1:
        step = rng.uniform(0.035, 0.06)
        y = rng.uniform(-0.012, 0.012)
        fold = post(x + step / 2, y, z, step * 0.62, code, 'window', 'fabric', seed=x * 3)
        folds.append(dataclasses.replace(fold, half=(step * 0.62, 0.035, fold.half[2])))
        x += step
    return folds


def picture(width, height, frame, seed) -> list[Primitive]:
    """Return a framed print with its centre at z = 0."""
    w, h = width / 2, height / 2
    return [box((-w, w), (-0.012, 0.012), (-h, h), frame, 'picture', 'art', seed=seed)]


def lamp(height=1.55) -> list[Primitive]:
    """Return a floor lamp that is switched on."""
    shade = Primitive(
        'cylinder', (0, 0, height), (0.17, 0.17, 0.13), (0.95, 0.72, 0.46), 'objects', 'glow'
    )
    return [
        post(0, 0, (0, 0.025), 0.14, '2a2623', 'objects'),
        post(0, 0, (0.02, height - 0.13), 0.012, '2a2623', 'objects'),
        shade,
    ]


def plant(rng, leaves=26) -> list[Primitive]:
    """Return a potted plant of tilted leaves."""
    green = ('3f6b2e', '4f7d36', '2f5526', '64913f')
    parts = [
        post(0, 0, (0, 0.30), 0.15, 'b06a45', 'objects', 'fabric'),
        post(0, 0, (0.27, 0.305), 0.135, '33261c', 'objects', 'fabric'),
        post(0, 0, (0.3, 0.8), 0.012, '5b4a2c', 'objects'),
    ]
    for k in range(leaves):
        angle, up = 137.5 * k, rng.uniform(-10, 60)
        rotation = turn(angle) @ turn(-up, 'y')
        reach, height = rng.uniform(0.12, 0.27), 0.45 + 0.5 * k / leaves
        place = rotation @ np.array([reach, 0, 0]) + (0, 0, height)
        half = (rng.uniform(0.10, 0.17), rng.uniform(0.03, 0.05), 0.006)
        color = rgb(green[k % 4])
        parts.append(
            Primitive('ellipsoid', tuple(place), half, color, 'objects', 'leaf', rotation, seed=k)
        )
    return parts


def bottle(x, y, code, tall=0.26) -> list[Primitive]:
    """Return a bottle with a neck."""
    return [
        post(x, y, (0, tall * 0.62), 0.034, code, 'objects', 'lacquer'),
        ball(x, y, tall * 0.62, (0.034, 0.034, 0.035), code, 'objects', 'lacquer'),
        post(x, y, (tall * 0.6, tall), 0.013, code, 'objects', 'lacquer'),
    ]


def bouquet(rng, count=16) -> list[Primitive]:
    """Return cut flowers and leaves above the origin, the rim of their vase."""
    codes, parts = ('c0392b', 'd9a441', 'c25b7a', 'e0d8c8', '4f7d36', '3f6b2e'), []
    for k in range(count):
        angle, reach = np.radians(137.5 * k), 0.028 * k**0.5
        x, y, z = reach * np.cos(angle), reach * np.sin(angle), rng.uniform(0.06, 0.17) - reach / 2
        size = rng.uniform(0.018, 0.034)
        half = (size, size, 0.7 * size)
        parts.append(ball(x, y, z, half, codes[k % len(codes)], 'objects', 'leaf', seed=k))
        parts.append(post(x, y, (-0.02, z), 0.003, '3f6b2e', 'objects'))
    return parts


def laptop() -> list[Primitive]:
    """Return an open laptop."""
    lid = Primitive(
        'box',
        (0, 0.15, 0.11),
        (0.16, 0.004, 0.105),
        rgb('2b2d31'),
        'objects',
        'screen',
        turn(-18, 'x'),
    )
    return [box((-0.16, 0.16), (-0.11, 0.11), (0, 0.016), '8e9196', 'objects', 'lacquer'), lid]


def backpack(code='39505c') -> list[Primitive]:
    """Return a rucksack that stands on the floor."""
    return [
        box((-0.16, 0.16), (-0.09, 0.10), (0, 0.44), code, 'objects', 'fabric', radius=0.08),
        box((-0.12, 0.12), (-0.15, -0.05), (0.03, 0.24), code, 'objects', 'fabric', radius=0.045),
        box(
            (-0.03, 0.03), (-0.02, 0.02), (0.42, 0.49), '202226', 'objects', 'fabric', radius=0.015
        ),
    ]


def door(width=0.82, height=2.03) -> list[Primitive]:
    """Return a panelled door with its frame, the wall at y = 0 behind it."""
    w, white, leaf = width / 2, 'd8d2c4', 'cfc7b6'
    panels = [
        box((x0, x1), (-0.036, -0.02), z, 'd6cfbf', 'wall', 'lacquer', radius=0.006)
        for x0, x1 in ((-w + 0.1, -0.04), (0.04, w - 0.1))
        for z in ((0.22, 0.85), (1.02, height - 0.14))
    ]
    return [
        box((-w, w), (-0.03, 0), (0.006, height), leaf, 'wall', 'lacquer'),
        *panels,
        box((-w - 0.09, -w), (-0.045, 0), (0, height + 0.09), white, 'wall'),
        box((w, w + 0.09), (-0.045, 0), (0, height + 0.09), white, 'wall'),
        box((-w - 0.09, w + 0.09), (-0.047, 0), (height, height + 0.09), white, 'wall'),
        ball(-w + 0.06, -0.08, 0.98, (0.028, 0.028, 0.028), '9a8658', 'objects', 'lacquer'),
    ]


def television(width=1.0, height=0.58) -> list[Primitive]:
    """Return a flat television on its foot."""
    w = width / 2
    return [
        box((-0.16, 0.16), (-0.1, 0.1), (0, 0.02), '17171a', 'tv', 'lacquer'),
        box((-0.04, 0.04), (-0.01, 0.03), (0.02, 0.12), '17171a', 'tv'),
        box((-w, w), (-0.025, 0.03), (0.07, 0.07 + height), '121214', 'tv'),
        box(
            (-w + 0.018, w - 0.018), (-0.027, 0), (0.09, 0.052 + height), '0a0b0d', 'tv', 'screen'
        ),
    ]


def low_board(width=1.15, depth=0.42, height=0.46) -> list[Primitive]:
    """Return a television stand with two drawers beside an open compartment."""
    w, d, code = width / 2, depth / 2, '5a3a24'
    return [
        box((-w, w), (-d, d), (height - 0.03, height), code, 'furniture', 'polished'),
        box((-w, w), (-d, d), (0.05, 0.08), code, 'furniture', 'wood'),
        box((-w, -w + 0.02), (-d, d), (0.05, height), code, 'furniture', 'wood'),
        box((w - 0.02, w), (-d, d), (0.05, height), code, 'furniture', 'wood'),
        box((-w, w), (d - 0.02, d), (0.05, height), code, 'furniture', 'wood'),
        box((-w + 0.02, -0.02), (-d + 0.01, d), (0.09, 0.25), '6a4529', 'furniture', 'wood'),
        box((-w + 0.02, -0.02), (-d + 0.01, d), (0.26, 0.42), '6a4529', 'furniture', 'wood'),
        box((-0.02, 0), (-d + 0.02, d), (0.05, height), code, 'furniture', 'wood'),
        box((0.08, 0.46), (-0.14, 0.15), (0.08, 0.15), '1b1b1e', 'objects', 'lacquer'),
        ball(-w / 2, -d, 0.17, (0.02, 0.02, 0.02), '9a8658', 'furniture', 'lacquer'),
        ball(-w / 2, -d, 0.34, (0.02, 0.02, 0.02), '9a8658', 'furniture', 'lacquer'),
    ]
