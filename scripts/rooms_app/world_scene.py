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
    corners = np.array([thing.matrix_world @ Vector(c) for thing in things for c in thing.bound_box])
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


def _add_lamps(bounds, rng):
    """Hang lamps under the ceilings, or at 2.6 m where there is none; some are off."""
    bpy.context.view_layer.update()
    warmth, power = float(rng.uniform(0, 1)), float(rng.uniform(20, 120))
    color = (1.0, 1 - 0.25 * warmth, 1 - 0.5 * warmth)
    base = bounds[0, 2]
    for x in np.arange(bounds[0, 0] + 1, bounds[1, 0], PITCH):
        for y in np.arange(bounds[0, 1] + 1, bounds[1, 1], PITCH):
            hit, where, _, _ = cast(Vector((x, y, base + 1.2)), UP)
            height = min(where.z - base - 0.05, 4.0) if hit else 2.6
            if height > 1.9 and rng.uniform() < 0.6:
                size = (0.6, 0.6)
                at = (float(x), float(y), float(base + height))
                build.add_light(Light(at, (0, 0, -1), size, power, color))


def floor_below(x: float, y: float, base: float) -> float | None:
    """Return the height of the floor at a point, None where there is none or a thing is on it."""
    hit, where, normal, thing = cast(Vector((x, y, base + 2.1)), DOWN)
    if not hit or normal.z < 0.7 or CLASSES[thing.pass_index - 1] != 'floor':
        return None
    return where.z


def world_drawer(bounds: np.ndarray, rng, size: tuple[int, int], heights: dict):
    """Return a function that draws cameras; `heights` takes each one's height over the floor."""

    def draw() -> Camera | None:
        x, y = (float(rng.uniform(low + 0.3, high - 0.3)) for low, high in bounds.T[:2])
        floor = floor_below(x, y, float(bounds[0, 2]))
        if floor is None:
            return None
        height = draw_height(rng, 2.4)
        eye = Vector((x, y, floor + height))
        for angle in np.arange(8) * math.pi / 4:
            hit, where, _, _ = cast(eye, Vector((math.cos(angle), math.sin(angle), 0)), 0.25)
            if hit:
                return None
        camera = draw_camera(rng, (x, y), height, size)
        camera = Camera(
            *size, camera.focal, tuple(eye), camera.yaw, camera.pitch, camera.roll
        )
        heights[camera.position] = height
        return camera

    return draw
