"""Render the views of one scene into the folder; runs inside Blender's Python."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
import time

import numpy as np
from rooms_app import boxes, build, render, world_scene
from rooms_app.cameras import Camera, room_drawer, sample_cameras
from rooms_app.catalog import Model
from rooms_app.credits import can_be_passed_on, credits_csv
from rooms_app.dataset import Folder, view_row
from rooms_app.photo import develop, draw_effects, Effects, expose_alike
from rooms_app.planner import plan_room
from rooms_app.walk import walk
from rooms_app.walks import Walk


@dataclass(frozen=True)
class Job:
    """
    How views are rendered.

    Attributes:
        size: width, height in pixels.
        views: a scene.
        samples: rays a pixel.
        threads: of the renderer.
        scratch: file that the renderer writes to.
        boxes: rooms get boxes of known height on their floors.

    """

    size: tuple[int, int]
    views: int
    samples: int
    threads: int
    scratch: Path
    boxes: bool = False


def shoot(cameras: list[Camera], job: Job, seed: int) -> tuple[list, list]:
    """Return the light of each view of the scene that is built, and its (depth, labels)."""
    thing = render.set_up(job.size, job.threads)
    lights, geometry = [], []
    # One kind after the other: a change of settings costs a part of what is kept between views.
    for number, camera in enumerate(cameras):
        render.aim(thing, camera)
        lights.append(render.photograph(job.scratch, job.samples, seed * 100 + number))
    for camera in cameras:
        render.aim(thing, camera)
        geometry.append(render.measure(job.scratch))
    return lights, geometry


def take(cameras: list[Camera], names: list[str], folder: Folder, job: Job, seed: int) -> None:
    """Render the views of the scene that is built, and write them."""
    lights, geometry = shoot(cameras, job, seed)
    for number, (camera, name) in enumerate(zip(cameras, names)):
        rng = np.random.default_rng([seed, 3, number])
        depth, labels = geometry[number]
        effects = draw_effects(rng, camera.focal)
        noise = int(rng.integers(1 << 30))
        picture = develop(lights[number], depth, camera, effects, noise)
        folder.write_view(name, picture, depth, labels, effects.quality)


def _finish(
    scene: str, kind: str, seed: int, cameras, heights, folder, job, started, known=()
) -> int:
    """
    Render and write the views, then note that the scene is done; return how many there are.

    `known` has more facts for the row of each view.
    """
    names = [f'{scene}_{number:02d}' for number in range(len(cameras))]
    rows = [
        view_row(name, camera, height, kind, seed)
        for name, camera, height in zip(names, cameras, heights)
    ]
    for row, more in zip(rows, known):
        row.update(more)
    take(cameras, names, folder, job, seed)
    cpu = round(time.process_time() - started, 2)
    facts = {'scene': scene, 'kind': kind, 'seed': seed, 'cpu_s': cpu, 'views': rows}
    folder.finish_scene(scene, facts)
    return len(rows)


def render_room(
    seed: int,
    models: list[Model],
    files: dict,
    folder: Folder,
    job: Job,
    kind: str | None = None,
) -> int:
    """Render the views of a seed's room; return how many there are."""
    started = time.process_time()
    plan = plan_room(seed, models, kind, files)
    build.clear()
    build.build(plan, build.Library())
    rng = np.random.default_rng([seed, 2])
    draw, floor = room_drawer(plan, rng, job.size), boxes.FLOOR_SHARE if job.boxes else 0.0
    cameras = sample_cameras(rng, draw, render.look, job.views, floor)
    known = _add_boxes(plan, cameras, seed) if job.boxes else ()
    heights = [camera.position[2] for camera in cameras]
    return _finish(f'{seed:06d}', plan.kind, seed, cameras, heights, folder, job, started, known)


def _add_boxes(plan, cameras, seed):
    """Stand boxes before the cameras in the scene that is built; return the facts of each view."""
    rng = np.random.default_rng([seed, 6])
    placed = boxes.place_boxes(plan, cameras, rng, render.probe)
    if placed:
        build.add_solids([box.solid(rng) for box in placed], build.Materials())
    return [{'boxes': boxes.in_view(placed, camera)} for camera in cameras]


def render_world(seed: int, path: Path, name: str, folder: Folder, job: Job) -> int:
    """Render views of a world in the light of a seed; return how many there are."""
    started = time.process_time()
    rng = np.random.default_rng([seed, 4])
    build.clear()
    bounds = world_scene.load(path, rng)
    heights: dict = {}
    draw = world_scene.world_drawer(bounds, rng, job.size, heights)
    cameras = sample_cameras(rng, draw, render.look, job.views)
    over = [heights[camera.position] for camera in cameras]
    return _finish(f'{name}_{seed:06d}', name, seed, cameras, over, folder, job, started)


SEQUENCE_EFFECTS = Effects(
    key=0.0,
    balance=(1.03, 0.97),
    turn=(0.0, 0.0, 0.0),
    focus=3.0,
    aperture=0.0,
    vignette=0.2,
    read=0.002,
    shot=0.006,
    contrast=0.2,
    saturation=1.0,
    quality=85,
)
"""A steady camera's: all frames of a walk are exposed alike."""


def render_sequence(
    seed: int, models: list[Model], folder: Folder, job: Job, kind: str, how: Walk
) -> int:
    """
    Render `job.views` frames of a slow walk through a room, its camera.yaml and credits.csv.

    The room has models and textures alone that its pictures can be passed on with.
    """
    started = time.process_time()
    plan = plan_room(seed, [model for model in models if can_be_passed_on(model)], kind)
    build.clear()
    build.build(plan, build.Library())
    cameras = walk(how, plan, np.random.default_rng([seed, 5]), render.look, job.size, job.views)
    lights, geometry = shoot(cameras, job, seed)
    lights = expose_alike(np.stack(lights), 0.55)
    names = [f'{number:04d}' for number in range(len(cameras))]
    for number, (name, camera) in enumerate(zip(names, cameras)):
        depth, labels = geometry[number]
        picture = develop(lights[number], depth, camera, SEQUENCE_EFFECTS, number)
        folder.write_view(name, picture, depth, labels, SEQUENCE_EFFECTS.quality)
    rows = [
        view_row(name, camera, camera.position[2], plan.kind, seed)
        for name, camera in zip(names, cameras)
    ]
    folder.write_camera(cameras[0])
    folder.write_credits(credits_csv(placed.model for placed in plan.models))
    cpu = round(time.process_time() - started, 2)
    facts = {'scene': 'walk', 'kind': plan.kind, 'seed': seed, 'cpu_s': cpu, 'views': rows}
    folder.finish_scene('walk', facts)
    return len(rows)
