"""Furniture that is built of boxes, so that each part has its own class: shelves with books."""

from __future__ import annotations

from dataclasses import replace
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
        self._covers: list[Skin] = []

    def add(
        self, x, y, z, size, label, skin: Skin, turn=0.0, shape='box', tilt: float = 0.0
    ) -> Solid:
        """Add a box by the middle of its bottom, and return it."""
        c, s = math.cos(self.footprint.angle), math.sin(self.footprint.angle)
        angle = self.footprint.angle + turn
        solid = Solid(shape, (0, 0, 0), tuple(size), label, skin, angle, tilt=tilt)
        center = (
            self.footprint.x + c * x - s * y,
            self.footprint.y + s * x + c * y,
            z + float(solid.reach()[2]),
        )
        self.solids.append(replace(solid, center=center))
        return self.solids[-1]

    def books(self, x0: float, x1: float, z: float, room: float) -> None:
        """
        Stand books in a row from `x0` on, as long as they end before `x1`.

        Sets of one height and cover stand among single ones; there are gaps, piles, books that
        lean on the one before, and books that lie on a row. `room` is the height above `z`.
        """
        x, rng, last = x0, self.rng, 0.0
        # One piece has few covers, each of which is a material to prepare.
        self._covers = self._covers or skins.covers(rng, int(rng.integers(10, 22)))
        chosen = rng.permutation(len(self._covers))[: int(rng.integers(5, 13))]
        covers = [self._covers[k] for k in chosen]
        usual = float(rng.uniform(0.17, 0.3))
        while x < x1 - 0.06:
            chance = rng.uniform()
            if chance < 0.06:
                x, last = x + float(rng.uniform(0.03, 0.25)), 0.0
            elif chance < 0.1 and x1 - x > 0.26:
                self.pile(x + 0.13, 0, z, room)
                x, last = x + 0.27, 0.0
            else:
                is_set = rng.uniform() < 0.2
                x, last = self._run(x, x1, z, room, usual, covers, is_set, last)

    def _run(self, x, x1, z, room, usual, covers, is_set, last):
        """Stand a set of like books, or a single one; return where they end, and the height."""
        rng = self.rng
        thick = float(rng.uniform(0.008, 0.03) if rng.uniform() < 0.6 else rng.uniform(0.03, 0.06))
        tall = min(usual * float(rng.uniform(0.7, 1.15)), room - 0.02)
        deep = min(float(rng.uniform(0.11, 0.22)), self.footprint.depth - 0.04)
        front = -self.footprint.depth / 2 + float(rng.uniform(0.005, 0.05)) + deep / 2
        front = min(front, self.footprint.depth / 2 - 0.015 - deep / 2)
        skin = covers[int(rng.integers(len(covers)))]
        begin = x
        for _ in range(int(rng.integers(3, 12)) if is_set else 1):
            lean = (
                float(rng.uniform(0.1, 0.35)) if last > 0.8 * tall and rng.uniform() < 0.1 else 0.0
            )
            wide = thick * math.cos(lean) + tall * math.sin(lean)
            high = tall * math.cos(lean) + thick * math.sin(lean)
            if x + wide > x1 or high > room:
                return max(x, begin + 0.01), last
            size = (thick, deep, tall)
            self.add(x + wide / 2, front, z, size, 'books', skin, shape='panel', tilt=-lean)
            x, last = x + wide + float(rng.uniform(0.0003, 0.002)), tall
        if is_set and x - begin > 0.2 and room - tall > 0.08 and rng.uniform() < 0.5:
            flat = Footprint(0, 0, x - begin, self.footprint.depth)
            self._lie((begin + x) / 2, front, z + tall, min(room - tall, 0.1), flat, covers)
        return x, last

    def _lie(self, x, y, z, room, on, covers):
        """Lay one to three books on a row."""
        rng = self.rng
        for _ in range(int(rng.integers(1, 4))):
            thick = float(rng.uniform(0.01, 0.04))
            if thick > room - 0.01:
                return
            size = (min(float(rng.uniform(0.18, 0.26)), on.width), 0.14, thick)
            skin = covers[int(rng.integers(len(covers)))]
            self.add(x, y, z, size, 'books', skin, 0.0, 'panel')
            z, room = z + thick, room - thick

    def pile(self, x: float, y: float, z: float, room: float) -> None:
        """Lay some books on each other, sometimes a magazine on top."""
        rng, turn = self.rng, 0.0
        for _ in range(int(rng.integers(1, 8))):
            thick = float(rng.uniform(0.01, 0.05))
            if thick > room - 0.02:
                return
            size = (float(rng.uniform(0.16, 0.25)), float(rng.uniform(0.12, 0.18)), thick)
            skin = Skin('plain', skins.vivid(rng), roughness=0.5)
            self.add(x, y, z, size, 'books', skin, turn + float(rng.normal(0, 0.15)))
            z, room = z + thick, room - thick
        if rng.uniform() < 0.4:
            self.magazine(x, y, z)

    def magazine(self, x: float, y: float, z: float) -> None:
        """Lay a magazine."""
        size = (0.21, 0.28 if self.footprint.depth > 0.3 else 0.2, 0.006)
        turn = float(self.rng.normal(0, 0.5))
        self.add(x, y, z, size, 'books', skins.magazine(self.rng), turn, 'panel')

    def files(self, x0: float, x1: float, z: float, room: float) -> None:
        """Stand a row of box files, alike."""
        rng = self.rng
        size = (0.075, min(0.27, self.footprint.depth - 0.04), min(0.32, room - 0.02))
        chosen = [skins.paint(rng) for _ in range(int(rng.integers(1, 4)))]
        x = x0
        while x + size[0] < x1:
            if rng.uniform() < 0.88:
                skin = chosen[int(rng.integers(len(chosen)))]
                self.add(x + size[0] / 2, -0.01, z, size, 'objects', skin)
            x += size[0] + 0.002

    def vessels(self, x0: float, x1: float, z: float, room: float) -> None:
        """Stand vases, jars and small boxes apart from each other."""
        rng, x = self.rng, x0
        while x < x1 - 0.2:
            wide = float(rng.uniform(0.06, min(0.18, self.footprint.depth - 0.06)))
            size = (wide, wide, float(rng.uniform(0.35, 0.95)) * min(room, 0.45))
            skin = skins.paint(rng) if rng.uniform() < 0.6 else skins.cardboard(rng)
            shape = 'cylinder' if rng.uniform() < 0.6 else 'box'
            self.add(x + wide / 2, 0, z, size, 'objects', skin, 0.0, shape)
            x += wide + float(rng.uniform(0.05, 0.3))


