"""Furniture that is built of boxes, so that each part has its own class: shelves with books."""

from __future__ import annotations

import math

from rooms_app import skins
from rooms_app.plan import Footprint, Skin, Solid

BOARD = 0.022
"""Metres; the thickness of a shelf's boards."""


class Bench:
    """
    Collects boxes given in a piece's own frame: x along its front, y to its back, z up.

    Args:
        footprint: of the piece.
        rng: decides.

    """

    def __init__(self, footprint: Footprint, rng):
        self.footprint = footprint
        self.rng = rng
        self.solids: list[Solid] = []

    def add(self, x, y, z, size, label, skin: Skin, turn=0.0, shape='box') -> None:
        """Add a box by the middle of its bottom."""
        c, s = math.cos(self.footprint.angle), math.sin(self.footprint.angle)
        center = (
            self.footprint.x + c * x - s * y,
            self.footprint.y + s * x + c * y,
            z + size[2] / 2,
        )
        angle = self.footprint.angle + turn
        self.solids.append(Solid(shape, center, tuple(size), label, skin, angle))

    def books(self, x0: float, x1: float, y: float, z: float, room: float) -> None:
        """Stand books in a row, with gaps, or lay them in a pile."""
        x, rng = x0, self.rng
        while x < x1 - 0.06:
            if rng.uniform() < 0.12:
                x += float(rng.uniform(0.04, 0.2))
                continue
            if rng.uniform() < 0.06 and x1 - x > 0.26:
                self.pile(x + 0.13, y, z, room)
                x += 0.27
                continue
            thick, tall = float(rng.uniform(0.012, 0.055)), float(rng.uniform(0.17, 0.29))
            tall = min(tall, room - 0.02)
            deep = min(float(rng.uniform(0.13, 0.21)), self.footprint.depth - 0.03)
            front = -self.footprint.depth / 2 + 0.03 + deep / 2
            size = (thick, deep, tall)
            self.add(x + thick / 2, front, z, size, 'books', skins.Skin('plain', skins.vivid(rng)))
            x += thick + 0.001

    def pile(self, x: float, y: float, z: float, room: float) -> None:
        """Lay some books on each other."""
        rng = self.rng
        for _ in range(int(rng.integers(1, 6))):
            thick = float(rng.uniform(0.012, 0.05))
            if thick > room - 0.02:
                return
            size = (float(rng.uniform(0.16, 0.24)), float(rng.uniform(0.12, 0.18)), thick)
            skin = Skin('plain', skins.vivid(rng), roughness=0.5)
            self.add(x, y, z, size, 'books', skin, float(rng.normal(0, 0.15)))
            z, room = z + thick, room - thick


def bookcase(bench: Bench, height: float) -> list[tuple[float, float]]:
    """Build shelves and fill some with books; return (z, free height) of the empty ones."""
    rng, width, depth = bench.rng, bench.footprint.width, bench.footprint.depth
    skin = skins.wood(rng)
    for side in (-1, 1):
        bench.add(side * (width - BOARD) / 2, 0, 0, (BOARD, depth, height), 'furniture', skin)
    if rng.uniform() < 0.7:
        bench.add(0, depth / 2 - 0.005, 0, (width, 0.01, height), 'furniture', skin)
    count = max(2, round(height / float(rng.uniform(0.3, 0.42))))
    pitch, empty = (height - 0.05 - BOARD) / count, []
    share = float(rng.uniform(0.3, 1.0))
    for k in range(count + 1):
        z = 0.05 + k * pitch
        board = (width - 2 * BOARD, depth, BOARD)
        bench.add(0, 0, z, board, 'furniture', skin)
        room = pitch - BOARD
        if k == count:
            break
        if rng.uniform() < share:
            end = float(rng.uniform(0.3, 1.0)) * (width - 0.06)
            bench.books(-width / 2 + 0.03, -width / 2 + 0.03 + end, 0, z + BOARD, room)
        else:
            empty.append((z + BOARD, room))
    return [*empty, (height, 0.5)]


def rack(bench: Bench, height: float) -> None:
    """Build a warehouse's rack of posts and boards with boxes on it."""
    rng, width, depth = bench.rng, bench.footprint.width, bench.footprint.depth
    post, board = skins.metal(rng), skins.wood(rng)
    for x in (-1, 1):
        for y in (-1, 1):
            at = (x * (width / 2 - 0.03), y * (depth / 2 - 0.03))
            bench.add(*at, 0, (0.05, 0.05, height), 'furniture', post)
    levels = int(rng.integers(2, 5))
    for k in range(levels):
        z = 0.1 + k * (height - 0.2) / max(levels - 1, 1)
        bench.add(0, 0, z, (width, depth, 0.04), 'furniture', board)
        room = (height - 0.2) / max(levels - 1, 1) - 0.06
        row_of_boxes(bench, z + 0.04, min(room, 0.7) if k < levels - 1 else 0.5)


def row_of_boxes(bench: Bench, z: float, room: float) -> None:
    """Stand boxes side by side along the piece."""
    rng, width, depth = bench.rng, bench.footprint.width, bench.footprint.depth
    x = -width / 2 + 0.05
    while x < width / 2 - 0.2:
        wide = min(float(rng.uniform(0.15, 0.6)), width / 2 - 0.05 - x)
        if rng.uniform() < 0.75:
            size = (
                wide,
                float(rng.uniform(0.5, 0.95)) * depth,
                float(rng.uniform(0.4, 0.95)) * room,
            )
            skin = skins.cardboard(rng) if rng.uniform() < 0.7 else skins.paint(rng)
            bench.add(x + wide / 2, 0, z, size, 'objects', skin)
        x += wide + float(rng.uniform(0.02, 0.15))


