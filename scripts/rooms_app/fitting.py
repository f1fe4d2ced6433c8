"""A room while it is being furnished: what is taken on the floor and on the walls."""

from __future__ import annotations

from dataclasses import dataclass
import math

import numpy as np
from rooms_app.catalog import Model
from rooms_app.plan import Footprint, Obstacle, Placed, Plan

GAP = 0.02
"""Metres between what stands at a wall and the wall, past the baseboard."""
TRIES = 14


@dataclass(frozen=True)
class Wall:
    """An inner face: start, unit vectors along and into the room, length, yaw of furniture."""

    start: tuple[float, float]
    along: tuple[float, float]
    normal: tuple[float, float]
    length: float
    angle: float

    def point(self, s: float, off: float) -> tuple[float, float]:
        """Return the floor point `s` metres along and `off` metres from the wall."""
        return (
            self.start[0] + self.along[0] * s + self.normal[0] * off,
            self.start[1] + self.along[1] * s + self.normal[1] * off,
        )


def walls_of(width: float, depth: float) -> list[Wall]:
    """Return the four inner faces of a rectangular room."""
    return [
        Wall((0, 0), (1, 0), (0, 1), width, math.pi),
        Wall((width, 0), (0, 1), (-1, 0), depth, -math.pi / 2),
        Wall((0, depth), (1, 0), (0, -1), width, 0.0),
        Wall((0, 0), (0, 1), (1, 0), depth, math.pi / 2),
    ]


class Fitting:
    """
    Places things without overlap and inside the room.

    Args:
        plan: grows.
        rng: decides.

    """

    def __init__(self, plan: Plan, rng: np.random.Generator):
        self.plan = plan
        self.rng = rng
        self.walls = walls_of(plan.size[0], plan.size[1])
        self._floor: list[Footprint] = []
        self._taken: list[list[tuple[float, float, float, float]]] = [[], [], [], []]

    def is_free(self, footprint: Footprint, height: float, bottom: float = 0.0) -> bool:
        """Say whether a thing fits: inside, and apart from others and from doors and windows."""
        corners = footprint.corners()
        inside = (corners > -1e-6).all() and (corners < np.array(self.plan.size[:2]) + 1e-6).all()
        if not inside or height + bottom > self.plan.size[2] - 0.02:
            return False
        if bottom < 1.2 and any(footprint.meets(other) for other in self._floor):
            return False
        return all(
            self.is_wall_free(number, *span, bottom, bottom + height)
            for number, span in self._spans(footprint)
        )

    def _spans(self, footprint):
        """Yield the walls that it is close to, with the stretch of each."""
        corners = footprint.corners()
        for number, wall in enumerate(self.walls):
            offset = (corners - wall.start) @ wall.normal
            if offset.min() < 0.12:
                along = (corners - wall.start) @ wall.along
                yield number, (float(along.min()), float(along.max()))

    def is_wall_free(self, number: int, s0: float, s1: float, z0: float, z1: float) -> bool:
        """Say whether nothing is on this part of a wall."""
        return not any(
            s0 < b and s1 > a and z0 < d and z1 > c for a, b, c, d in self._taken[number]
        )

    def take_wall(self, number: int, s0: float, s1: float, z0: float, z1: float) -> None:
        """Note that this part of a wall is taken."""
        self._taken[number].append((s0, s1, z0, z1))

    def take_floor(self, footprint: Footprint) -> None:
        """Note that this part of the floor is to be kept free, as before a door."""
        self._floor.append(footprint)

    def take(self, footprint: Footprint, height: float, bottom: float = 0.0) -> None:
        """Note that a thing stands or hangs there."""
        if bottom < 1.2:
            self._floor.append(footprint)
        for number, span in self._spans(footprint):
            self.take_wall(number, *span, bottom, bottom + height)
        self.plan.obstacles.append(Obstacle(footprint, bottom, bottom + height))

    def put(self, model: Model, x: float, y: float, angle: float, **more) -> Placed | None:
        """Place a model if it fits; return it, or None."""
        scale = float(self.rng.uniform(0.96, 1.04))
        z = model.elevation if model.elevation > 0.05 else 0.0
        placed = Placed(model, x, y, z, angle, scale, tint=self.tint(), **more)
        height = model.size[2] * scale
        if not self.is_free(placed.footprint, height, z):
            return None
        self.take(placed.footprint, height, z)
        self.plan.models.append(placed)
        return placed

    def tint(self) -> tuple[float, float, float] | None:
        """Return a change of colours for one of three models."""
        if self.rng.uniform() > 0.35:
            return None
        return tuple(
            float(v) for v in self.rng.uniform(0.45, 1.2) * self.rng.uniform(0.75, 1.15, 3)
        )

    def at_wall(self, model: Model, number: int | None = None) -> Placed | None:
        """Place a model with its back to a wall."""
        for _ in range(TRIES):
            which = int(self.rng.integers(4)) if number is None else number
            wall, half = self.walls[which], model.size[0] * 0.52
            if wall.length <= 2 * half:
                continue
            s = float(self.rng.uniform(half, wall.length - half))
            x, y = wall.point(s, model.size[1] * 0.52 + GAP)
            placed = self.put(model, x, y, wall.angle)
            if placed:
                return placed
        return None

    def in_middle(self, model: Model, turned: bool = True, clear: float = 0.0) -> Placed | None:
        """Place a model away from walls; `clear` metres around it are free, not kept free."""
        for _ in range(TRIES):
            right = float(self.rng.integers(4)) * math.pi / 2
            free = turned and self.rng.uniform() < 0.5
            angle = float(self.rng.uniform(0, 2 * math.pi)) if free else right
            x, y = self.spot(0.3)
            around = Footprint(x, y, *model.size[:2], angle).grown(clear)
            if self.is_free(around, model.size[2]):
                placed = self.put(model, x, y, angle)
                if placed:
                    return placed
        return None

    def spot(self, margin: float) -> tuple[float, float]:
        """Return any point of the floor that is `margin` metres from the walls."""
        width, depth, _ = self.plan.size
        return (
            float(self.rng.uniform(margin, width - margin)),
            float(self.rng.uniform(margin, depth - margin)),
        )