def bookcase(bench: Bench, height: float, books: float = 0.6) -> list[tuple[float, float]]:
    """
    Build shelves and fill them: `books` is the share of the shelves that have books.

    Returns:
        (z, free height) of the empty ones.

    """
    rng, width, depth = bench.rng, bench.footprint.width, bench.footprint.depth
    skin = skins.wood(rng)
    for side in (-1, 1):
        bench.add(side * (width - BOARD) / 2, 0, 0, (BOARD, depth, height), 'furniture', skin)
    if rng.uniform() < 0.7:
        bench.add(0, depth / 2 - 0.005, 0, (width, 0.01, height), 'furniture', skin)
    count = max(2, round(height / float(rng.uniform(0.28, 0.42))))
    pitch, empty = (height - 0.05 - BOARD) / count, []
    for k in range(count + 1):
        z = 0.05 + k * pitch
        bench.add(0, 0, z, (width - 2 * BOARD, depth, BOARD), 'furniture', skin)
        if k < count and not fill_shelf(bench, z + BOARD, pitch - BOARD, books):
            empty.append((z + BOARD, pitch - BOARD))
    return [*empty, (height, 0.5)]


def fill_shelf(bench: Bench, z: float, room: float, books: float) -> bool:
    """Put books, files, boxes or vessels on a board; return whether there is anything."""
    rng, half = bench.rng, bench.footprint.width / 2 - 0.03
    end = -half + (1.0 if rng.uniform() < 0.5 else float(rng.uniform(0.3, 1.0))) * 2 * half
    if rng.uniform() < books:
        bench.books(-half, end, z, room)
        return True
    other = str(rng.choice(['files', 'boxes', 'vessels', 'none'], p=[0.2, 0.2, 0.3, 0.3]))
    if other == 'files':
        bench.files(-half, end, z, room)
    elif other == 'boxes':
        row_of_boxes(bench, z, min(room - 0.03, 0.35))
    elif other == 'vessels':
        bench.vessels(-half, end, z, room - 0.03)
    return other != 'none'


