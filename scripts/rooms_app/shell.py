"""The room itself: floor, walls, ceiling, doors, windows with curtains, pictures and lamps."""

from __future__ import annotations

import math
from typing import Sequence

from rooms_app import skins
from rooms_app.fitting import Fitting, TRIES, walls_of
from rooms_app.kinds import Kind
from rooms_app.plan import Footprint, Light, Opening, Plan, Skin, Solid

THICK = 0.1
"""Metres of walls, floor and ceiling; only their inner faces are seen."""
GLARING = 6.0
"""Brightness of a window up to which the light that it gives grows with it."""
PUBLIC = ('office', 'corridor', 'hall', 'workshop', 'lobby')


def build_shell(
    plan: Plan,
    kind: Kind,
    rng,
    files: dict[str, tuple[str, ...]],
    openings: Sequence[Opening] = (),
) -> None:
    """Add floor, ceiling, walls with their openings and most often baseboards."""
    width, depth, height = plan.size
    outer = (width + 2 * THICK, depth + 2 * THICK, THICK)
    middle = (width / 2, depth / 2)
    floor = skins.floor(rng, str(rng.choice(kind.floors)), files.get('floor', ()))
    ceiling = skins.ceiling(rng, plan.kind in PUBLIC)
    plan.solids.append(Solid('box', (*middle, -THICK / 2), outer, 'floor', floor))
    plan.solids.append(Solid('box', (*middle, height + THICK / 2), outer, 'ceiling', ceiling))
    name = str(rng.choice(kind.walls))
    common = skins.wall(rng, name, files.get('wall', ()))
    for number, box in _ring(width, depth, THICK, 0, height):
        skin = common if rng.uniform() < 0.8 else skins.wall(rng, 'plaster')
        _add_wall(plan, number, box, skin, openings)
    if rng.uniform() < 0.7:
        skin = skins.paint(rng)
        for number, box in _ring(width, depth, -0.014, 0, float(rng.uniform(0.05, 0.14))):
            plan.solids += pieces(number, box, skin, openings)


def _add_wall(plan, number, box, skin, openings):
    """Add what the openings leave of a wall, with the bows of the arches."""
    plan.solids += pieces(number, box, skin, openings)
    wall = walls_of(*plan.size[:2])[number]
    for opening in openings:
        if opening.wall == number and opening.arch:
            z = opening.height - opening.arch / 2
            center = (*wall.point(opening.s, -THICK / 2), z)
            size = (opening.width, THICK, opening.arch)
            plan.solids.append(Solid('arch', center, size, 'wall', skin, wall.angle))


def pieces(number: int, box, skin: Skin, openings: Sequence[Opening]) -> list[Solid]:
    """Return the boxes that openings leave of one along wall `number`: (centre, size)."""
    center, size = box
    axis = 0 if number % 2 == 0 else 1
    start, end = center[axis] - size[axis] / 2, center[axis] + size[axis] / 2
    bottom, top = center[2] - size[2] / 2, center[2] + size[2] / 2
    spans, at = [], start
    for hole in sorted((o for o in openings if o.wall == number), key=lambda o: o.s):
        left, right = hole.s - hole.width / 2, hole.s + hole.width / 2
        spans += [(at, left, bottom), (left, right, max(hole.height, bottom))]
        at = right
    spans.append((at, end, bottom))
    made = []
    for left, right, low in spans:
        if right - left < 1e-4 or top - low < 1e-4:
            continue
        where, extent, shift = list(center), list(size), [0.0, 0.0, low - bottom]
        where[axis], extent[axis], shift[axis] = (left + right) / 2, right - left, left - start
        where[2], extent[2] = (low + top) / 2, top - low
        part = Solid('box', tuple(where), tuple(extent), 'wall', skin, shift=tuple(shift))
        made.append(part)
    return made


def _ring(width, depth, thick, bottom, top):
    """Return number, centre and size of four walls; a negative thickness is inside."""
    size, z, tall = abs(thick), (bottom + top) / 2, top - bottom
    return [
        (3, ((-thick / 2, depth / 2, z), (size, depth, tall))),
        (1, ((width + thick / 2, depth / 2, z), (size, depth, tall))),
        (0, ((width / 2, -thick / 2, z), (width, size, tall))),
        (2, ((width / 2, depth + thick / 2, z), (width, size, tall))),
    ]


def on_wall(fitting: Fitting, number: int, s, z, off, size, label, skin, shape='box') -> None:
    """Add a solid before a wall: `s` along, `z` up, its middle `off` metres away."""
    wall = fitting.walls[number]
    x, y = wall.point(s, off)
    fitting.plan.solids.append(Solid(shape, (x, y, z), size, label, skin, wall.angle))


