"""The furnished room, its lights, and the path of the camera through it."""

from __future__ import annotations

import numpy as np

from . import furniture as f
from .furniture import box, post, put, rgb
from .lightmap import AreaLight
from .primitives import Primitive
from .scene import Camera, Scene

WIDTH, DEPTH, HEIGHT = 5.0, 4.5, 2.6
"""Inner size of the room in metres, along x, y and z."""

WINDOW = ((1.30, 2.40), (0.92, 2.12))
"""Spans of the window in the back wall along x and z, metres."""

SKY = (5.2, 5.6, 6.2)
"""Radiance by which the window lights the room; walls end up at about 0.1."""

VIEW = (1.7, 1.85, 2.1)
"""Radiance of the sky as the camera sees it: dimmer, so that trees show before it."""

DAY_BEHIND = (5.0, 5.0, 5.1)
"""Radiance of a second window behind the camera."""

CEILING_LAMP = (16.0, 12.5, 8.6)
FLOOR_LAMP = (9.0, 6.4, 3.6)
"""Radiance of the warm lamps; the floor lamp shines up and down out of its shade."""


def shell() -> list[Primitive]:
    """Return the empty room, which is seen from inside."""
    half = (WIDTH / 2, DEPTH / 2, HEIGHT / 2)
    return [Primitive('room', half, half, rgb('cdbf9f'), 'shell', 'shell')]


def fittings() -> list[list[Primitive]]:
    """Return what is fixed to the shell: skirting, window, door, ceiling lamp, switch."""
    low, white = (0, 0.09), 'd9d4c6'
    (x0, x1), (z0, z1) = WINDOW
    y = DEPTH
    skirting = [
        box((0, 3.93), (y - 0.016, y), low, white, 'wall', 'lacquer'),
        box((4.93, WIDTH), (y - 0.016, y), low, white, 'wall', 'lacquer'),
        box((0, 0.016), (0, y), low, white, 'wall', 'lacquer'),
        box((WIDTH - 0.016, WIDTH), (0, y), low, white, 'wall', 'lacquer'),
    ]
    bars = [
        box((x0 - 0.07, x0), (y - 0.05, y), (z0 - 0.07, z1 + 0.07), white, 'window'),
        box((x1, x1 + 0.07), (y - 0.05, y), (z0 - 0.07, z1 + 0.07), white, 'window'),
        box((x0 - 0.07, x1 + 0.07), (y - 0.05, y), (z1, z1 + 0.07), white, 'window'),
        box((x0 - 0.12, x1 + 0.12), (y - 0.16, y), (z0 - 0.05, z0), white, 'window', 'lacquer'),
        box((1.825, 1.875), (y - 0.035, y), (z0, z1), white, 'window'),
        box((x0, x1), (y - 0.03, y), (1.66, 1.69), white, 'window'),
    ]
    glass = Primitive(
        'box',
        ((x0 + x1) / 2, y - 0.005, (z0 + z1) / 2),
        ((x1 - x0) / 2, 0.005, (z1 - z0) / 2),
        VIEW,
        'window',
        'outdoors',
    )
    rod = Primitive(
        'cylinder',
        (1.85, y - 0.12, 2.27),
        (0.013, 0.013, 0.86),
        rgb('3a3029'),
        'window',
        'paint',
        f.turn(90, 'y'),
    )
    lamp = Primitive(
        'cylinder',
        (2.7, 2.35, HEIGHT - 0.05),
        (0.21, 0.21, 0.05),
        (5.0, 4.2, 3.1),
        'objects',
        'glow',
    )
    switch = box((3.74, 3.82), (y - 0.012, y), (1.08, 1.20), 'e2ded2', 'objects', 'lacquer')
    return [skirting, [glass, *bars, rod], [lamp], put(f.door(), 4.43, y), [switch]]


def curtains(rng) -> list[list[Primitive]]:
    """Return a curtain on either side of the window."""
    span, y = (0.06, 2.26), DEPTH - 0.12
    left = f.curtain(1.02, 1.42, span, 'a8826a', rng)
    right = f.curtain(2.30, 2.66, span, 'a8826a', rng)
    return [put(left, 0, y), put(right, 0, y)]


