"""Which solid each ray meets first, and what the surface is like there."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from .primitives import askew, NEAR, Primitive, SHAPES, slab

CHUNK = 1 << 16
"""Rays per pass, so that the temporaries stay in the processor's cache."""


@dataclass(frozen=True)
class Camera:
    """A pinhole camera in the room, pixel centres at integer coordinates.

    Attributes:
        width, height: image size in pixels.
        focal: focal length in pixels on both axes.
        position: optical centre in metres.
        yaw: radians to the right of the y axis.
        pitch: radians above the horizon.

    """

    width: int
    height: int
    focal: float
    position: tuple[float, float, float]
    yaw: float = 0.0
    pitch: float = 0.0

    def axes(self) -> np.ndarray:
        """Return (3, 3): the rows are right, down and forward (REP 103 optical) in the world."""
        sin_y, cos_y = np.sin(self.yaw), np.cos(self.yaw)
        sin_p, cos_p = np.sin(self.pitch), np.cos(self.pitch)
        right = (cos_y, -sin_y, 0)
        down = (sin_y * sin_p, cos_y * sin_p, -cos_p)
        forward = (sin_y * cos_p, cos_y * cos_p, sin_p)
        return np.array([right, down, forward])

    def rays(self, dx: float = 0.0, dy: float = 0.0) -> np.ndarray:
        """Return (3, H, W) float32 world directions through the pixels' centres plus (dx, dy).

        Their component along the optical axis is 1, so that multiples of them are depths.
        """
        x = (np.arange(self.width) + dx - (self.width - 1) / 2) / self.focal
        y = (np.arange(self.height) + dy - (self.height - 1) / 2) / self.focal
        right, down, forward = self.axes()[:, :, None, None]
        return (right * x + down * y[:, None] + forward).astype(np.float32)

    def bounds(self, points: np.ndarray) -> tuple[slice, slice]:
        """Return the rows and columns that (3, N) world points can appear in."""
        local = self.axes() @ (points - np.reshape(self.position, (3, 1)))
        if local[2].min() < 0.05:  # too close to the image plane to be projected
            return slice(0, self.height), slice(0, self.width)
        x = local[0] / local[2] * self.focal + (self.width - 1) / 2
        y = local[1] / local[2] * self.focal + (self.height - 1) / 2
        return _span(y, self.height), _span(x, self.width)


def _span(values: np.ndarray, size: int) -> slice:
    first = int(np.clip(np.floor(values.min()) - 1, 0, size))
    return slice(first, int(np.clip(np.ceil(values.max()) + 2, first, size)))


@dataclass(frozen=True)
class Surface:
    """The surface at N hits; `face` is 2 * axis + (1 on the positive side) of the local box.

    Attributes:
        index: (N,) primitive.
        local: (3, N) float32 metres in the primitive's frame.
        half: (3, N) float32 half extents.
        face: (N,) face of the bounding box that the normal points to most.
        local_normal: (3, N) unit normal in the primitive's frame.
        normal: (3, N) unit normal in the world.

    """

    index: np.ndarray
    local: np.ndarray
    half: np.ndarray
    face: np.ndarray
    local_normal: np.ndarray
    normal: np.ndarray


