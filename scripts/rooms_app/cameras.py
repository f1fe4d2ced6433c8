"""Where cameras look from: robots, hands, many lenses, and what is worth a picture."""

from __future__ import annotations

from dataclasses import dataclass, replace
import math
from typing import Callable, Optional

import numpy as np

HEIGHTS = (((0.08, 0.5), 0.4), ((0.5, 1.2), 0.35), ((1.2, 1.9), 0.25))
"""Ranges of the camera's height in metres, with their shares."""
DOWN_HEIGHTS, DOWN_SHARE, DOWN = (0.25, HEIGHTS[1][0][1]), 0.45, (-40.0, -8.0)
"""Metres; the share of the cameras there that are mounted to look down; their pitch in degrees.
Lower ones would see little else than what they are about to run over, and look level."""
HELD_FROM, STEEP_SHARE, STEEP = 0.8, 0.18, (-70.0, -30.0)
"""Metres; the share of the cameras from there on, in hands or on heads, that look for something on
the floor or on a table; their pitch in degrees."""
CROOKED_SHARE, CROOKED = 0.2, 12.0
"""Share of the cameras on robots that are mounted with a roll; most degrees of it."""
FOCAL_SHARES = (0.45, 1.3)
"""Focal length over the image's width: 96 to 42 degrees."""
THROUGH_SHARE = 0.5
"""Of the cameras that are tried where there are doorways; about a third of all come to be."""
PLAIN_SHARE = 0.25
"""Of the views that may show floor and walls alone, as a robot's do in a large room."""
NEAR_SHARE = 0.36
"""Of the views that are to be near to things."""
NEAR_TRIES = 60
"""Cameras tried for such a view before it may be any."""
DESK_SHARE = 0.7
"""Of the near cameras, where there are tables."""
OVER_TOP = (0.1, 0.6)
"""Metres of a desk's camera over the top."""
STEEPEST, FARTHEST = math.radians(60), 6.0
"""Angle to the way straight through a doorway, and metres, from which it is looked through."""
GRID = (9, 7)
"""Rays that are sent through a view before it is rendered."""


@dataclass(frozen=True)
class Camera:
    """
    A pinhole camera of square pixels with its axis through the image's centre.

    Attributes:
        width, height: pixels.
        focal: pixels.
        position: metres.
        yaw: radians, 0 looks along +y, counter-clockwise from above.
        pitch: radians, up is positive.
        roll: radians, clockwise in the image is positive.

    """

    width: int
    height: int
    focal: float
    position: tuple[float, float, float]
    yaw: float
    pitch: float = 0.0
    roll: float = 0.0

    @property
    def center(self) -> tuple[float, float]:
        """The principal point, pixel centres being whole numbers."""
        return (self.width - 1) / 2, (self.height - 1) / 2

    def pose(self) -> np.ndarray:
        """Return the 4 x 4 camera-to-world matrix; camera axes are x right, y down, z forward."""
        cy, sy = math.cos(self.yaw), math.sin(self.yaw)
        cp, sp = math.cos(self.pitch), math.sin(self.pitch)
        forward = np.array([-sy * cp, cy * cp, sp])
        right = np.array([cy, sy, 0.0])
        down = np.cross(forward, right)
        cr, sr = math.cos(self.roll), math.sin(self.roll)
        pose = np.eye(4)
        pose[:3, 0] = cr * right + sr * down
        pose[:3, 1] = -sr * right + cr * down
        pose[:3, 2] = forward
        pose[:3, 3] = self.position
        return pose

    def rays(self, columns: int, rows: int) -> np.ndarray:
        """Return (rows x columns, 3) unit world directions through a grid over the image."""
        u = (np.linspace(0.05, 0.95, columns) - 0.5) * self.width / self.focal
        v = (np.linspace(0.05, 0.95, rows) - 0.5) * self.height / self.focal
        grid = np.stack([*np.meshgrid(u, v), np.ones((rows, columns))], -1).reshape(-1, 3)
        world = grid @ self.pose()[:3, :3].T
        return world / np.linalg.norm(world, axis=1, keepdims=True)


def draw_height(rng, ceiling: float) -> float:
    """Return a camera height below the ceiling: four of ten are below half a metre."""
    ranges, shares = zip(*HEIGHTS)
    low, high = ranges[int(rng.choice(len(ranges), p=shares))]
    return float(min(rng.uniform(low, high), ceiling - 0.3))


def draw_camera(rng, spot, height: float, size: tuple[int, int]) -> Camera:
    """Return a camera at a floor point and height, held as robots and hands hold it."""
    share = math.exp(float(rng.uniform(math.log(FOCAL_SHARES[0]), math.log(FOCAL_SHARES[1]))))
    lean = -10 if height > 0.8 else 2
    shake = 2.0 if height < 0.5 else 5.0
    pitch = float(rng.normal(lean, 8))
    roll = float(rng.normal(0, shake))
    low, high = DOWN_HEIGHTS
    if low <= height < high and rng.uniform() < DOWN_SHARE:
        pitch = float(rng.uniform(*DOWN))
    elif height >= HELD_FROM and rng.uniform() < STEEP_SHARE:
        pitch = float(rng.uniform(*STEEP))
    if height < high and rng.uniform() < CROOKED_SHARE:
        roll = float(rng.uniform(-CROOKED, CROOKED))
    return Camera(
        *size,
        share * size[0],
        (*spot, height),
        float(rng.uniform(0, 2 * math.pi)),
        math.radians(pitch),
        math.radians(roll),
    )