def lounge(rng) -> list[list[Primitive]]:
    """Return the sofa at the left wall, the rug, the coffee table and what lies about there."""
    rug = [box((1.05, 2.75), (1.55, 3.75), (0, 0.012), '6f3128', 'floor', 'rug')]
    things = [
        *f.pile(
            -0.25, 0.05, 0.43, [(0.30, 0.22, 0.03), (0.25, 0.18, 0.025), (0.2, 0.14, 0.03)], rng
        ),
        post(0.12, -0.12, (0.43, 0.52), 0.04, 'b9c4c0', 'objects', 'lacquer'),
        box((0.22, 0.42), (0.02, 0.16), (0.43, 0.445), '1c1c20', 'objects', 'lacquer'),
        *f.put(f.bottle(0.32, -0.1, '2e5a3a'), 0, 0, z=0.43),
    ]
    pillows = [
        *f.cushion(-0.52, -0.02, 0.63, '2f5d6b', 22, 12),
        *f.cushion(0.50, -0.03, 0.63, 'a8552a', 24, -14, 'checks'),
        *f.cushion(0.22, -0.10, 0.60, 'd2c3a0', 30, 8, size=0.19),
    ]
    throw = [
        box((0.66, 0.98), (-0.47, 0.30), (0.52, 0.645), 'c8b58c', 'objects', 'checks', radius=0.06)
    ]
    return [
        rug,
        put(f.sofa(), 0.50, 2.60, 90),
        put(pillows, 0.50, 2.60, 90),
        put(throw, 0.50, 2.60, 90),
        put(f.table(1.10, 0.58, 0.43, '8a5a34'), 1.85, 2.55, 86),
        put(things, 1.85, 2.55, 86),
    ]


def back_wall(rng) -> list[list[Primitive]]:
    """Return bookcase, plant, radiator, television and lamp along the back wall."""
    boards, width, depth = (0.06, 0.42, 0.76, 1.10, 1.42, 1.86), 0.86, 0.30
    case = put(f.shelf_frame(width, 1.882, depth, boards, '9a6b3f'), 0.52, DEPTH - 0.16)
    rows = []
    heights, fills = (0.33, 0.31, 0.31, 0.29, 0.40), (1, 0.75, 1, 0.6, 0.45)
    for z, room, fill in zip(boards[:-1], heights, fills, strict=True):
        row = f.books(width, depth, z + 0.022, room, rng, fill)
        rows.append(put(row, 0.52, DEPTH - 0.16))
    trinkets = [
        f.ball(0.72, DEPTH - 0.17, 1.52, (0.08, 0.08, 0.08), '3b6ea5', 'objects', 'lacquer'),
        box(
            (0.66, 0.88),
            (DEPTH - 0.28, DEPTH - 0.06),
            (0.442, 0.62),
            'b08d57',
            'objects',
            'fabric',
        ),
        post(0.78, DEPTH - 0.16, (1.122, 1.30), 0.06, 'c9c0ae', 'objects', 'lacquer'),
        box(
            (0.15, 0.55),
            (DEPTH - 0.28, DEPTH - 0.04),
            (1.882, 2.06),
            'a98458',
            'objects',
            'cardboard',
        ),
    ]
    fins = [
        box(
            (x, x + 0.05),
            (DEPTH - 0.11, DEPTH - 0.03),
            (0.14, 0.72),
            'd5d0c4',
            'objects',
            'lacquer',
            radius=0.015,
        )
        for x in np.arange(1.46, 2.22, 0.06)
    ]
    stand = put([*f.low_board(), *put(f.television(), 0, 0.02, z=0.46)], 3.20, DEPTH - 0.30)
    return [
        case, *rows, trinkets, fins, stand,
        put(f.plant(rng), 2.42, 3.98, 20),
        put(f.lamp(), 0.30, 3.86),
    ]  # fmt: skip


def pictures() -> list[list[Primitive]]:
    """Return the pictures on the left and back walls."""
    y = DEPTH - 0.013
    return [
        put(f.picture(0.78, 0.56, '3a2a1c', 1.3), 0.013, 2.15, 90, 1.62),
        put(f.picture(0.42, 0.54, '1d1c1b', 3.1), 0.013, 2.92, 90, 1.60),
        put(f.picture(0.40, 0.52, 'a58447', 5.2), 3.02, y, 0, 1.62),
        put(f.picture(0.30, 0.30, '1d1c1b', 7.7), 3.50, y, 0, 1.70),
        put(f.picture(0.30, 0.24, '1d1c1b', 0.4), 3.49, y, 0, 1.36),
        put(f.picture(0.80, 0.60, '54381f', 2.2), WIDTH - 0.013, 2.00, -90, 1.55),
    ]


