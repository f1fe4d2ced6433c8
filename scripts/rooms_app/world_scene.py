"""Views of a world: a glTF file in Blender, lit at random, with cameras over its floors."""

from __future__ import annotations

import math
from pathlib import Path

import bpy
from mathutils import Vector
import numpy as np
from rooms_app import build
from rooms_app.cameras import Camera, draw_camera, draw_height
from rooms_app.classes import class_of_part, CLASSES, index
from rooms_app.failure import RoomsFailure
from rooms_app.plan import Light

PITCH = 2.6
"""Metres between lamps."""
DOWN, UP = Vector((0, 0, -1)), Vector((0, 0, 1))
HEADROOM = 1.9
"""Metres that are free above a floor that cameras and lamps are put over."""
HIGHEST = 20.0
"""Metres; what is above is sky, not building."""


def load(path: Path, rng: np.random.Generator) -> np.ndarray:
    """Read a world into an empty scene, label and light it; return its (2, 3) bounds in metres."""
    try:
        bpy.ops.import_scene.gltf(filepath=str(path))
    except RuntimeError as error:
        raise RoomsFailure(f'{path}: {str(error).strip().splitlines()[-1]}') from error
    things = [thing for thing in bpy.data.objects if thing.type == 'MESH']
    if not things:
        raise RoomsFailure(f'{path} has no mesh: give another world')
    for thing in things:
        thing.pass_index = index(_class_of(thing)) + 1
    bpy.context.view_layer.update()
    corners = np.array(
        [thing.matrix_world @ Vector(c) for thing in things for c in thing.bound_box]
    )
    inside = corners[corners[:, 2] < HIGHEST]
    bounds = np.array([inside.min(0), inside.max(0)])
    build.set_ambient(float(rng.uniform(0.1, 1.0)))
    _add_lamps(bounds, rng)
    return bounds


def _class_of(thing):
    """Return the class that our own worlds carry in the name, else the one that names tell."""
    name = thing.name.split('::')[0]
    if name in CLASSES:
        return name
    parents = [thing.name]
    while thing.parent:
        thing = thing.parent
        parents.append(thing.name)
    return class_of_part(parents)


def cast(start: Vector, direction: Vector, distance: float = 100.0):
    """Return (hit, where, normal, object) of a ray."""
    graph = bpy.context.evaluated_depsgraph_get()
    hit, where, normal, _, thing, _ = bpy.context.scene.ray_cast(
        graph, start, direction, distance=distance
    )
    return hit, where, normal, thing


def floors_at(x: float, y: float, top: float) -> list[float]:
    """Return the heights of the floors at a point, on each of which a man could stand."""
    floors: list[float] = []
    above = top + 1.0
    start = above
    for _ in range(24):
        hit, where, normal, thing = cast(Vector((x, y, start)), DOWN)
        if not hit:
            break
        # Faces of some worlds look down: either side counts.
        is_floor = abs(normal.z) > 0.7 and CLASSES[thing.pass_index - 1] == 'floor'
        if is_floor and above - where.z > HEADROOM:
            floors.append(where.z)
        above, start = where.z, where.z - 0.01
    return floors


def _add_lamps(bounds, rng):
    """Hang lamps under the ceilings, or at 2.6 m where there is none; some are off."""
    bpy.context.view_layer.update()
    warmth, power = float(rng.uniform(0, 1)), float(rng.uniform(20, 120))
    color = (1.0, 1 - 0.25 * warmth, 1 - 0.5 * warmth)
    for x in np.arange(bounds[0, 0] + 1, bounds[1, 0], PITCH):
        for y in np.arange(bounds[0, 1] + 1, bounds[1, 1], PITCH):
            for floor in floors_at(x, y, bounds[1, 2]):
                hit, where, _, _ = cast(Vector((x, y, floor + 1.2)), UP)
                height = min(where.z - floor - 0.05, 4.0) if hit else 2.6
                if rng.uniform() < 0.6:
                    at = (float(x), float(y), float(floor + height))
                    build.add_light(Light(at, (0, 0, -1), (0.6, 0.6), power, color))


def world_drawer(bounds: np.ndarray, rng, size: tuple[int, int], heights: dict):
    """Return a function that draws cameras; `heights` takes each one's height over the floor."""

    def draw(near: bool = False) -> Camera | None:
        x, y = (float(rng.uniform(low + 0.3, high - 0.3)) for low, high in bounds.T[:2])
        floors = floors_at(x, y, float(bounds[1, 2]))
        if not floors:
            return None
        floor = floors[int(rng.integers(len(floors)))]
        height = draw_height(rng, 2.4)
        apart = 0.12 if near else 0.25
        eye = Vector((x, y, floor + height))
        for angle in np.arange(8) * math.pi / 4:
            hit, where, _, _ = cast(eye, Vector((math.cos(angle), math.sin(angle), 0)), apart)
            if hit:
                return None
        camera = draw_camera(rng, (x, y), height, size)
        camera = Camera(*size, camera.focal, tuple(eye), camera.yaw, camera.pitch, camera.roll)
        heights[camera.position] = height
        return camera

    return draw
