"""Plan a room of a seed, and the rooms that are seen through its doorways."""

from __future__ import annotations

from dataclasses import replace
import math

import numpy as np
from rooms_app import doorways, shell, skins
from rooms_app.catalog import Model
from rooms_app.furnish import Decorator
from rooms_app.kinds import HOME, Kind, KINDS, PUBLIC
from rooms_app.plan import Doorway, Footprint, Opening, Plan
from rooms_app.shell import THICK

MOST_DOORWAYS = 3
LARGEST_ANNEX = (7.0, 9.0)
"""Metres along and behind the wall with the doorway."""
LAMP_PITCHES = (4.0, 9.0)
"""Metres between lamps of the rooms behind; each lamp more costs noise in all of the view."""


def room_kind(rng) -> str:
    """Draw a kind of room by the shares."""
    names = list(KINDS)
    shares = np.array([KINDS[name].share for name in names])
    return names[int(rng.choice(len(names), p=shares / shares.sum()))]


def _size(kind: Kind, rng):
    """Draw width, depth and height; either side may be the long one."""
    sides = [float(rng.uniform(*kind.short)), float(rng.uniform(*kind.long))]
    if rng.uniform() < 0.5:
        sides.reverse()
    return sides[0], sides[1], float(rng.uniform(*kind.height))


def plan_room(
    seed: int,
    models: list[Model],
    kind: str | None = None,
    files: dict[str, tuple[str, ...]] | None = None,
) -> Plan:
    """
    Return the furnished room of a seed; the same arguments give the same room.

    Args:
        seed: of the room.
        models: the catalogue, in a fixed order.
        kind: a name of `KINDS`; None draws one.
        files: textures by 'floor' and 'wall'.

    """
    rng = np.random.default_rng([seed, 1])
    name = kind or room_kind(rng)
    traits = KINDS[name]
    plan = Plan(name, seed, _size(traits, rng))
    decorator = Decorator(plan, models, rng)
    mood = str(rng.choice(['usual', 'lone lamp', 'window'], p=[0.8, 0.1, 0.1]))
    outside = skins.outside(rng, mood == 'lone lamp')
    openings = []
    if rng.uniform() < traits.opens:
        for _ in range(int(rng.integers(1, MOST_DOORWAYS + 1))):
            openings += open_doorway(decorator, files or {}, outside)
    shell.build_shell(plan, traits, rng, files or {}, openings)
    for _ in range(int(rng.integers(traits.doors[0], traits.doors[1] + 1))):
        shell.add_door(decorator.fitting)
    for _ in range(int(rng.integers(traits.windows[0], traits.windows[1] + 1))):
        shell.add_window(decorator.fitting, outside)
    for step, least, most in traits.steps:
        for _ in range(int(rng.integers(least, most + 1))):
            decorator.step(step)
    if rng.uniform() < 0.6:
        decorator.step('radiator')
    shell.add_pictures(decorator.fitting, int(rng.integers(0, 6)))
    shell.add_lamps(plan, rng, ceiling_light(decorator, mood))
    plan.ambient = float(rng.uniform(0.0, 0.05))
    return plan


def ceiling_light(decorator: Decorator, mood: str) -> float:
    """Return how strong the lamps at the ceiling are; 0 where another light is the only one."""
    rng, plan = decorator.rng, decorator.plan
    if mood == 'lone lamp' and shell.add_lone_lamp(decorator.fitting):
        return 0.0
    if mood == 'window' and plan.lights:
        return 0.0
    # From a room lit by what comes through the window to a glaring one.
    return float(rng.choice([0.15, 0.6, 1.0, 2.0], p=[0.15, 0.3, 0.4, 0.15]))


def open_doorway(host: Decorator, files: dict, outside, wall: int | None = None) -> list[Opening]:
    """
    Open a wall into a room that is planned behind it; return the opening, or none.

    A doorway in a given wall is in a room that is itself behind one: no third room follows.
    """
    opening, rng = doorways.draw_opening(host.fitting, wall), host.rng
    if opening is None:
        return []
    is_door = not opening.arch and opening.width <= 1.6
    leaf_in = str(rng.choice(['host', 'annex', 'none'], p=[0.3, 0.3, 0.4])) if is_door else 'none'
    annex = _annex(host, opening, leaf_in == 'annex')
    if annex is None:
        return []
    behind, openings = annex
    if wall is None and rng.uniform() < 0.4:
        openings += open_doorway(behind, files, outside, wall=2)
    _furnish_annex(behind, files, outside, openings)
    _join(host, opening, openings[0], behind.plan)
    if leaf_in == 'host':
        doorways.add_leaves(host.fitting, opening)
    doorways.hold(host.fitting, opening)
    if leaf_in != 'none' or (not opening.arch and rng.uniform() < 0.5):
        doorways.add_frame(host.fitting, opening, skins.paint(rng))
    return [opening]