def stretch(fitting: Fitting, width: float, z0: float, z1: float, wall: int | None = None):
    """Return (wall, s) of a free stretch of any wall, or of the given one, or None."""
    rng = fitting.rng
    for _ in range(TRIES):
        number = int(rng.integers(4)) if wall is None else wall
        length = fitting.walls[number].length
        if length < width + 0.2:
            continue
        s = float(rng.uniform(width / 2 + 0.1, length - width / 2 - 0.1))
        if fitting.is_wall_free(number, s - width / 2, s + width / 2, z0, z1):
            return number, s
    return None


def add_door(fitting: Fitting) -> None:
    """Add a closed door with its frame, and keep the floor before it free."""
    rng = fitting.rng
    width, height = float(rng.choice([0.8, 0.9, 1.0, 1.6])), 2.05
    found = stretch(fitting, width + 0.2, 0, height + 0.1)
    if not found:
        return
    number, s = found
    frame, leaf = skins.paint(rng), skins.wood(rng)
    for side in (-1, 1):
        center = s + side * (width / 2 + 0.035)
        on_wall(fitting, number, center, height / 2, 0.02, (0.07, 0.05, height), 'wall', frame)
    top = (width + 0.14, 0.05, 0.07)
    on_wall(fitting, number, s, height + 0.035, 0.02, top, 'wall', frame)
    leaves = (-1, 1) if width > 1.2 else (0,)
    for side in leaves:
        _leaf(fitting, number, s + side * width / 4, width / len(leaves), height, leaf)
    fitting.take_wall(number, s - width / 2 - 0.1, s + width / 2 + 0.1, 0, height + 0.1)
    x, y = fitting.walls[number].point(s, 0.42)
    fitting.take_floor(Footprint(x, y, width, 0.8, fitting.walls[number].angle))


def _leaf(fitting, number, s, width, height, skin):
    """Add a leaf with panels and a handle; all of it is wall, as NYU's 13 classes have it."""
    rng = fitting.rng
    leaf = (width - 0.01, 0.03, height)
    on_wall(fitting, number, s, height / 2, 0.012, leaf, 'wall', skin)
    if rng.uniform() < 0.5:
        for z, tall in ((height * 0.3, height * 0.38), (height * 0.73, height * 0.4)):
            panel = (width * 0.66, 0.02, tall)
            on_wall(fitting, number, s, z, 0.024, panel, 'wall', skin)
    handle = s + width * 0.4
    on_wall(fitting, number, handle, 1.02, 0.06, (0.12, 0.025, 0.025), 'wall', skins.metal(rng))


def add_window(fitting: Fitting, outside: Skin) -> None:
    """Add a window that glows with the day, its frame, curtains or blinds, and its light."""
    rng, ceiling = fitting.rng, fitting.plan.size[2]
    width = float(rng.uniform(0.7, 2.4))
    sill = float(rng.choice([rng.uniform(0.7, 1.1), rng.uniform(0.05, 0.4)], p=[0.8, 0.2]))
    top = min(sill + float(rng.uniform(1.0, 2.0)), ceiling - 0.15)
    found = stretch(fitting, width + 0.3, sill - 0.1, top + 0.12)
    if not found or top - sill < 0.5:
        return
    number, s = found
    middle, tall = (sill + top) / 2, top - sill
    on_wall(fitting, number, s, middle, 0.004, (width, 0.01, tall), 'window', outside, 'panel')
    _frame(fitting, number, s, middle, width, tall)
    fitting.take_wall(number, s - width / 2 - 0.1, s + width / 2 + 0.1, sill - 0.1, top + 0.12)
    _dress(fitting, number, s, sill, top, width)
    _daylight(fitting, number, s, middle, (width, tall), outside)


def _frame(fitting, number, s, z, width, tall):
    rng = fitting.rng
    skin, bar = skins.paint(rng), float(rng.uniform(0.04, 0.08))
    bars = int(rng.integers(2, 5))
    for k in range(bars):
        at = s + width * (k / (bars - 1) - 0.5)
        on_wall(fitting, number, at, z, 0.025, (bar, 0.05, tall), 'window', skin)
    for side in (-0.5, 0.5):
        size = (width + bar, 0.06, bar)
        on_wall(fitting, number, s, z + side * tall, 0.03, size, 'window', skin)
    if rng.uniform() < 0.5:
        size = (width + 0.16, 0.14, 0.03)
        on_wall(fitting, number, s, z - tall / 2 - 0.03, 0.07, size, 'window', skin)


