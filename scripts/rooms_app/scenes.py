"""Render the views of one scene into the folder; runs inside Blender's Python."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
import time

import numpy as np
from rooms_app import build, render
from rooms_app.cameras import Camera, room_drawer, sample_cameras
from rooms_app.catalog import Model
from rooms_app.dataset import Folder, view_row
from rooms_app.furnish import plan_room
from rooms_app.photo import develop, draw_effects


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

    """

    size: tuple[int, int]
    views: int
    samples: int
    threads: int
    scratch: Path


def take(cameras: list[Camera], names: list[str], folder: Folder, job: Job, seed: int) -> None:
    """Render the views of the scene that is built, and write them."""
    thing = render.set_up(job.size, job.threads)
    lights, geometry = [], []
    # One kind after the other: a change of settings costs a part of what is kept between views.
    for number, camera in enumerate(cameras):
        render.aim(thing, camera)
        lights.append(render.photograph(job.scratch, job.samples, seed * 100 + number))
    for camera in cameras:
        render.aim(thing, camera)
        geometry.append(render.measure(job.scratch))
    for number, (camera, name) in enumerate(zip(cameras, names)):
        rng = np.random.default_rng([seed, 3, number])
        depth, labels = geometry[number]
        effects = draw_effects(rng, camera.focal)
        noise = int(rng.integers(1 << 30))
        picture = develop(lights[number], depth, camera, effects, noise)
        folder.write_view(name, picture, depth, labels, effects.quality)


def render_room(seed: int, models: list[Model], files: dict, folder: Folder, job: Job,
                kind: str | None = None) -> int:
    """Render the views of a seed's room; return how many there are."""
    started = time.process_time()
    scene = f'{seed:06d}'
    plan = plan_room(seed, models, kind, files)
    build.clear()
    build.build(plan, build.Library())
    rng = np.random.default_rng([seed, 2])
    cameras = sample_cameras(rng, room_drawer(plan, rng, job.size), render.look, job.views)
    names = [f'{scene}_{number:02d}' for number in range(len(cameras))]
    rows = [
        view_row(name, camera, camera.position[2], plan.kind, seed)
        for name, camera in zip(names, cameras)
    ]
    take(cameras, names, folder, job, seed)
    cpu = round(time.process_time() - started, 2)
    facts = {'scene': scene, 'kind': plan.kind, 'seed': seed, 'cpu_s': cpu, 'views': rows}
    folder.finish_scene(scene, facts)
    return len(rows)
