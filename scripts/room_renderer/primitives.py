"""The solids that the room is made of, and where rays meet them."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

CLASSES = (
    'bed',
    'books',
    'ceiling',
    'chair',
    'floor',
    'furniture',
    'objects',
    'picture',
    'sofa',
    'table',
    'tv',
    'wall',
    'window',
)
"""The 13 classes of NYU Depth v2 (Couprie et al., 2013) in alphabetical order."""

SHAPES = ('room', 'box', 'rounded', 'cylinder', 'ellipsoid')
"""`room` is a box seen from inside, `cylinder` stands along its local z axis."""

NEAR = 1e-3
"""Hits closer than this share of the ray's direction vector are the ray's own surface."""

_TINY = np.float32(1e-9)

_MARCH_STEPS = 40
_MARCH_TOLERANCE = 2e-4  # metres; below the millimetre that depth is stored in


@dataclass(frozen=True)
class Primitive:
    """One solid, centred at `center` and turned by `rotation` (local to world).

    Attributes:
        shape: one of `SHAPES`.
        center: world position of the centre in metres (x right, y into the room, z up).
        half: half extents along the local axes in metres.
        color: linear reflectance (r, g, b), or radiance where the material is a light.
        label: one of `CLASSES`, or 'shell': ceiling, floor or wall by the face that is hit.
        material: a name in `materials.MATERIALS`.
        rotation: (3, 3) local to world.
        radius: rounding of a `rounded` box in metres.
        seed: shifts the procedural texture, so that equal solids do not look alike.

    """

    shape: str
    center: tuple[float, float, float]
    half: tuple[float, float, float]
    color: tuple[float, float, float]
    label: str
    material: str = 'paint'
    rotation: np.ndarray = field(default_factory=lambda: np.eye(3))
    radius: float = 0.0
    seed: float = 0.0

    def corners(self) -> np.ndarray:
        """Return the (3, 8) world corners of the bounding box."""
        signs = np.stack(np.meshgrid([-1, 1], [-1, 1], [-1, 1])).reshape(3, 8)
        local = signs * np.reshape(self.half, (3, 1))
        return self.rotation @ local + np.reshape(self.center, (3, 1))

    def to_local(self, origins: np.ndarray, directions: np.ndarray):
        """Return both (3, ...) world arrays in the local frame."""
        inverse = self.rotation.T.astype(np.float32)
        shift = np.array(self.center, np.float32)
        origin = np.tensordot(inverse, (origins.T - shift).T, 1)
        return origin, np.tensordot(inverse, directions, 1)

    def intersect(self, origins: np.ndarray, directions: np.ndarray) -> np.ndarray:
        """Return how far along each ray the surface is first met.

        Args:
            origins: (3, ...) float32 world points, broadcastable to `directions`.
            directions: (3, ...) float32 world vectors of any length.

        Returns:
            (...) float32 multiples of the direction vector; inf where the ray misses.

        """
        origin, direction = self.to_local(origins, directions)
        half = np.array(self.half, np.float32)
        return _INTERSECT[self.shape](origin, askew(direction), half, self.radius)

    def contains(self, points: np.ndarray) -> np.ndarray:
        """Return which of the (3, N) world points lie inside the solid."""
        local, _ = self.to_local(points, points)
        scaled = np.abs(local) / np.reshape(self.half, (3, 1))
        if self.shape == 'ellipsoid':
            return (scaled**2).sum(0) < 0.999
        if self.shape == 'cylinder':
            return (scaled[0] ** 2 + scaled[1] ** 2 < 0.999) & (scaled[2] < 0.999)
        return (np.abs(local) < np.reshape(self.half, (3, 1)) - 1e-4).all(0)


def slab(origin: np.ndarray, direction: np.ndarray, half: np.ndarray):
    """Return where rays enter and leave a box; those that enter after they leave miss it.

    No component of `direction` may be zero.
    """
    enter = leave = None
    for axis in range(3):
        inverse = 1.0 / direction[axis]
        middle = -origin[axis] * inverse
        reach = np.abs(inverse) * half[axis]
        near, far = middle - reach, middle + reach
        enter = near if enter is None else np.maximum(enter, near)
        leave = far if leave is None else np.minimum(leave, far)
    return enter, leave


def askew(direction: np.ndarray) -> np.ndarray:
    """Return the directions without exact zeros, by which the intersections divide."""
    return np.where(np.abs(direction) < _TINY, _TINY, direction)


def _meet_room(origin, direction, half, radius):
    _, leave = slab(origin, direction, half)
    return leave


def _meet_box(origin, direction, half, radius):
    enter, leave = slab(origin, direction, half)
    return np.where((enter < leave) & (enter > NEAR), enter, np.float32(np.inf))


def _meet_ellipsoid(origin, direction, half, radius):
    o, d = (origin.T / half).T, (direction.T / half).T
    a = (d * d).sum(0)
    b = (o * d).sum(0)
    root = b * b - a * ((o * o).sum(0) - 1)
    t = (-b - np.sqrt(np.maximum(root, 0))) / a
    return np.where((root > 0) & (t > NEAR), t, np.float32(np.inf))


def _meet_cylinder(origin, direction, half, radius):
    o, d = (origin.T / half).T, (direction.T / half).T
    a = d[0] * d[0] + d[1] * d[1]
    b = o[0] * d[0] + o[1] * d[1]
    root = b * b - a * (o[0] * o[0] + o[1] * o[1] - 1)
    width = np.sqrt(np.maximum(root, 0)) / a
    middle = -b / a
    reach = np.abs(1 / d[2])
    enter = np.maximum(middle - width, -o[2] / d[2] - reach)
    leave = np.minimum(middle + width, -o[2] / d[2] + reach)
    hit = (root > 0) & (enter < leave) & (enter > NEAR)
    return np.where(hit, enter, np.float32(np.inf))


def _meet_rounded(origin, direction, half, radius):
    """March along the rays that meet the bounding box until the rounded surface is reached."""
    start = _meet_box(origin, direction, half, radius)
    hit = np.flatnonzero(np.isfinite(start))
    t = start.reshape(-1)[hit]
    o = np.broadcast_to(origin, direction.shape).reshape(3, -1)[:, hit]
    d = direction.reshape(3, -1)[:, hit]
    speed = 1 / np.sqrt((d * d).sum(0))
    core = (half - radius).reshape(3, 1)
    gap = np.zeros_like(t)
    for _ in range(_MARCH_STEPS):
        outside = np.abs(o + t * d) - core
        gap = np.sqrt((np.maximum(outside, 0) ** 2).sum(0)) - radius
        t = t + np.maximum(gap, 0) * speed
        if gap.size == 0 or np.abs(gap).max() < _MARCH_TOLERANCE:
            break
    result = np.full(start.size, np.inf, np.float32)
    result[hit] = np.where(gap < 10 * _MARCH_TOLERANCE, t, np.inf)
    return result.reshape(start.shape)


_INTERSECT = {
    'room': _meet_room,
    'box': _meet_box,
    'rounded': _meet_rounded,
    'cylinder': _meet_cylinder,
    'ellipsoid': _meet_ellipsoid,
}
