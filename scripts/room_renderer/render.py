"""One frame: colour by several rays a pixel, depth and labels by the ray of the pixel centre."""

from __future__ import annotations

import numpy as np

from .lightmap import Lightmap
from .materials import GLOSS, LIGHTS, reflectance
from .primitives import CLASSES
from .scene import Camera, CHUNK, Scene, Surface

SHELL_CLASSES = ('wall', 'wall', 'wall', 'wall', 'floor', 'ceiling')
"""Class of the room's own faces: -x, +x, -y, +y, -z, +z."""

_WHITE = 1.6
"""Radiance at which a ray is cut off, so that edges against the window stay smooth."""

_VARNISH = 0.8
"""Share of a mirror's light that worn varnish keeps in the mirror direction."""

FLOOR_FACE = 4
"""The one glossy face of the room itself."""


def measure(scene: Scene, camera: Camera) -> tuple[np.ndarray, np.ndarray]:
    """Return depth (H, W) float32 metres along the optical axis and label (H, W) uint8."""
    rays = camera.rays()
    depth, index = scene.look(camera, rays)
    origin = np.array(camera.position, np.float32).reshape(3, 1)
    points = origin + depth.reshape(-1) * rays.reshape(3, -1)
    surface = scene.surface(index.reshape(-1), points)
    of_face = np.array(
        [
            [CLASSES.index(SHELL_CLASSES[f] if p.label == 'shell' else p.label) for f in range(6)]
            for p in scene.primitives
        ],
        np.uint8,
    )
    return depth, of_face[surface.index, surface.face].reshape(depth.shape)


def expose(
    scene: Scene, lightmap: Lightmap, camera: Camera, samples: int, rng: np.random.Generator
) -> np.ndarray:
    """Return (H, W, 3) float32 linear radiance, the mean of `samples` (a square) rays a pixel."""
    side = round(samples**0.5)
    total = np.zeros((3, camera.height * camera.width), np.float32)
    origin = np.array(camera.position, np.float32).reshape(3, 1)
    for cell in range(side * side):
        dx, dy = ((c + 0.5) / side - 0.5 for c in (cell % side, cell // side))
        rays = camera.rays(dx, dy)
        t, index = scene.look(camera, rays)
        rays, t, index = rays.reshape(3, -1), t.reshape(-1), index.reshape(-1)
        for start in range(0, t.size, CHUNK):
            part = slice(start, start + CHUNK)
            points = origin + t[part] * rays[:, part]
            light = _radiance(scene, lightmap, index[part], points, rays[:, part], rng)
            total[:, part] += np.minimum(light, _WHITE)
    image = total.T.reshape(camera.height, camera.width, 3)
    return image / (side * side)


def _radiance(scene, lightmap, index, points, rays, rng) -> np.ndarray:
    """Return (3, N) radiance sent back along the rays: diffuse, and one mirror bounce."""
    surface = scene.surface(index, points)
    diffuse = _diffuse(scene, lightmap, surface)
    gloss = np.array([GLOSS.get(p.material, (0.0, 0.0)) for p in scene.primitives], np.float32)
    painted = (index == 0) & (surface.face != FLOOR_FACE)
    shiny = np.flatnonzero((gloss[index, 0] > 0) & ~painted)
    if shiny.size == 0:
        return diffuse
    base, slope = gloss[index[shiny]].T
    view = rays[:, shiny] / np.linalg.norm(rays[:, shiny], axis=0)
    normal = surface.normal[:, shiny]
    cosine = np.minimum(np.abs((view * normal).sum(0)), 1)
    fresnel = base + (1 - base) * (1 - cosine) ** 5  # Schlick, 1994
    start = points[:, shiny] + 2e-3 * normal
    tilt = slope * rng.standard_normal(normal.shape, np.float32)
    seen = sum(_mirrored(scene, lightmap, start, view, normal + side * tilt) for side in (-1, 1))
    diffuse[:, shiny] = diffuse[:, shiny] * (1 - fresnel) + seen / 2 * (_VARNISH * fresnel)
    return diffuse


def _mirrored(scene, lightmap, start, view, normal) -> np.ndarray:
    """Return (3, N) radiance that arrives by reflection on facets of the given normals."""
    normal = normal / np.linalg.norm(normal, axis=0)
    direction = (view - 2 * (view * normal).sum(0) * normal).astype(np.float32)
    t, hit = scene.trace(start, direction)
    return np.minimum(_diffuse(scene, lightmap, scene.surface(hit, start + t * direction)), 3.0)


def _diffuse(scene: Scene, lightmap: Lightmap, surface: Surface) -> np.ndarray:
    """Return (3, N) radiance by reflection of the baked light, or the lights' own."""
    color = reflectance(scene, surface)
    is_light = np.array([p.material in LIGHTS for p in scene.primitives])[surface.index]
    return np.where(is_light, color, color * lightmap.at(surface) / np.pi)