def _dress(fitting, number, s, sill, top, width):
    """Add curtains at both sides, a blind, or neither."""
    rng = fitting.rng
    choice = rng.uniform()
    if choice < 0.45:
        low = 0.03 if rng.uniform() < 0.6 else max(sill - 0.15, 0.03)
        high = min(top + 0.15, fitting.plan.size[2] - 0.03)
        cover = float(rng.uniform(0.15, 0.5)) * width + 0.12
        skin = skins.cloth(rng)
        for side in (-1, 1):
            at = s + side * (width / 2 + 0.12 - cover / 2)
            near, far = at - cover / 2, at + cover / 2
            wall = fitting.walls[number]
            if (
                near < 0
                or far > wall.length
                or not fitting.is_wall_free(number, near, far, 0, low)
            ):
                continue
            size = (cover, 0.09, high - low)
            z = (low + high) / 2
            on_wall(fitting, number, at, z, 0.11, size, 'window', skin, 'curtain')
            fitting.take_wall(number, near, far, low, high)
            x, y = wall.point(at, 0.1)
            fitting.take_floor(Footprint(x, y, cover, 0.2, wall.angle))
    elif choice < 0.65:
        skin, part = skins.paint(rng), float(rng.uniform(0.2, 0.9)) * (top - sill)
        count = max(2, int(part / 0.05))
        for k in range(count):
            z = top - part * (k + 0.5) / count
            size = (width, 0.03, part / count * 0.6)
            on_wall(fitting, number, s, z, 0.07, size, 'window', skin)


def _daylight(fitting, number, s, z, size, outside):
    """Add the light that the window gives, and sometimes a beam of sun."""
    rng, wall = fitting.rng, fitting.walls[number]
    x, y = wall.point(s, 0.16)
    # Brighter days than this overexpose the window, not the room: their light is not all let in.
    power = min(outside.glow, GLARING) * size[0] * size[1] * 9
    tone = (0.85, 0.93, 1.0) if rng.uniform() < 0.7 else (1.0, 0.95, 0.85)
    into = (*wall.normal, -0.15)
    fitting.plan.lights.append(Light((x, y, z), into, size, power, tone, 2.8))
    if outside.glow > 1 and rng.uniform() < 0.45:
        slant = float(rng.uniform(-0.6, 0.6))
        into = tuple(n + slant * a for n, a in zip(wall.normal, wall.along))
        beam = (*into, -float(rng.uniform(0.4, 1.3)))
        sun = (1.0, 0.9, 0.72)
        fitting.plan.lights.append(Light((x, y, z), beam, size, power * 4, sun, 0.12))


def add_pictures(fitting: Fitting, count: int) -> None:
    """Hang pictures where walls are free, in frames or as posters."""
    rng = fitting.rng
    for _ in range(count):
        width, tall = float(rng.uniform(0.2, 1.1)), float(rng.uniform(0.2, 0.9))
        z = float(rng.uniform(1.35, 1.75))
        found = stretch(fitting, width + 0.1, z - tall / 2 - 0.05, z + tall / 2 + 0.05)
        if not found or z + tall / 2 > fitting.plan.size[2] - 0.1:
            continue
        number, s = found
        thick = 0.006
        if rng.uniform() < 0.75:
            size = (width + 0.06, 0.025, tall + 0.06)
            on_wall(fitting, number, s, z, 0.0125, size, 'picture', skins.wood(rng))
            thick = 0.032
        shown = skins.picture(rng)
        on_wall(fitting, number, s, z, thick / 2, (width, thick, tall), 'picture', shown, 'panel')
        fitting.take_wall(number, s - width / 2, s + width / 2, z - tall / 2, z + tall / 2)


def add_lamps(plan: Plan, rng, brightness: float, pitches=(2.2, 4.2)) -> None:
    """Hang lamps on a grid under the ceiling, `pitches` metres apart: panels, tubes or globes."""
    width, depth, height = plan.size
    pitch = float(rng.uniform(*pitches))
    columns, rows = max(1, round(width / pitch)), max(1, round(depth / pitch))
    shape = str(rng.choice(['panel', 'tube', 'globe', 'flush']))
    warmth = float(rng.uniform(0, 1))
    color = (1.0, 0.97 - 0.27 * warmth, 0.95 - 0.55 * warmth)
    power = brightness * width * depth * 6 / (columns * rows) * (height / 2.5)
    off = float(rng.uniform(0, 0.5)) if columns * rows > 2 else 0.0
    for i in range(columns):
        for j in range(rows):
            x, y = (i + 0.5) * width / columns, (j + 0.5) * depth / rows
            is_on = rng.uniform() >= off and brightness > 0
            z = _fixture(plan, rng, shape, x, y, height, color if is_on else None)
            if is_on:
                size = (0.5, 0.5) if shape != 'tube' else (0.15, 1.1)
                plan.lights.append(Light((x, y, z - 0.04), (0, 0, -1), size, power, color))