def heap(bench: Bench) -> float:
    """Stack cartons on the floor, each smaller than the one below; return the height."""
    rng, z = bench.rng, 0.0
    width, depth = bench.footprint.width, bench.footprint.depth
    for _ in range(int(rng.integers(1, 5))):
        size = (width, depth, float(rng.uniform(0.18, 0.45)))
        turn = float(rng.normal(0, 0.06)) if z else 0.0
        bench.add(0, 0, z, size, 'objects', skins.cardboard(rng), turn)
        z += size[2]
        width, depth = (
            width * float(rng.uniform(0.75, 0.95)),
            depth * float(rng.uniform(0.75, 0.95)),
        )
    return z


def pallet(bench: Bench) -> float:
    """Build a pallet, loaded or not; return the height."""
    rng, width, depth = bench.rng, bench.footprint.width, bench.footprint.depth
    wood = Skin('grain', (0.55, 0.4, 0.24), int(rng.integers(1 << 30)), 0.8, 0.9)
    for k in range(3):
        at = (k - 1) * (width - 0.1) / 2
        bench.add(at, 0, 0, (0.1, depth, 0.1), 'objects', wood)
    for k in range(7):
        at = (k - 3) * (depth - 0.1) / 6
        bench.add(0, at, 0.1, (width, 0.1, 0.022), 'objects', wood)
    z = 0.122
    for _ in range(int(rng.integers(0, 4))):
        room = float(rng.uniform(0.2, 0.45))
        for y in (-1, 1):
            for x in (-1, 1):
                size = (width / 2 - 0.03, depth / 2 - 0.03, room)
                skin = skins.cardboard(rng)
                bench.add(x * width / 4, y * depth / 4, z, size, 'objects', skin)
        z += room
    return z


def counter(bench: Bench, height: float) -> None:
    """Build a closed counter with a top that stands out."""
    width, depth = bench.footprint.width, bench.footprint.depth
    body, top = skins.wood(bench.rng), skins.wood(bench.rng)
    bench.add(0, 0.03, 0, (width, depth - 0.08, height - 0.04), 'furniture', body)
    bench.add(0, 0, height - 0.04, (width, depth, 0.04), 'furniture', top)


def table(bench: Bench, height: float) -> None:
    """Build a plain table: a top on four legs, or on two sides."""
    rng, width, depth = bench.rng, bench.footprint.width, bench.footprint.depth
    top, leg = skins.wood(rng), skins.metal(rng) if rng.uniform() < 0.5 else skins.wood(rng)
    bench.add(0, 0, height - 0.03, (width, depth, 0.03), 'table', top)
    if rng.uniform() < 0.3:
        for side in (-1, 1):
            at = side * (width / 2 - 0.05)
            bench.add(at, 0, 0, (0.03, depth - 0.06, height - 0.03), 'table', leg)
        return
    for x in (-1, 1):
        for y in (-1, 1):
            at = (x * (width / 2 - 0.05), y * (depth / 2 - 0.05))
            bench.add(*at, 0, (0.05, 0.05, height - 0.03), 'table', leg)


def monitor(bench: Bench, x: float, y: float, z: float) -> None:
    """Stand a monitor on its foot; its screen looks to the front."""
    rng = bench.rng
    width, tall = float(rng.uniform(0.45, 0.7)), float(rng.uniform(0.28, 0.38))
    black = Skin('plain', (0.02, 0.02, 0.02), roughness=0.4)
    bench.add(x, y + 0.03, z, (0.2, 0.16, 0.012), 'tv', black)
    bench.add(x, y + 0.05, z, (0.04, 0.02, 0.25), 'tv', black)
    bench.add(x, y + 0.015, z + 0.1, (width, 0.03, tall), 'tv', black)
    bench.add(
        x,
        y - 0.002,
        z + 0.112,
        (width - 0.02, 0.004, tall - 0.024),
        'tv',
        skins.screen(rng),
        shape='panel',
    )


def bed(bench: Bench) -> float:
    """Build a bed: frame, mattress, blanket and pillows, head at the back; return the height."""
    rng, width, depth = bench.rng, bench.footprint.width, bench.footprint.depth
    frame, low = skins.wood(rng), float(rng.uniform(0.2, 0.35))
    bench.add(0, 0, 0.06, (width, depth, low - 0.06), 'bed', frame)
    head = float(rng.uniform(0.6, 1.1))
    bench.add(0, depth / 2 - 0.025, 0, (width, 0.05, head), 'bed', frame)
    white = Skin('weave', skins.pale(rng), 1, 0.5, 0.95)
    bench.add(0, -0.03, low, (width - 0.06, depth - 0.1, 0.18), 'bed', white)
    cover = float(rng.uniform(0.55, 0.8)) * depth
    size = (width + 0.02, cover, 0.22)
    bench.add(0, -depth / 2 + cover / 2 + 0.01, low, size, 'bed', skins.cloth(rng))
    count = 2 if width > 1.3 else 1
    for k in range(count):
        x = (k - (count - 1) / 2) * width / 2
        size = (min(0.62, width / count - 0.1), 0.38, 0.13)
        skin = white if rng.uniform() < 0.5 else skins.cloth(rng)
        turn = float(rng.normal(0, 0.12))
        bench.add(x, depth / 2 - 0.3, low + 0.18, size, 'objects', skin, turn, 'cushion')
    return low + 0.22
