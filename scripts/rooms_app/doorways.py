"""Doorways that are open: their holes, frames and leaves that stand ajar."""

from __future__ import annotations

import math

from rooms_app import skins
from rooms_app.fitting import Fitting, TRIES
from rooms_app.plan import Footprint, Opening, Solid
from rooms_app.shell import on_wall, stretch, THICK

JAMB, CASING = 0.03, 0.08
"""Metres of the frame within and around the hole."""
LEAF = 0.04
"""Metres; a leaf's thickness."""


def draw_opening(fitting: Fitting, wall: int | None = None) -> Opening | None:
    """Return a free place for a door's hole, an arch or an open part of a wall, or None."""
    rng, ceiling = fitting.rng, fitting.plan.size[2]
    kind = str(rng.choice(['door', 'arch', 'open'], p=[0.65, 0.15, 0.2]))
    width, height, bow = float(rng.uniform(0.8, 1.0)), float(rng.uniform(2.0, 2.2)), 0.0
    if kind == 'door' and rng.uniform() < 0.3:
        width = float(rng.uniform(1.2, 1.6))
    elif kind == 'arch':
        width, height = float(rng.uniform(1.0, 2.2)), float(rng.uniform(2.1, 2.5))
        bow = width / 2 * float(rng.uniform(0.4, 1.0))
    elif kind == 'open':
        width, height = float(rng.uniform(1.4, 3.5)), float(rng.uniform(2.1, 2.8))
    height = min(height, ceiling - 0.12)
    found = stretch(fitting, width + 0.2, 0, height + 0.1, wall)
    return Opening(*found, width, height, bow) if found else None


def hold(fitting: Fitting, opening: Opening) -> None:
    """Keep the wall and the floor at an opening free."""
    reach = opening.width / 2 + 0.1
    span = (opening.s - reach, opening.s + reach)
    fitting.take_wall(opening.wall, *span, 0, opening.height + 0.1)
    wall = fitting.walls[opening.wall]
    x, y = wall.point(opening.s, 0.45)
    fitting.take_floor(Footprint(x, y, opening.width, 0.9, wall.angle))


def add_frame(fitting: Fitting, opening: Opening, skin) -> None:
    """Line the hole through both walls, of this room and of the one behind it."""
    deep, wide = 2 * THICK + 0.03, JAMB + CASING
    for side in (-1, 1):
        s = opening.s + side * (opening.width / 2 + (CASING - JAMB) / 2)
        size = (wide, deep, opening.height)
        on_wall(fitting, opening.wall, s, opening.height / 2, -THICK, size, 'wall', skin)
    z = opening.height + (CASING - JAMB) / 2
    size = (opening.width + 2 * CASING, deep, wide)
    on_wall(fitting, opening.wall, opening.s, z, -THICK, size, 'wall', skin)


def add_leaves(fitting: Fitting, opening: Opening) -> None:
    """Hang a leaf, or two in a wide hole, ajar into the room wherever there is place."""
    rng, skin = fitting.rng, skins.wood(fitting.rng)
    sides = (-1, 1) if opening.width > 1.15 else (int(rng.choice([-1, 1])),)
    length = (opening.width - 2 * JAMB) / len(sides) - 0.01
    has_panels = rng.uniform() < 0.5
    for side in sides:
        for _ in range(TRIES):
            spot = _swung(fitting, opening, side, length, math.radians(rng.uniform(15, 115)))
            if fitting.is_free(spot, opening.height):
                fitting.take(spot, opening.height)
                fitting.plan.solids += leaf(spot, opening.height, skin, has_panels, rng)
                break


def _swung(fitting, opening, side, length, angle):
    """Return the footprint of a leaf that is open by an angle; its hinge is at -x of it."""
    wall = fitting.walls[opening.wall]
    x, y = wall.point(opening.s + side * (opening.width / 2 - JAMB), LEAF / 2 + 0.002)
    along, into = -side * math.cos(angle), math.sin(angle)
    dx, dy = (along * a + into * n for a, n in zip(wall.along, wall.normal))
    yaw = math.atan2(dy, dx)
    return Footprint(x + dx * length / 2, y + dy * length / 2, length, LEAF, yaw)


def leaf(spot: Footprint, height: float, skin, has_panels: bool, rng) -> list[Solid]:
    """Return a leaf on its footprint, its panels and its handle."""
    c, s = math.cos(spot.angle), math.sin(spot.angle)

    def part(u, z, size, skin):
        return Solid('box', (spot.x + c * u, spot.y + s * u, z), size, 'wall', skin, spot.angle)

    made = [part(0, height / 2 - 0.01, (spot.width, LEAF, height - 0.03), skin)]
    if has_panels:
        for z, tall in ((height * 0.3, height * 0.38), (height * 0.73, height * 0.4)):
            made.append(part(0, z, (spot.width * 0.66, LEAF + 0.02, tall), skin))
    handle = (0.12, LEAF + 0.09, 0.025)
    made.append(part(spot.width / 2 - 0.11, 1.02, handle, skins.metal(rng)))
    return made