def _fixture(plan, rng, shape, x, y, height, color):
    """Add the lamp's body; return the height of its lower end."""
    glow = 2.5 if color else 0.0
    skin = Skin('plain', color or (0.8, 0.8, 0.8), roughness=0.5, glow=glow)
    kind, size, drop = {
        'panel': ('box', (0.6, 0.6, 0.02), 0.0),
        'tube': ('box', (0.16, 1.2, 0.07), 0.0),
        'globe': ('cylinder', (0.3, 0.3, 0.22), min(float(rng.uniform(0.2, 0.7)), height - 2.2)),
        'flush': ('cylinder', (0.34, 0.34, 0.1), 0.0),
    }[shape]
    drop = max(drop, 0.0)
    z = height - drop - size[2] / 2 - 0.001
    plan.solids.append(Solid(kind, (x, y, z), size, 'objects', skin))
    if drop > 0.02:
        cord = (0.02, 0.02, drop)
        black = Skin('plain', (0.05, 0.05, 0.05))
        plan.solids.append(Solid('cylinder', (x, y, height - drop / 2), cord, 'objects', black))
    return z - size[2] / 2


def add_lone_lamp(fitting: Fitting) -> bool:
    """Stand a floor lamp as the only light, if there is place; return whether there was."""
    rng, plan = fitting.rng, fitting.plan
    tall, wide = float(rng.uniform(1.2, 1.7)), float(rng.uniform(0.25, 0.42))
    for _ in range(4 * TRIES):
        x, y = fitting.spot(0.3)
        spot = Footprint(x, y, wide, wide)
        if not fitting.is_free(spot, tall + 0.1):
            continue
        fitting.take(spot, tall + 0.1)
        warm = (1.0, 0.78, float(rng.uniform(0.4, 0.6)))
        shade, rod = Skin('plain', warm, roughness=0.9, glow=8.0), skins.metal(rng)
        for size, z, skin in (
            ((0.26, 0.26, 0.03), 0.015, rod),
            ((0.025, 0.025, tall), tall / 2, rod),
            ((wide, wide, 0.26), tall - 0.05, shade),
        ):
            plan.solids.append(Solid('cylinder', (x, y, z), size, 'objects', skin))
        power = float(rng.uniform(15, 45))
        for z, way in ((tall + 0.1, 1), (tall - 0.2, -1)):
            area = (wide * 0.8, wide * 0.8)
            plan.lights.append(Light((x, y, z), (0, 0, way), area, power / 2, warm))
        return True
    return False


def add_columns(fitting: Fitting, count: int) -> None:
    """Stand columns from floor to ceiling."""
    height, rng = fitting.plan.size[2], fitting.rng
    skin, side = skins.wall(rng, 'plaster'), float(rng.uniform(0.25, 0.6))
    shape = str(rng.choice(['box', 'cylinder']))
    for _ in range(count):
        x, y = fitting.spot(0.8)
        spot = Footprint(x, y, side, side)
        if fitting.is_free(spot.grown(0.5), height - 0.1):
            fitting.take(spot, height)
            size = (side, side, height)
            fitting.plan.solids.append(Solid(shape, (x, y, height / 2), size, 'wall', skin))


def add_partition(fitting: Fitting) -> None:
    """Build a wall that ends in the room, so that the room has corners that stand out."""
    rng, (width, depth, height) = fitting.rng, fitting.plan.size
    number = int(rng.integers(4))
    wall = fitting.walls[number]
    reach = float(rng.uniform(0.8, 0.5 * (depth if number % 2 == 0 else width)))
    s = float(rng.uniform(0.25, 0.75)) * wall.length
    x, y = wall.point(s, reach / 2)
    thick = float(rng.uniform(0.1, 0.3))
    spot = Footprint(x, y, thick, reach, wall.angle)
    if reach > 0.8 and fitting.is_free(spot, height - 0.1):
        fitting.take(spot, height)
        size = (thick, reach, height)
        skin = skins.wall(rng, 'plaster')
        fitting.plan.solids.append(
            Solid('box', (x, y, height / 2), size, 'wall', skin, wall.angle % math.pi)
        )