def _annex(host, opening, has_leaf):
    """Return the decorator of an empty room behind an opening, and its entry; None: no place."""
    rng = host.rng
    near = HOME if host.plan.kind in HOME else PUBLIC
    kinds = [name for name in near if name != host.plan.kind]
    for _ in range(6):
        name = str(rng.choice(kinds))
        width, depth, height = _size(KINDS[name], rng)
        width, depth = min(width, LARGEST_ANNEX[0]), min(depth, LARGEST_ANNEX[1])
        margin = opening.width / 2 + 0.2
        if width < 2 * margin:
            continue
        plan = Plan(name, host.plan.seed, (width, depth, max(height, opening.height + 0.15)))
        entry = replace(opening, wall=0, s=float(rng.uniform(margin, width - margin)))
        outline = _outline(plan)
        plan.spaces = [outline]
        angle, shift = _way(host, opening, entry)
        placed = _turned(outline, angle, shift)
        taken = [_outline(host.plan), *host.plan.spaces, *host.others]
        if any(placed.meets(other) for other in taken):
            continue
        back = _point(-shift[0], -shift[1], -angle)
        behind = host.beside(plan, [_turned(other, -angle, back) for other in taken])
        if has_leaf:
            doorways.add_leaves(behind.fitting, entry)
        doorways.hold(behind.fitting, entry)
        return behind, [entry]
    return None


def _furnish_annex(decorator, files, outside, openings):
    """Build and furnish a room behind a doorway: less of all than where the cameras are."""
    plan, rng, traits = decorator.plan, decorator.rng, KINDS[decorator.plan.kind]
    shell.build_shell(plan, traits, rng, files, openings)
    if rng.uniform() < 0.4:
        shell.add_door(decorator.fitting)
    if rng.uniform() < 0.6:
        shell.add_window(decorator.fitting, outside)
    for step, least, _ in traits.steps:
        if step != 'partition' and rng.uniform() < (0.85 if least else 0.4):
            decorator.step(step)
    shell.add_pictures(decorator.fitting, int(rng.integers(0, 3)))
    if rng.uniform() < 0.75:
        brightness = float(rng.choice([0.3, 0.8, 1.5]))
        shell.add_lamps(plan, rng, brightness, LAMP_PITCHES)


def _outline(plan):
    """Return the floor of a room with its walls."""
    width, depth, _ = plan.size
    return Footprint(width / 2, depth / 2, width + 2 * THICK, depth + 2 * THICK)


def _way(host, opening, entry):
    """Return the yaw and shift that bring the room of an entry behind the host's opening."""
    wall = host.fitting.walls[opening.wall]
    angle = math.atan2(wall.normal[0], -wall.normal[1])
    x, y = wall.point(opening.s, -2 * THICK)
    c, s = math.cos(angle), math.sin(angle)
    return angle, (x - c * entry.s, y - s * entry.s)


def _turned(spot: Footprint, angle, shift) -> Footprint:
    (x, y) = _point(spot.x, spot.y, angle, shift)
    return Footprint(x, y, spot.width, spot.depth, spot.angle + angle)


def _point(x, y, angle, shift=(0.0, 0.0)):
    c, s = math.cos(angle), math.sin(angle)
    return c * x - s * y + shift[0], s * x + c * y + shift[1]


def _join(host, opening, entry, annex: Plan):
    """Add what is in a room behind an opening to the host's plan, where it is seen."""
    angle, shift = _way(host, opening, entry)
    plan = host.plan

    def moved(place):
        return (*_point(*place[:2], angle, shift), place[2])

    for solid in annex.solids:
        turned = replace(solid, center=moved(solid.center), angle=solid.angle + angle)
        plan.solids.append(turned)
    for placed in annex.models:
        x, y, _ = moved((placed.x, placed.y, placed.z))
        plan.models.append(replace(placed, x=x, y=y, angle=placed.angle + angle))
    for light in annex.lights:
        into = (*_point(*light.direction[:2], angle), light.direction[2])
        plan.lights.append(replace(light, position=moved(light.position), direction=into))
    plan.spaces += [_turned(outline, angle, shift) for outline in annex.spaces]
    x, y = host.fitting.walls[opening.wall].point(opening.s, 0.0)
    plan.doorways.append(Doorway(x, y, angle, opening.width, opening.height))