def dining(rng) -> list[list[Primitive]]:
    """Return the dining table in the back right corner, its chairs and what stands on it."""
    top = 0.74
    things = [
        post(0.05, 0.02, (top, top + 0.20), 0.055, '7d95a3', 'objects', 'lacquer'),
        *f.put(f.bouquet(rng), 0.05, 0.02, z=top + 0.19),
        post(-0.30, -0.12, (top, top + 0.015), 0.12, 'd8d6cf', 'objects', 'lacquer'),
        post(0.32, -0.14, (top, top + 0.10), 0.036, 'b5443a', 'objects', 'lacquer'),
        *put(f.laptop(), 0.28, 0.10, 205, top),
        *f.put(f.bottle(-0.12, 0.16, '4a2c1a', 0.29), 0, 0, z=top),
    ]  # fmt: skip
    x, y = 4.12, 3.22
    return [
        put(f.table(1.05, 0.72, top, 'a06a3a'), x, y),
        put(things, x, y),
        put(f.chair(), x - 0.22, y - 0.50, 172),
        put(f.chair(), x + 0.42, y - 0.55, 200),
        put(f.chair(), x - 0.78, y + 0.05, 84),
    ]


def bedside(rng) -> list[list[Primitive]]:
    """Return the bed at the right wall with its near side to the camera, and boxes at its foot."""
    jumper = [
        box((-0.26, 0.24), (-0.17, 0.19), (0, 0.075), '6d7550', 'objects', 'fabric', radius=0.036),
        box((0.05, 0.42), (-0.22, -0.09), (0, 0.055), '6d7550', 'objects', 'fabric', radius=0.027),
    ]
    shoes = [
        box((x, x + 0.09), (-0.14, 0.14), (0, 0.085), '3b3530', 'objects', 'fabric', radius=0.04)
        for x in (-0.12, 0.03)
    ]
    carton = [box((-0.21, 0.21), (-0.16, 0.16), (0, 0.30), 'b28a5a', 'objects', 'cardboard')]
    upper = [box((-0.15, 0.15), (-0.11, 0.11), (0.30, 0.47), 'a47b4c', 'objects', 'cardboard')]
    return [
        put(f.bed(), 3.97, 1.62, -90),
        put(f.pile(0, 0, 0, [(0.22, 0.15, 0.025), (0.2, 0.14, 0.02)], rng), 3.42, 1.75, 35, 0.572),
        put(jumper, 3.95, 1.55, 25, 0.54),
        put(f.backpack(), 2.93, 3.83, -15),
        put(shoes, 2.55, 1.28, 20),
        put(carton, 3.02, 3.02, 24),
        put(upper, 3.02, 3.02, 9),
    ]


def furnished_room() -> tuple[Scene, list[AreaLight]]:
    """Return the scene and the rectangles that light it."""
    rng = np.random.default_rng(7)
    groups = [
        shell(), *fittings(), *curtains(rng), *lounge(rng), *back_wall(rng), *pictures(),
        *dining(rng), *bedside(rng),
    ]  # fmt: skip
    (x0, x1), (z0, z1) = WINDOW
    lights = [
        AreaLight(
            ((x0 + x1) / 2, DEPTH - 0.015, (z0 + z1) / 2),
            ((x1 - x0) / 2, 0, 0), (0, 0, (z1 - z0) / 2), SKY,
        ),
        AreaLight((1.9, 0.01, 1.6), (0, 0, 0.6), (0.9, 0, 0), DAY_BEHIND),
        AreaLight((2.7, 2.35, HEIGHT - 0.105), (0, 0.17, 0), (0.17, 0, 0), CEILING_LAMP),
        AreaLight((0.30, 3.86, 1.69), (0.11, 0, 0), (0, 0.11, 0), FLOOR_LAMP),
        AreaLight((0.30, 3.86, 1.41), (0, 0.11, 0), (0.11, 0, 0), FLOOR_LAMP),
    ]  # fmt: skip
    return Scene(groups), lights


def camera_path(frames: int, width: int, height: int) -> list[Camera]:
    """Return the cameras of a slow walk to the left that turns from the left to the right wall.

    Eye height is 1.3 m with the slight bob of a walking person, pitch about 8 degrees down.
    The focal length is 525 pixels at 640 wide, a Kinect's.
    """
    cameras = []
    for share in np.linspace(0, 1, frames):
        eased = 0.5 - 0.5 * np.cos(np.pi * share)
        position = (
            3.70 - 1.50 * eased,
            0.35 + 0.30 * np.sin(np.pi * share),
            1.32 + 0.012 * np.sin(12 * np.pi * share),
        )
        yaw = np.radians(-31 + 50 * eased)
        pitch = np.radians(-9 + 1.5 * np.sin(2 * np.pi * share))
        cameras.append(Camera(width, height, 525 * width / 640, position, yaw, pitch))
    return cameras
