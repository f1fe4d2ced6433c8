"""Boxes of known height on the floor before the cameras, to count which an obstacle map keeps."""

from __future__ import annotations

from dataclasses import dataclass
import math
from typing import Callable

import numpy as np
from rooms_app import skins
from rooms_app.cameras import Camera
from rooms_app.plan import Footprint, Plan, Solid

HEIGHTS = (0.05, 0.10, 0.20)
NEAREST, FARTHEST = 0.8, 4.0
"""Metres on the floor from a camera to the middle of a box."""
A_VIEW = 3
APART = 0.15
"""Metres between a box and all else."""
FLOOR_SHARE = 0.1
"""Least share of a view's rays that meet floor."""
TRIES = 30

Probe = Callable[[tuple, tuple], float]
"""Returns the distance to what a ray from a point in a direction (a unit vector) meets first."""


@dataclass(frozen=True)
class Box:
    """A box that stands on the floor."""

    footprint: Footprint
    height: float

    def corners(self) -> np.ndarray:
        """Return the (8, 3) corners in the room: the lower four in turn, then the upper four."""
        flat = self.footprint.corners()
        return np.concatenate([np.column_stack([flat, np.full(4, z)]) for z in (0, self.height)])

    def solid(self, rng) -> Solid:
        """Return it as cardboard."""
        spot, center = self.footprint, (self.footprint.x, self.footprint.y, self.height / 2)
        size = (spot.width, spot.depth, self.height)
        return Solid('box', center, size, 'objects', skins.cardboard(rng), spot.angle)


def place_boxes(plan: Plan, cameras: list[Camera], rng, probe: Probe) -> list[Box]:
    """Return up to three boxes for each camera, where it sees the floor and nothing stands."""
    boxes: list[Box] = []
    for camera in cameras:
        placed = 0
        for _ in range(TRIES):
            box = _draw(camera, rng)
            if box and _fits(plan, box, boxes, cameras, probe) and _is_seen(camera, box, probe):
                boxes.append(box)
                placed += 1
                if placed == A_VIEW:
                    break
    return boxes


def _draw(camera, rng):
    """Return a box at any point of the floor in view, or None where the ray meets none."""
    u = float(rng.uniform(-0.4, 0.4)) * camera.width / camera.focal
    v = float(rng.uniform(-0.4, 0.45)) * camera.height / camera.focal
    ray = camera.pose()[:3, :3] @ (u, v, 1)
    if ray[2] > -1e-3:
        return None
    x, y = camera.position[:2] + ray[:2] * (camera.position[2] / -ray[2])
    far = math.hypot(x - camera.position[0], y - camera.position[1])
    if not NEAREST <= far <= FARTHEST:
        return None
    sides = rng.uniform(0.12, 0.4, 2)
    yaw = float(rng.uniform(0, math.pi))
    spot = Footprint(float(x), float(y), float(sides[0]), float(sides[1]), yaw)
    return Box(spot, float(rng.choice(HEIGHTS)))


def _fits(plan, box, boxes, cameras, probe):
    """Say whether it stands free on the bare floor of the room, and not before another camera."""
    around = box.footprint.grown(APART)
    inside = (around.corners() > 0).all() and (around.corners() < np.array(plan.size[:2])).all()
    standing = [o.footprint for o in plan.obstacles if o.bottom < 0.3]
    standing += [other.footprint for other in boxes]
    if not inside or any(around.meets(other) for other in standing):
        return False
    spot = box.footprint
    if any(math.dist(c.position[:2], (spot.x, spot.y)) < 0.6 for c in cameras):
        return False
    points = [(spot.x, spot.y), *spot.corners()]
    return all(abs(probe((x, y, 0.3), (0, 0, -1)) - 0.3) < 1e-3 for x, y in points)


def _is_seen(camera, box, probe):
    """Say whether nothing is between the camera and the middle of the box."""
    middle = np.array([box.footprint.x, box.footprint.y, box.height / 2])
    way = middle - camera.position
    far = float(np.linalg.norm(way))
    return probe(camera.position, tuple(way / far)) > far


def in_view(boxes: list[Box], camera: Camera) -> list[dict]:
    """
    Return the boxes of which a corner is in the image, the nearest first.

    Each is {'box': number in the scene, 'height': metres, 'size': [width, depth, height],
    'center': [x, y, z], 'corners': 8 x [x, y, z]} with points in metres in the camera's frame
    (x right, y down, z forward); the lower four corners come in turn, then the upper four above
    them. A box may be hidden in part by furniture or by another box: where the depth of a pixel is
    that of the box, the box is what is seen.
    """
    inverse, found = np.linalg.inv(camera.pose()), []
    for number, box in enumerate(boxes):
        points = box.corners() @ inverse[:3, :3].T + inverse[:3, 3]
        if (points[:, 2] < 0.05).any():
            continue
        pixels = points[:, :2] / points[:, 2:] * camera.focal + camera.center
        if ((pixels >= 0) & (pixels <= (camera.width - 1, camera.height - 1))).all(1).any():
            spot = box.footprint
            found.append(
                {
                    'box': number,
                    'height': box.height,
                    'size': [round(v, 6) for v in (spot.width, spot.depth, box.height)],
                    'center': points.mean(0).round(6).tolist(),
                    'corners': points.round(6).tolist(),
                }
            )
    return sorted(found, key=lambda row: row['center'][2])