def wall_board(bench: Bench, z: float) -> None:
    """Hang a board at a wall, with brackets and what stands on it."""
    skin, width, depth = skins.wood(bench.rng), bench.footprint.width, bench.footprint.depth
    bench.add(0, 0, z, (width, depth, BOARD), 'furniture', skin)
    for side in (-1, 1):
        size = (0.02, depth * 0.7, 0.06)
        bench.add(side * (width / 2 - 0.1), depth * 0.15, z - 0.06, size, 'furniture', skin)
    fill_shelf(bench, z + BOARD, 0.34, 0.75)


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


def keyboard(bench: Bench, x: float, y: float, z: float) -> None:
    """Lay a keyboard and a mouse before (x, y)."""
    rng = bench.rng
    value = float(rng.choice([0.03, 0.06, 0.5, 0.8]))
    skin = Skin('plain', (value, value, value), roughness=0.5)
    keys = Skin('keys', (value, value, value), int(rng.integers(1 << 30)), 0.2, 0.6)
    width, turn = float(rng.uniform(0.3, 0.46)), float(rng.normal(0, 0.06))
    bench.add(x, y, z, (width, 0.14, 0.016), 'objects', skin, turn)
    bench.add(x, y, z + 0.016, (width - 0.02, 0.12, 0.006), 'objects', keys, turn, 'panel')
    side = width / 2 + float(rng.uniform(0.08, 0.16))
    bench.add(x + side, y, z, (0.06, 0.1, 0.034), 'objects', skin, turn, 'cushion')


def laptop(bench: Bench, x: float, y: float, z: float) -> None:
    """Open a laptop; its screen leans back."""
    rng = bench.rng
    value = float(rng.choice([0.03, 0.3, 0.6]))
    shell = Skin('plain', (value, value, value), roughness=0.4)
    keys = Skin('keys', (0.05, 0.05, 0.05), int(rng.integers(1 << 30)), 0.2, 0.6)
    width, deep = float(rng.uniform(0.3, 0.38)), float(rng.uniform(0.21, 0.26))
    turn = float(rng.normal(0, 0.25))
    quarter, back = turn + math.pi / 2, float(rng.uniform(0.1, 0.4))
    bench.add(x, y, z, (width, deep, 0.016), 'tv', shell, turn)
    u, v = -math.sin(turn), math.cos(turn)
    bench.add(x, y, z + 0.016, (width - 0.04, deep * 0.5, 0.002), 'tv', keys, turn, 'panel')
    # Tilted boxes turn about their own y: the lid's x is its thickness, so it is turned by 90.
    off = deep / 2 + math.sin(back) * deep / 2
    at = (x + u * off, y + v * off)
    bench.add(*at, z + 0.016, (0.008, width, deep), 'tv', shell, quarter, tilt=back)
    off -= 0.006
    at = (x + u * off, y + v * off)
    screen = skins.screen(rng)
    bench.add(
        *at, z + 0.026, (0.003, width - 0.02, deep - 0.02), 'tv', screen, quarter, 'panel', back
    )