def is_worth_it(distances: np.ndarray, labels: list, plain: bool, near: bool = False) -> bool:
    """
    Say whether a view shows enough.

    Args:
        distances: (N,) metres along the rays of the grid, inf for the void.
        labels: class of what each ray meets, None for the void.
        plain: floor and walls alone are enough.
        near: it is to show something that is near, but is not to be blocked by it.

    """
    void = np.mean(~np.isfinite(distances))
    nearest, middle = np.percentile(np.where(np.isfinite(distances), distances, 20.0), (6, 50))
    least, most = (0.1, 0.5) if near else (0.25, math.inf)
    if void > 0.1 or not least <= nearest <= most or middle < (0.3 if near else 0.75):
        return False
    things = [name for name in labels if name not in ('wall', 'floor', 'ceiling', None)]
    share = max(labels.count(name) for name in set(labels)) / len(labels)
    return share < 0.9 and (plain or len(set(things)) >= 2 or len(things) > 0.25 * len(labels))


Look = Callable[[Camera], tuple[np.ndarray, list]]
"""Returns distances and labels of the grid's rays."""
Draw = Callable[[bool], Optional[Camera]]
"""
Returns a camera that is outside of all things, or None where it missed; True asks for one that is
near to something.
"""


def sample_cameras(rng, draw: Draw, look: Look, count: int, floor: float = 0.0) -> list[Camera]:
    """
    Return up to `count` cameras whose views are worth it.

    Args:
        rng: decides which views may be plain and which are to be near.
        draw: draws a camera.
        look: sends the grid's rays.
        count: views wanted; fewer come where the scene has none in 80 tries each.
        floor: least share of the rays that meet floor.

    """
    cameras: list[Camera] = []
    near, wanted = rng.uniform() < NEAR_SHARE, 0
    for _ in range(80 * count):
        camera = draw(near)
        plain = bool(rng.uniform() < PLAIN_SHARE)
        wanted += 1
        seen = look(camera) if camera is not None else None
        has_floor = seen and seen[1].count('floor') >= floor * len(seen[1])
        if has_floor and is_worth_it(*seen, plain, near):
            cameras.append(camera)
            if len(cameras) == count:
                break
            near, wanted = rng.uniform() < NEAR_SHARE, 0
        elif wanted == NEAR_TRIES:
            near = False
    return cameras


def room_drawer(plan, rng, size: tuple[int, int]) -> Draw:
    """
    Return a function that draws cameras in a planned room, a third of them at its doorways.

    Of those that are to be near to things, some stand over tables, as heads and hands are, and
    the others keep less distance from all there is, as small robots do.
    """

    def draw(near: bool = False):
        width, depth, ceiling = plan.size
        if near and plan.tops and rng.uniform() < DESK_SHARE:
            return over_top(plan, plan.tops[int(rng.integers(len(plan.tops)))], rng, size)
        margin = 0.08 if near else 0.15
        x = float(rng.uniform(margin, width - margin))
        y = float(rng.uniform(margin, depth - margin))
        height = draw_height(rng, ceiling)
        if near:
            height = float(rng.uniform(*HEIGHTS[0][0]))
        if not plan.is_free(x, y, height, margin):
            return None
        camera = draw_camera(rng, (x, y), height, size)
        if not near and plan.doorways and rng.uniform() < THROUGH_SHARE:
            return through(camera, plan.doorways[int(rng.integers(len(plan.doorways)))], rng)
        return camera

    return draw


def over_top(plan, top, rng, size: tuple[int, int]) -> Camera | None:
    """Return a camera at an edge of a table's top and over it, that looks across it."""
    spot, height = top.footprint, top.z + float(rng.uniform(*OVER_TOP))
    u = float(rng.uniform(-0.45, 0.45)) * spot.width
    v = float(rng.choice([-1, 1], p=[0.75, 0.25])) * (
        spot.depth / 2 + float(rng.uniform(-0.1, 0.3))
    )
    x, y = _point(spot, u, v)
    width, depth, ceiling = plan.size
    if not (0.1 < x < width - 0.1 and 0.1 < y < depth - 0.1 and height < ceiling - 0.2):
        return None
    # Over the top itself the piece's own obstacle, which may reach up to its monitor, is no bar.
    others = [o for o in plan.obstacles if o.footprint != spot]
    if not replace(plan, obstacles=others).is_free(x, y, height, 0.05):
        return None
    goal = _point(spot, float(rng.uniform(-0.4, 0.4)) * spot.width, -v * float(rng.uniform(0, 1)))
    camera = draw_camera(rng, (x, y), height, size)
    dx, dy = goal[0] - x, goal[1] - y
    drop = math.atan2(top.z + float(rng.uniform(0, 0.45)) - height, math.hypot(dx, dy) + 0.2)
    return replace(camera, yaw=math.atan2(-dx, dy), pitch=drop + math.radians(rng.normal(0, 5)))


def _point(spot, u, v):
    """Return the floor point (u, v) in the frame of a footprint."""
    c, s = math.cos(spot.angle), math.sin(spot.angle)
    return spot.x + c * u - s * v, spot.y + s * u + c * v


def through(camera: Camera, doorway, rng) -> Camera | None:
    """Return the camera turned to look through a doorway; None where it is beside or far off."""
    dx, dy = doorway.x - camera.position[0], doorway.y - camera.position[1]
    yaw = math.atan2(-dx, dy)
    off = (yaw - doorway.yaw + math.pi) % (2 * math.pi) - math.pi
    if abs(off) > STEEPEST or not 0.3 < math.hypot(dx, dy) < FARTHEST:
        return None
    half = math.atan(camera.width / 2 / camera.focal)
    return replace(camera, yaw=yaw + float(rng.normal(0, 0.4)) * half, pitch=camera.pitch / 2)