class Scene:
    """Groups of primitives; the first primitive of the first group is the room itself."""

    def __init__(self, groups: list[list[Primitive]]):
        self.primitives = [p for group in groups for p in group]
        self.groups = []
        start = 0
        for group in groups:
            corners = np.concatenate([p.corners() for p in group], axis=1)
            low, high = corners.min(1) - 1e-3, corners.max(1) + 1e-3
            center = ((low + high) / 2).reshape(3, 1).astype(np.float32)
            members = range(start, start + len(group))
            self.groups.append((center, (high - low) / 2, members))
            start += len(group)
        self.center = np.array([p.center for p in self.primitives], np.float32).T
        self.half = np.array([p.half for p in self.primitives], np.float32).T
        self.rotation = np.array([p.rotation for p in self.primitives], np.float32)
        self.radius = np.array([p.radius for p in self.primitives], np.float32)
        self.color = np.array([p.color for p in self.primitives], np.float32).T
        self.seed = np.array([p.seed for p in self.primitives], np.float32)
        self.shape = np.array([SHAPES.index(p.shape) for p in self.primitives])

    def look(self, camera: Camera, rays: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Return depth (H, W) float32 metres along the optical axis and primitive (H, W)."""
        depth = np.full(rays.shape[1:], np.inf, np.float32)
        index = np.zeros(rays.shape[1:], np.int32)
        origin = np.array(camera.position, np.float32).reshape(3, 1, 1)
        for k, primitive in enumerate(self.primitives):
            rows, columns = camera.bounds(primitive.corners())
            view = depth[rows, columns]
            if view.size == 0:
                continue
            t = primitive.intersect(origin, rays[:, rows, columns])
            nearer = t < view
            view[nearer] = t[nearer]
            index[rows, columns][nearer] = k
        return depth, index

    def trace(self, origins: np.ndarray, directions: np.ndarray):
        """Return t (N,) and primitive (N,) where (3, N) float32 rays first meet a surface."""
        t = np.empty(directions.shape[1], np.float32)
        index = np.empty(directions.shape[1], np.int32)
        for start in range(0, t.size, CHUNK):
            part = slice(start, start + CHUNK)
            t[part], index[part] = self._trace(origins[:, part], directions[:, part])
        return t, index

    def _trace(self, origins, directions):
        directions = askew(directions)
        t = np.full(directions.shape[1], np.inf, np.float32)
        index = np.zeros(directions.shape[1], np.int32)
        for center, half, members in self.groups:
            enter, leave = slab(origins - center, directions, half)
            some = np.flatnonzero((enter < leave) & (leave > NEAR) & (enter < t))
            if some.size == 0:
                continue
            o, d, best, which = origins[:, some], directions[:, some], t[some], index[some]
            for k in members:
                met = self.primitives[k].intersect(o, d)
                nearer = met < best
                best[nearer] = met[nearer]
                which[nearer] = k
            t[some], index[some] = best, which
        return t, index

    def surface(self, index: np.ndarray, points: np.ndarray) -> Surface:
        """Return the surface of primitive (N,) at (3, N) world points."""
        rotation = self.rotation[index]
        offset = points - self.center[:, index]
        local = np.einsum('nji,jn->in', rotation, offset)
        half = self.half[:, index]
        local_normal = self._normals(index, local, half)
        axis = np.abs(local_normal).argmax(0)
        sign = np.take_along_axis(local_normal, axis[None], 0)[0] > 0
        face = 2 * axis + sign
        room = self.shape[index] == SHAPES.index('room')
        local_normal = np.where(room, -local_normal, local_normal)
        normal = np.einsum('nij,jn->in', rotation, local_normal)
        return Surface(index, local, half, face, local_normal, normal)

    def _normals(self, index, local, half):
        """Return (3, N) outward normals in the local frame."""
        shape = self.shape[index]
        scaled = local / half
        flat = np.abs(scaled).argmax(0) == np.arange(3)[:, None]
        normal = np.where(flat, np.sign(scaled), 0)
        barrel = np.stack([scaled[0] / half[0], scaled[1] / half[1], np.zeros_like(scaled[0])])
        side = np.hypot(scaled[0], scaled[1]) > np.abs(scaled[2])
        normal = np.where((shape == SHAPES.index('cylinder')) & side, barrel, normal)
        normal = np.where(shape == SHAPES.index('ellipsoid'), scaled / half, normal)
        outside = np.maximum(np.abs(local) - (half - self.radius[index]), 0) * np.sign(local)
        rounded = (shape == SHAPES.index('rounded')) & (np.abs(outside).max(0) > 0)
        normal = np.where(rounded, outside, normal)
        length = np.sqrt((normal * normal).sum(0))
        return (normal / np.maximum(length, 1e-12)).astype(np.float32)
