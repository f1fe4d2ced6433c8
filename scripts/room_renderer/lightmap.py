"""Light that does not change with the view: baked once onto all faces of all bounding boxes.

The solids are diffuse for this purpose. Direct light is sampled on the area lights, light between
surfaces is gathered over the hemisphere and passed on a few times (radiosity by Monte Carlo).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from .materials import LIGHTS, reflectance
from .scene import Scene

_OFFSET = 2e-3
"""Metres that sample points stand off their face."""


@dataclass(frozen=True)
class AreaLight:
    """A rectangle that shines to the side of its normal, the cross product of its edges.

    Attributes:
        center: world position in metres.
        edge_u, edge_v: half edges in metres.
        radiance: (r, g, b) sent evenly over the half space.

    """

    center: tuple[float, float, float]
    edge_u: tuple[float, float, float]
    edge_v: tuple[float, float, float]
    radiance: tuple[float, float, float]


class Lightmap:
    """Irradiance on a grid of texels on each face of each primitive's bounding box."""

    def __init__(self, scene: Scene, texel: float = 0.04):
        """Lay out the grids; `texel` is the wanted side length in metres."""
        self.scene = scene
        axes = np.arange(6) // 2
        sides = 2 * scene.half.T[:, [(axes + 1) % 3, (axes + 2) % 3]]  # (P, 2, 6) metres
        self.shape = np.clip(np.ceil(sides / texel), 2, 160).astype(np.int32).swapaxes(1, 2)
        count = self.shape.prod(2)  # (P, 6)
        ends = np.cumsum(count.reshape(-1))
        self.start = (ends - count.reshape(-1)).reshape(count.shape).astype(np.int32)
        self.irradiance = np.zeros((3, int(ends[-1])), np.float32)

    def texel(self, index, face, local, half) -> np.ndarray:
        """Return the (N,) number of the texel under (3, N) local points of given faces."""
        i, j = self._coordinates(index, face, local, half)
        shape = self.shape[index, face]
        i = np.clip(np.rint(i).astype(np.int32), 0, shape[:, 0] - 1)
        j = np.clip(np.rint(j).astype(np.int32), 0, shape[:, 1] - 1)
        return self.start[index, face] + i * shape[:, 1] + j

    def _coordinates(self, index, face, local, half):
        columns = np.arange(face.size)
        u, v = (face // 2 + 1) % 3, (face // 2 + 2) % 3
        shape = self.shape[index, face]
        i = (local[u, columns] / half[u, columns] + 1) / 2 * shape[:, 0] - 0.5
        j = (local[v, columns] / half[v, columns] + 1) / 2 * shape[:, 1] - 0.5
        return i, j

    def look_up(self, index, face, local, half) -> np.ndarray:
        """Return (3, N) float32 irradiance, bilinear between the texels of a face."""
        i, j = self._coordinates(index, face, local, half)
        rows, columns = self.shape[index, face].T
        i, j = np.clip(i, 0, rows - 1), np.clip(j, 0, columns - 1)
        i0, j0 = i.astype(np.int32), j.astype(np.int32)
        i1, j1 = np.minimum(i0 + 1, rows - 1), np.minimum(j0 + 1, columns - 1)
        fi, fj = (i - i0).astype(np.float32), (j - j0).astype(np.float32)
        start, table = self.start[index, face], self.irradiance
        near = table[:, start + i0 * columns + j0] * (1 - fj)
        near += table[:, start + i0 * columns + j1] * fj
        far = table[:, start + i1 * columns + j0] * (1 - fj)
        far += table[:, start + i1 * columns + j1] * fj
        return near * (1 - fi) + far * fi

    def at(self, surface) -> np.ndarray:
        """Return (3, N) irradiance; where the normal is slanted, faces mix by its square."""
        result = self.look_up(surface.index, surface.face, surface.local, surface.half)
        slant = np.flatnonzero(np.abs(surface.local_normal).max(0) < 0.999)
        if slant.size:
            index = surface.index[slant]
            local, half = surface.local[:, slant], surface.half[:, slant]
            mixed = np.zeros((3, slant.size), np.float32)
            for axis in range(3):
                normal = surface.local_normal[axis, slant]
                mixed += normal**2 * self.look_up(index, 2 * axis + (normal > 0), local, half)
            result[:, slant] = mixed
        return result

    def points(self):
        """Return primitive (T,), face (T,), local (3, T), world (3, T) and normal (3, T)."""
        scene = self.scene
        count = self.shape.prod(2)
        primitive, face = (a.reshape(-1) for a in np.indices(count.shape))
        index = np.repeat(primitive, count.reshape(-1))
        face = np.repeat(face, count.reshape(-1))
        number = np.arange(index.size) - self.start[index, face]
        rows, columns = self.shape[index, face].T
        unit_u = (number // columns + 0.5) / rows * 2 - 1
        unit_v = (number % columns + 0.5) / columns * 2 - 1
        axis, sign = face // 2, 2 * (face % 2) - 1
        every = np.arange(index.size)
        half = scene.half[:, index]
        local = np.empty_like(half)
        local[axis, every] = sign * half[axis, every]
        local[(axis + 1) % 3, every] = unit_u * half[(axis + 1) % 3, every]
        local[(axis + 2) % 3, every] = unit_v * half[(axis + 2) % 3, every]
        outward = np.where(scene.shape[index] == 0, -sign, sign)  # the room is seen from inside
        normal = scene.rotation[index, :, axis].T * outward
        world = np.einsum('nij,jn->in', scene.rotation[index], local) + scene.center[:, index]
        return index, face, local, (world + _OFFSET * normal).astype(np.float32), normal


def bake(
    scene: Scene,
    lights: list[AreaLight],
    texel: float = 0.04,
    samples: int = 64,
    bounces: int = 4,
    seed: int = 0,
) -> Lightmap:
    """Return the irradiance of the scene under the lights; the same arguments give the same bits.

    Args:
        scene: the solids.
        lights: rectangles that light the scene directly.
        texel: side length of the light map's cells in metres.
        samples: hemisphere rays a texel; each light takes a quarter as many.
        bounces: how often light is passed on between surfaces.
        seed: of the random directions.

    """
    rng = np.random.default_rng(seed)
    lightmap = Lightmap(scene, texel)
    index, face, local, world, normal = lightmap.points()
    valid = _uncovered(scene, world, index)
    direct = np.zeros_like(lightmap.irradiance)
    for light in lights:
        direct[:, valid] += _direct(scene, light, world[:, valid], normal[:, valid], samples, rng)
    direct = _smooth(lightmap, direct, valid)
    albedo = _texel_albedo(scene, index, local)
    seen = _gather(scene, lightmap, world[:, valid], normal[:, valid], samples, rng)
    total = direct
    for _ in range(bounces):
        gathered = np.zeros_like(direct)
        gathered[:, valid] = (albedo * total)[:, seen].mean(1)
        total = direct + _smooth(lightmap, gathered, valid)
    lightmap.irradiance[:] = total
    return lightmap


def _uncovered(scene, world, index) -> np.ndarray:
    """Return which texels are inside the room and in no other solid."""
    room = scene.primitives[0]
    valid = room.contains(world)
    for k, primitive in enumerate(scene.primitives[1:], start=1):
        reach = np.linalg.norm(primitive.half) + 0.01
        offset = world - np.reshape(primitive.center, (3, 1))
        near = np.flatnonzero(((offset**2).sum(0) < reach**2) & (index != k))
        valid[near[primitive.contains(world[:, near])]] = False
    return np.flatnonzero(valid)


def _direct(scene, light, world, normal, samples, rng) -> np.ndarray:
    """Return (3, N) irradiance from one light, by stratified shadow rays."""
    side = max(2, round((samples / 4) ** 0.5))
    u, v = (np.reshape(e, (3, 1)).astype(np.float32) for e in (light.edge_u, light.edge_v))
    facing = np.cross(light.edge_u, light.edge_v)
    area = 4 * np.linalg.norm(facing)
    facing = np.reshape(facing / np.linalg.norm(facing), (3, 1)).astype(np.float32)
    weight = np.zeros(world.shape[1], np.float32)
    for cell in range(side * side):
        jitter = rng.random((2, world.shape[1]), np.float32)
        a = (cell // side + jitter[0]) / side * 2 - 1
        b = (cell % side + jitter[1]) / side * 2 - 1
        path = np.reshape(light.center, (3, 1)).astype(np.float32) + u * a + v * b - world
        square = (path**2).sum(0)
        cosines = np.maximum((path * normal).sum(0), 0) * np.maximum(-(path * facing).sum(0), 0)
        lit = np.flatnonzero(cosines > 0)
        t, _ = scene.trace(world[:, lit], path[:, lit])
        clear = lit[t > 0.98]
        weight[clear] += cosines[clear] / np.maximum(square[clear], 0.02) ** 2
    return np.reshape(light.radiance, (3, 1)) * (weight * (area / side**2))


def _gather(scene, lightmap, world, normal, samples, rng) -> np.ndarray:
    """Return (samples, N) texels that cosine-weighted directions from the points meet."""
    seen = np.empty((samples, world.shape[1]), np.int32)
    side = np.where(np.abs(normal[2]) < 0.9, [[0.0], [0.0], [1.0]], [[1.0], [0.0], [0.0]])
    tangent = np.cross(side, normal, axis=0)
    tangent /= np.linalg.norm(tangent, axis=0)
    bitangent = np.cross(normal, tangent, axis=0)
    turn = rng.random(world.shape[1], np.float32)
    for k in range(samples):
        square = (k + rng.random(world.shape[1], np.float32)) / samples
        angle = 2 * np.pi * ((0.618034 * k) % 1 + turn)  # golden ratio: even in every prefix
        radius = np.sqrt(square)
        path = tangent * (radius * np.cos(angle)) + bitangent * (radius * np.sin(angle))
        path = (path + normal * np.sqrt(1 - square)).astype(np.float32)
        t, hit = scene.trace(world, path)
        at = scene.surface(hit, world + t * path)
        seen[k] = lightmap.texel(at.index, at.face, at.local, at.half)
    return seen


def _texel_albedo(scene, index, local) -> np.ndarray:
    """Return (3, T) reflectance of all texels; lights reflect nothing."""
    world = np.einsum('nij,jn->in', scene.rotation[index], local) + scene.center[:, index]
    albedo = np.minimum(reflectance(scene, scene.surface(index, world)), 0.95)
    is_light = np.array([p.material in LIGHTS for p in scene.primitives])
    return albedo * ~is_light[index]


def _smooth(lightmap: Lightmap, values: np.ndarray, valid: np.ndarray) -> np.ndarray:
    """Return values blurred within each face and spread into the covered texels."""
    weight = np.zeros(values.shape[1], np.float32)
    weight[valid] = 1
    result = values * weight
    shapes = lightmap.shape.reshape(-1, 2)
    for start, shape in zip(lightmap.start.reshape(-1), shapes, strict=True):
        part = slice(start, start + shape[0] * shape[1])
        grid = np.concatenate([result[:, part], weight[None, part]]).reshape(4, *shape)
        grid = _blur(grid)
        for _ in range(6):
            if (grid[3] > 1e-3).all():
                break
            grid = np.where(grid[3] > 1e-3, grid, _blur(grid))
        result[:, part] = (grid[:3] / np.maximum(grid[3], 1e-3)).reshape(3, -1)
    return result


def _blur(grid: np.ndarray) -> np.ndarray:
    """Return (4, h, w) after a 1-2-1 filter on both axes, edges repeated."""
    padded = np.pad(grid, ((0, 0), (1, 1), (1, 1)), mode='edge')
    rows = padded[:, :-2] + 2 * padded[:, 1:-1] + padded[:, 2:]
    return (rows[:, :, :-2] + 2 * rows[:, :, 1:-1] + rows[:, :, 2:]) / 16