def mug(bench: Bench, x: float, y: float, z: float) -> None:
    """Stand a mug with its handle, or a glass without."""
    rng = bench.rng
    wide = float(rng.uniform(0.065, 0.095))
    tall, skin = float(rng.uniform(0.08, 0.13)), skins.paint(rng)
    bench.add(x, y, z, (wide, wide, tall), 'objects', skin, 0.0, 'cylinder')
    inside = Skin('plain', (0.05, 0.03, 0.02), roughness=0.2)
    size = (wide - 0.012, wide - 0.012, 0.003)
    bench.add(x, y, z + tall - 0.001, size, 'objects', inside, 0.0, 'cylinder')
    if rng.uniform() < 0.7:
        angle = float(rng.uniform(0, 2 * math.pi))
        at = (x + math.cos(angle) * wide * 0.6, y + math.sin(angle) * wide * 0.6)
        bench.add(*at, z + tall * 0.2, (0.035, 0.012, tall * 0.6), 'objects', skin, angle)


def desk_lamp(bench: Bench, x: float, y: float, z: float) -> None:
    """Stand a lamp: foot, rod and shade, lit or not."""
    rng = bench.rng
    skin, tall = skins.metal(rng), float(rng.uniform(0.28, 0.5))
    glow = float(rng.choice([0.0, 3.0, 8.0]))
    shade = Skin('plain', (1.0, 0.85, 0.6), roughness=0.8, glow=glow) if glow else skins.paint(rng)
    wide = float(rng.uniform(0.14, 0.26))
    bench.add(x, y, z, (0.15, 0.15, 0.02), 'objects', skin, 0.0, 'cylinder')
    bench.add(x, y, z + 0.02, (0.018, 0.018, tall), 'objects', skin, 0.0, 'cylinder')
    bench.add(x, y, z + tall - 0.04, (wide, wide, 0.15), 'objects', shade, 0.0, 'cylinder')


def bottle(bench: Bench, x: float, y: float, z: float) -> None:
    """Stand a bottle."""
    rng, skin = bench.rng, skins.paint(bench.rng)
    wide, tall = float(rng.uniform(0.06, 0.085)), float(rng.uniform(0.14, 0.2))
    bench.add(x, y, z, (wide, wide, tall), 'objects', skin, 0.0, 'cylinder')
    bench.add(x, y, z + tall, (wide * 0.4, wide * 0.4, 0.07), 'objects', skin, 0.0, 'cylinder')


def papers(bench: Bench, x: float, y: float, z: float) -> None:
    """Leave a sheet or a heap of paper."""
    rng = bench.rng
    size = (0.21, 0.297, float(rng.choice([0.002, 0.01, 0.04])))
    skin = Skin('print', (1, 1, 1), int(rng.integers(1 << 30)), 1.0, 0.8)
    bench.add(x, y, z, size, 'objects', skin, float(rng.normal(0, 0.4)), 'panel')


SMALL = {
    'mug': (mug, 0.07),
    'bottle': (bottle, 0.05),
    'desk_lamp': (desk_lamp, 0.13),
    'papers': (papers, 0.2),
}
"""Built things that lie on tables, with the radius that they take, metres."""


def garment(bench: Bench, x: float, y: float, z: float) -> None:
    """Drop a shirt, a towel or a bag: some soft lumps of one cloth."""
    rng, skin = bench.rng, skins.cloth(bench.rng)
    for _ in range(int(rng.integers(1, 4))):
        size = [float(v) for v in rng.uniform((0.18, 0.12, 0.03), (0.5, 0.34, 0.14))]
        at = (x + float(rng.normal(0, 0.06)), y + float(rng.normal(0, 0.06)))
        turn = float(rng.uniform(0, 2 * math.pi))
        bench.add(*at, z, size, 'objects', skin, turn, 'cushion')


def carton(bench: Bench, x: float, y: float, z: float) -> None:
    """Stand a small box, of cardboard or printed."""
    rng = bench.rng
    size = [float(v) for v in rng.uniform((0.08, 0.06, 0.02), (0.32, 0.24, 0.22))]
    skin = skins.cardboard(rng) if rng.uniform() < 0.5 else skins.magazine(rng)
    bench.add(x, y, z, size, 'objects', skin)


LITTER = {
    'garment': (garment, 0.3),
    'carton': (carton, 0.2),
    'papers': (papers, 0.22),
    'bottle': (bottle, 0.08),
    'mug': (mug, 0.08),
}
"""Built things that lie on floors, with the side of the square that they take, metres."""


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
