"""A slow walk through a room: a smooth path on which nothing is too near and much is seen."""

from __future__ import annotations

import math

import numpy as np
from rooms_app.cameras import Camera, Look
from rooms_app.failure import RoomsFailure
from rooms_app.plan import Plan
from rooms_app.walks import Walk

CANDIDATES = 1500
PROBES = 7
"""Frames along a candidate that rays are sent through, however many are rendered."""


def path(
    how: Walk, start, end, yaw: float, turn: float, size: tuple[int, int], count: int
) -> list[Camera]:
    """Return cameras from one floor point to another, turning on the way; it starts gently."""
    cameras = []
    for part in np.linspace(0, 1, count):
        eased = part * part * (3 - 2 * part)
        x, y = (float(a + (b - a) * eased) for a, b in zip(start, end))
        sway = 0.02 * math.sin(part * 4 * math.pi)
        pitch = math.radians(how.pitch + how.nod * math.sin(part * 2 * math.pi))
        roll = math.radians(1.0) * math.sin(part * 3 * math.pi)
        position = (x, y, how.height + sway)
        angle = yaw + turn * eased
        cameras.append(Camera(*size, how.focal_share * size[0], position, angle, pitch, roll))
    return cameras


def _worth(how, cameras, look):
    """Return how much the probes see, floor too, at distances of rooms; -inf: too near."""
    seen, poor, medians = set(), 0, []
    for camera in cameras:
        distances, labels = look(camera)
        if not np.isfinite(distances).all() or distances.min() < how.nearest:
            return -math.inf
        things = set(labels)
        medians.append(float(np.median(distances)))
        poor += (len(things) < 4) + (labels.count('floor') < how.floor * len(labels))
        seen |= things
    return len(seen) - 0.7 * poor - 4 * abs(math.log(np.median(medians) / how.middle))


def walk(
    how: Walk, plan: Plan, rng, look: Look, size: tuple[int, int], count: int
) -> list[Camera]:
    """
    Return the best of many paths through a room.

    Raises:
        RoomsFailure: none keeps its distance.

    """
    best, most = None, -math.inf
    for _ in range(CANDIDATES):
        start, end = (rng.uniform(0.06, 0.94, 2) * np.array(plan.size[:2]) for _ in range(2))
        turn = float(rng.choice([-1, 1]) * rng.uniform(*how.turns))
        yaw = float(rng.uniform(0, 2 * math.pi))
        frames = path(how, start, end, yaw, turn, size, count)
        if math.dist(start, end) > how.longest:
            continue
        if not all(plan.is_free(*camera.position, 0.2) for camera in frames):
            continue
        worth = _worth(how, path(how, start, end, yaw, turn, size, PROBES), look)
        if worth > most:
            best, most = frames, worth
    if best is None:
        raise RoomsFailure('no walk fits into this room: use another --seed or --kind')
    return best
