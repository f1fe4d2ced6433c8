"""Render a view in Blender's Cycles: linear colours, exact depth and labels."""

from __future__ import annotations

import math
from pathlib import Path

import bpy
from mathutils import Matrix, Vector
import numpy as np
import OpenEXR
from rooms_app.cameras import Camera, GRID
from rooms_app.classes import CLASSES, NONE

FAR = 60.0
"""Metres; what is farther, or nothing, is the void: no class, no depth."""
NEAREST = 0.02


def set_up(size: tuple[int, int], threads: int) -> bpy.types.Object:
    """Set renderer, passes and file format; return a camera object."""
    scene = bpy.context.scene
    scene.render.engine = 'CYCLES'
    cycles = scene.cycles
    cycles.device = 'CPU'
    cycles.denoiser = 'OPENIMAGEDENOISE'
    cycles.denoising_prefilter, cycles.denoising_quality = 'FAST', 'BALANCED'
    cycles.use_adaptive_sampling = False
    # With a room's few lights the tree takes three times as long and gains nothing.
    cycles.use_light_tree = False
    cycles.max_bounces, cycles.diffuse_bounces, cycles.glossy_bounces = 4, 3, 2
    cycles.transmission_bounces, cycles.transparent_max_bounces = 3, 4
    cycles.caustics_reflective = cycles.caustics_refractive = False
    cycles.sample_clamp_indirect = 5.0
    scene.render.threads_mode, scene.render.threads = 'FIXED', threads
    scene.render.use_persistent_data = True
    scene.render.resolution_x, scene.render.resolution_y = size
    scene.render.resolution_percentage = 100
    layer = scene.view_layers[0]
    layer.use_pass_z = layer.use_pass_object_index = True
    settings = scene.render.image_settings
    settings.media_type = 'MULTI_LAYER_IMAGE'
    settings.color_depth = '32'
    lens = bpy.data.cameras.new('camera')
    lens.clip_start, lens.clip_end = NEAREST, 1000.0
    thing = bpy.data.objects.new('camera', lens)
    bpy.context.collection.objects.link(thing)
    scene.camera = thing
    return thing


def aim(thing: bpy.types.Object, camera: Camera) -> None:
    """Give Blender's camera, which looks along its -z with y up, the pose and lens."""
    lens = thing.data
    lens.sensor_fit = 'HORIZONTAL'
    lens.angle = 2 * math.atan(camera.width / 2 / camera.focal)
    pose = camera.pose() @ np.diag([1.0, -1.0, -1.0, 1.0])
    thing.matrix_world = Matrix(pose.tolist())


def look(camera: Camera) -> tuple[np.ndarray, list]:
    """Return distances and class names of what the rays of the grid meet."""
    scene, graph = bpy.context.scene, bpy.context.evaluated_depsgraph_get()
    start, distances, labels = Vector(camera.position), [], []
    for ray in camera.rays(*GRID):
        hit, where, _, _, thing, _ = scene.ray_cast(graph, start, Vector(ray))
        distances.append((where - start).length if hit else math.inf)
        labels.append(CLASSES[thing.pass_index - 1] if hit and thing.pass_index else None)
    return np.array(distances), labels


def probe(start: tuple, direction: tuple) -> float:
    """Return the distance to what a ray from a point in a direction meets first."""
    scene, graph = bpy.context.scene, bpy.context.evaluated_depsgraph_get()
    hit, where, *_ = scene.ray_cast(graph, Vector(start), Vector(direction))
    return (where - Vector(start)).length if hit else math.inf


def _passes(path):
    """Return the channels of an EXR file by the end of their names."""
    file = OpenEXR.File(str(path), separate_channels=True)
    return {
        '.'.join(name.split('.')[-2:]): channel.pixels
        for part in file.parts
        for name, channel in part.channels.items()
    }


def _render(scratch):
    bpy.context.scene.render.filepath = str(scratch)
    bpy.ops.render.render(write_still=True)
    return _passes(scratch)


def photograph(scratch: Path, samples: int, seed: int) -> np.ndarray:
    """Return the view as (H, W, 3) float32 linear light, denoised."""
    scene = bpy.context.scene
    scene.cycles.samples, scene.cycles.seed = samples, seed % (1 << 31)
    scene.cycles.use_denoising = True
    scene.cycles.max_bounces = 4
    scene.cycles.filter_width = 1.5
    scene.cycles.pixel_filter_type = 'BLACKMAN_HARRIS'
    passes = _render(scratch)
    return np.stack([passes[f'Combined.{c}'] for c in 'RGB'], -1)


def measure(scratch: Path) -> tuple[np.ndarray, np.ndarray]:
    """
    Return depth and labels at the exact centres of the pixels.

    Returns:
        depth: (H, W) float32 metres along the optical axis, 0 in the void.
        labels: (H, W) uint8 class, 255 in the void.

    """
    scene = bpy.context.scene
    scene.cycles.samples, scene.cycles.use_denoising = 1, False
    scene.cycles.max_bounces = 0
    # A box of no width: the only ray of a pixel goes through its centre.
    scene.cycles.pixel_filter_type, scene.cycles.filter_width = 'BOX', 0.01
    passes = _render(scratch)
    depth = np.asarray(passes['Depth.Z'], np.float32)
    number = np.rint(passes['Object Index.X']).astype(int)
    void = (depth > FAR) | (number == 0)
    labels = np.where(void, NONE, number - 1).astype(np.uint8)
    return np.where(depth > FAR, 0, depth).astype(np.float32), labels
