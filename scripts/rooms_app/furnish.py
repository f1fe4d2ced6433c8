"""Furnish a room: each step places one piece, or one group, where such things stand."""

from __future__ import annotations

import copy
import math

import numpy as np
from rooms_app import carpentry, shell, skins
from rooms_app.carpentry import Bench
from rooms_app.catalog import choose, Model
from rooms_app.fitting import Fitting, GAP, TRIES
from rooms_app.plan import Footprint, Placed, Plan, Solid, Top

GROUPS = {
    'bed': (r'\bbed\b|^bed |iron bed|crib', {'deep': 2.4, 'high': 1.5}),
    'bunk': (r'bunk|loft|mezzanine', {'high': 2.1}),
    'bedside': (r'bedside', {}),
    'wardrobe': (r'wardrobe|cupboard', {}),
    'dresser': (r'dresser|chest$|drawers|changing table', {'low': 0.4, 'high': 1.3}),
    'cabinet': (r'cabinet|dresser|chest$|shelves', {'low': 0.4, 'high': 2.2, 'deep': 0.7}),
    'sofa': (r'sofa|couch|futon couch', {'wide': 3.0, 'low': 0.6}),
    'armchair': (r'armchair|puff|rocking|relax chair|rattan armchair', {'high': 1.3}),
    'chair': (r'^(oak |folding |plastic |cafe |osaka )?chair( with cushion)?$', {'wide': 0.7}),
    'office_chair': (r'^(arm)?chair$', {'wide': 0.7, 'deep': 0.75, 'low': 0.8}),
    'stool': (r'stool|bar chair', {'high': 1.15}),
    'coffee': (r'coffee table', {'high': 0.6}),
    'table': (r'table$|^table|desk table', {'low': 0.65, 'high': 0.95, 'wide': 2.4}),
    'television': (r'^(flat )?tv', {'wide': 1.4}),
    'tv_stand': (r'tv stand|tv unit|dresser with drawers|^dresser$', {'high': 0.95}),
    'piano': (r'piano$|^piano', {}),
    'plant': (
        r'plant|ficus|yucca|spathiphyllum|bonsai|vase|bamboo',
        {'low': 0.35, 'high': 2.0, 'wide': 1.2},
    ),
    'floor_lamp': (r'floor uplight|^lamp$', {'low': 1.2}),
    'lower': (
        r'lower cabinet$|drawers cabinet|kitchen cabinet|^cooker$|dishwasher|^sink|stove',
        {'low': 0.7, 'high': 1.25},
    ),
    'upper': (r'upper cabinet$|glass door cabinet|hood', {'high': 1.0, 'raised': 2}),
    'fridge': (r'fridge|refrigerator|high cabinet', {}),
    'kitchen_thing': (r'oven$|washing machine|freezer|stool|high chair|recycling', {}),
    'bench': (r'bench$|piano bench|little bank', {'high': 0.9, 'deep': 0.8}),
    'slim': (r'shelves|cabinet|dresser|radiator|bookcase|cupboard', {'deep': 0.42, 'low': 0.5}),
    'extinguisher': (r'extinguisher|water cooler', {}),
    'bin': (r'trash ?can|dustbin|recycling|basket|bullet', {'high': 1.0}),
    'bath': (r'^(fitted )?bath$|bathtub|shower stall|^shower$', {'wide': 1.9}),
    'toilet': (r'toilets? unit|bidet', {}),
    'washbasin': (r'washbasin|vanity|lavatory', {'wide': 1.3, 'raised': 1}),
    'washer': (r'wash(ing|er)|dryer', {}),
    'radiator': (r'radiator', {'high': 1.6, 'deep': 0.3, 'raised': 1}),
    'person': (r'^(holding )?(fe)?male$|^boy$|^girl$', {'low': 1.4}),
    'tool': (
        r'ladder|wheelbarrow|barrel|crate|furnace|water heater|mower|motorbike|bicycle|bike'
        r'|punching|treadmill|abdominal|fork lift|trash|cone|locked locker|scooter',
        {'high': 2.2},
    ),
    'printer': (r'printer|safe|filing cabinet|water cooler', {}),
    'rug': (r'carpet|\brug\b|tatami', {'wide': 3.0}),
    'bathroom_cabinet': (
        r'towel rack|clothes basket|cabinet$|medicine',
        {'raised': 2, 'deep': 0.6},
    ),
    'bathmat': (r'bathmat|doormat', {}),
    'floor_thing': (
        r'shoes|sneakers|slippers|backpack|handbag|briefcase|ball|box|basket|toy|train|'
        r'suitcase|potty|rocking horse|teddy|cat$|dog|bulldog|guitar|fan$|skateboard|'
        r'tricycle|trunck|bag|helmet|crate|shovel|vase|stool|cone|gift|rabbit',
        {'wide': 1.0, 'high': 1.1},
    ),
    'small': (
        r'bottle|bowl|cup|mug|glass|plate|teapot|lamp$|candle|phone|vase|clock|tulips|'
        r'flowers|orchids|plant$|cactus|radio|printer|toaster|coffee|jar|pottery|newspaper|'
        r'book$|laptop|stapler|penbox|letter tray|fan$|camera|tray|bread|apples|gift|teddy|'
        r'keyboard|speaker|stereo|microwave|mixer|kettle|toy|frame|hat$|cap$|calendar|salad|'
        r'scale|knife stand|milk|creamer|sugar|rubik|chessboard|aquarium|lantern|headphones',
        {'wide': 0.6, 'deep': 0.5, 'high': 0.6},
    ),
}
"""Names and sizes of what each step draws from."""
FLOOR_TOP = 0.007
"""Metres; over any rug."""
BOOKS_ON_TOPS = 0.25
BUILT_ON_TOPS = 0.3
"""Shares of the things on tables and cabinets: books and magazines; mugs, lamps and the like."""


class Decorator:
    """
    Furnishes one room.

    Args:
        plan: the room; grows.
        models: the catalogue.
        rng: decides.

    Attributes:
        others: outlines of rooms around, in this room's own metres, where no other room fits.

    """

    def __init__(self, plan: Plan, models: list[Model], rng: np.random.Generator):
        self.rng, self.others = rng, []
        self._groups = {
            name: choose(models, pattern, **limits) for name, (pattern, limits) in GROUPS.items()
        }
        self._enter(plan)

    def _enter(self, plan):
        self.plan, self.fitting = plan, Fitting(plan, self.rng)

    def beside(self, plan: Plan, others: list[Footprint]) -> Decorator:
        """Return a decorator of another room, with rooms around, of the same models."""
        other = copy.copy(self)
        other._enter(plan)
        other.others = others
        return other

    def draw(self, group: str) -> Model | None:
        """Return any model of a group, or None where the catalogue has none."""
        models = self._groups[group]
        return models[int(self.rng.integers(len(models)))] if models else None

    def step(self, name: str) -> None:
        """Place what a step of `kinds` stands for."""
        special = getattr(self, f'_step_{name}', None)
        if special:
            special()
        elif model := self.draw(name):
            self._simple(model, name)

    def _simple(self, model, name):
        """Place one model: most at walls, some in the middle."""
        if name in IN_MIDDLE or (name in ANYWHERE and self.rng.uniform() < 0.5):
            self.fitting.in_middle(model)
            return
        placed = self.fitting.at_wall(model)
        if placed and placed.model.label in ('furniture', 'table') and placed.z == 0:
            self._dress(placed, 0, 4)

    def _dress(self, placed: Placed, least, most):
        """Put small things on a piece of furniture."""
        width, depth, height = (side * placed.scale for side in placed.model.size)
        if 0.3 < height < 1.35:
            top = placed.model.top * placed.scale
            self._top(placed.footprint, width, depth, top, least, most)
            if placed.model.label == 'table' and height > 0.35:
                self.plan.tops.append(Top(placed.footprint, top))

    def _top(self, footprint, width, depth, z, least, most, taken=()):
        """Put things and books on a surface, apart from each other and from what is there."""
        rng, used = self.rng, list(taken)
        for _ in range(int(rng.integers(least, most + 1))):
            chance, built, model, radius = rng.uniform(), '', None, 0.15
            if chance < BUILT_ON_TOPS:
                built = str(rng.choice(list(carpentry.SMALL)))
                radius = carpentry.SMALL[built][1]
            elif chance > BUILT_ON_TOPS + BOOKS_ON_TOPS:
                model = self.draw('small')
                radius = math.hypot(*model.size[:2]) / 2 if model else radius
            reach = (max(width * 0.46 - radius, 0), max(depth * 0.46 - radius, 0))
            u, v = rng.uniform(-1, 1, 2) * reach
            if radius > min(width, depth) * 0.55:
                continue
            if any(math.hypot(u - a, v - b) < radius + r for a, b, r in used):
                continue
            used.append((u, v, radius))
            c, s = math.cos(footprint.angle), math.sin(footprint.angle)
            x, y = footprint.x + c * u - s * v, footprint.y + s * u + c * v
            if built:
                bench = Bench(Footprint(x, y, 0.3, 0.3, footprint.angle), rng)
                carpentry.SMALL[built][0](bench, 0, 0, z)
                self._keep(bench)
            elif model is None:
                self._pile(x, y, z)
            else:
                angle = footprint.angle + float(rng.normal(0, 0.5))
                tint = self.fitting.tint()
                self.plan.models.append(Placed(model, x, y, z, angle, tint=tint, rests=True))

    def _lay(self, bench, z, least, most, depth=None, taken=()):
        """Keep a table that is built, with things on its top, `depth` metres of it or all."""
        spot = bench.footprint
        self._keep(bench)
        self.plan.tops.append(Top(spot, z))
        self._top(spot, spot.width, spot.depth if depth is None else depth, z, least, most, taken)

    def _pile(self, x, y, z):
        bench = Bench(Footprint(x, y, 0.25, 0.2, float(self.rng.uniform(0, 6.28))), self.rng)
        if self.rng.uniform() < 0.25:
            bench.magazine(0, 0, z)
        else:
            bench.pile(0, 0, z, 0.4)
        self.plan.solids += bench.solids

    def _built_at_wall(self, width, depth, height):
        """Return a bench for a piece of this size at a free place of a wall, or None."""
        for _ in range(TRIES):
            wall = self.fitting.walls[int(self.rng.integers(4))]
            if wall.length < width + 0.1:
                continue
            s = float(self.rng.uniform(width / 2 + 0.02, wall.length - width / 2 - 0.02))
            x, y = wall.point(s, depth / 2 + GAP)
            spot = Footprint(x, y, width, depth, wall.angle)
            if self.fitting.is_free(spot, height):
                self.fitting.take(spot, height)
                return Bench(spot, self.rng)
        return None

    def _built_in_middle(self, width, depth, height, clear=0.1):
        """Return a bench for a piece away from walls, or None."""
        for _ in range(TRIES):
            x, y = self.fitting.spot(0.4)
            spot = Footprint(x, y, width, depth, float(self.rng.integers(4)) * math.pi / 2)
            if self.fitting.is_free(spot.grown(clear), height):
                self.fitting.take(spot, height)
                return Bench(spot, self.rng)
        return None

    def _keep(self, bench: Bench):
        self.plan.solids += bench.solids

    def _step_bed(self):
        rng = self.rng
        group = 'bunk' if rng.uniform() < 0.15 else 'bed'
        if rng.uniform() < 0.5:
            model = self.draw(group)
            if model and self.fitting.at_wall(model):
                return
        widths = rng.permutation([0.9, 1.0, 1.4, 1.6, 1.8])[:2]
        for width in (*widths, 0.9):
            bench = self._built_at_wall(float(width), float(rng.uniform(1.95, 2.1)), 1.1)
            if bench:
                carpentry.bed(bench)
                self._keep(bench)
                return

    def _step_shelves(self):
        """Stand one bookcase, or some of a height side by side, at a wall."""
        rng = self.rng
        width, height = float(rng.uniform(0.5, 1.8)), float(rng.uniform(0.75, 2.2))
        deep = float(rng.uniform(0.22, 0.36))
        count = int(rng.integers(2, 5)) if rng.uniform() < 0.25 else 1
        if count > 1:
            width, height = min(width, 1.0), max(height, 1.6)
        bench = self._built_at_wall(width * count, deep, height + 0.05)
        if not bench and count > 1:
            count, bench = 1, self._built_at_wall(width, deep, height + 0.05)
        if bench:
            books = float(rng.choice([0.15, 0.6, 0.9, 1.0], p=[0.15, 0.3, 0.3, 0.25]))
            for k in range(count):
                x, y = self._beside(bench.footprint, (k - (count - 1) / 2) * width, 0)
                self._bookcase(Footprint(x, y, width, deep, bench.footprint.angle), height, books)

    def _bookcase(self, spot, height, books):
        bench = Bench(spot, self.rng)
        empty = carpentry.bookcase(bench, height, books)
        self._keep(bench)
        for z, room in empty:
            model = self.draw('small')
            if model and model.size[2] < room - 0.02 and max(model.size[:2]) < 0.28:
                self.plan.models.append(Placed(model, spot.x, spot.y, z, spot.angle, rests=True))

    def _step_wall_board(self):
        """Hang one to three boards with books and things over each other."""
        rng = self.rng
        width, z = float(rng.uniform(0.5, 1.6)), float(rng.uniform(1.32, 1.5))
        found = shell.stretch(self.fitting, width, z - 0.1, min(z + 0.8, self.plan.size[2] - 0.05))
        if found is None:
            return
        number, s = found
        wall, deep = self.fitting.walls[number], float(rng.uniform(0.18, 0.28))
        spot = Footprint(*wall.point(s, deep / 2 + 0.002), width, deep, wall.angle)
        bench, count = Bench(spot, rng), int(rng.integers(1, 3))
        for k in range(count):
            if z + k * 0.4 + 0.36 < self.plan.size[2]:
                carpentry.wall_board(bench, z + k * 0.4)
        self.fitting.take(spot, 0.9, z - 0.1)
        self._keep(bench)

    def _step_desk(self):
        rng = self.rng
        width, depth = float(rng.uniform(1.0, 1.9)), float(rng.uniform(0.55, 0.85))
        bench = self._built_at_wall(width, depth, 1.25)
        if bench:
            self._desk(bench, 0.74)

    def _step_desk_group(self):
        rng = self.rng
        width, depth = float(rng.uniform(1.2, 1.8)), float(rng.uniform(0.65, 0.85))
        bench = self._built_in_middle(width, depth, 1.25, 0.5)
        if bench:
            self._desk(bench, 0.74)

    def _desk(self, bench, height):
        """Build a desk with monitors or a laptop, small things and a chair before it."""
        rng, spot = self.rng, bench.footprint
        carpentry.table(bench, height)
        self.plan.tops.append(Top(spot, height))
        if rng.uniform() < 0.85:
            x = float(rng.uniform(-0.2, 0.2)) * spot.width
            carpentry.monitor(bench, x, spot.depth * 0.25, height)
            if rng.uniform() < 0.6 and spot.width > 1.3:
                side = 0.72 if x < 0 else -0.72
                carpentry.monitor(bench, x + side, spot.depth * 0.25, height)
            carpentry.keyboard(bench, x, -spot.depth * 0.12, height)
            taken = [(x, spot.depth * 0.03, 0.28)]
        else:
            carpentry.laptop(bench, 0.0, 0.0, height)
            taken = [(0.0, spot.depth * 0.15, 0.28)]
        self._keep(bench)
        front = Footprint(*self._beside(spot, 0, -spot.depth * 0.15), 1, 1, spot.angle)
        self._top(front, spot.width, spot.depth * 0.6, height, 2, 14, taken)
        self._chair(spot, 0.0, -1.0, self.draw('office_chair'))

    def _beside(self, spot, u, v):
        """Return the floor point (u, v) in the frame of a footprint."""
        c, s = math.cos(spot.angle), math.sin(spot.angle)
        return spot.x + c * u - s * v, spot.y + s * u + c * v

    def _chair(self, spot, u, v, model):
        """Place a chair at the side (u, v) of a table, looking at it, partly under it or apart."""
        if model is None:
            return
        rng = self.rng
        away = model.size[1] / 2 + float(rng.uniform(0.0, 0.35))
        x, y = self._beside(
            spot,
            u * (spot.width / 2 + away) if abs(u) == 1 else u * spot.width / 2,
            v * (spot.depth / 2 + away) if abs(v) == 1 else v * spot.depth / 2,
        )
        facing = math.atan2(spot.y - y, spot.x - x) if abs(u) == 1 else None
        yaw = (
            spot.angle + (math.pi if v == -1 else 0.0) if facing is None else facing + math.pi / 2
        )
        self.fitting.put(model, x, y, yaw + float(rng.normal(0, 0.2)))

    def _table_with_chairs(self, placed, chair, most):
        """Set chairs around a table."""
        spot = placed.footprint if isinstance(placed, Placed) else placed
        places = [(0.0, 1.0), (0.0, -1.0), (1.0, 0.0), (-1.0, 0.0)]
        if spot.width > 1.3:
            places = [(-0.5, 1), (0.5, 1), (-0.5, -1), (0.5, -1), (1.0, 0.0), (-1.0, 0.0)]
        for k in self.rng.permutation(len(places))[: int(self.rng.integers(2, most + 1))]:
            self._chair(spot, *places[k], chair)

    def _step_dining(self):
        chair = self.draw('chair')
        model = self.draw('table')
        if model and self.rng.uniform() < 0.6:
            placed = self.fitting.in_middle(model, turned=False, clear=0.35)
            if placed:
                self._dress(placed, 0, 5)
                self._table_with_chairs(placed, chair, 6)
            return
        width, depth = float(self.rng.uniform(0.8, 2.0)), float(self.rng.uniform(0.75, 1.0))
        bench = self._built_in_middle(width, depth, 0.75, 0.35)
        if bench:
            carpentry.table(bench, 0.75)
            self._lay(bench, 0.75, 0, 5)
            self._table_with_chairs(bench.footprint, chair, 6)

    def _step_table_rows(self):
        """Stand tables of one kind in rows, as in a classroom, with monitors on all or none."""
        rng, (width, depth, _) = self.rng, self.plan.size
        wide, deep = float(rng.uniform(1.1, 1.9)), float(rng.uniform(0.5, 0.75))
        height, chair = float(rng.uniform(0.7, 0.77)), self.draw('chair')
        across, along = wide + float(rng.uniform(0.1, 0.9)), deep + float(rng.uniform(0.75, 1.2))
        angle, has_screens = float(rng.choice([0, math.pi])), rng.uniform() < 0.35
        for y in np.arange(float(rng.uniform(1.0, 2.5)), depth - 0.8, along):
            for x in np.arange(0.3 + wide / 2, width - 0.2 - wide / 2, across):
                spot = Footprint(float(x), float(y), wide, deep, angle)
                if rng.uniform() < 0.1 or not self.fitting.is_free(spot.grown(0.05), 1.25):
                    continue
                self.fitting.take(spot, 1.25 if has_screens else height)
                self._class_table(Bench(spot, rng), height, has_screens, chair)

    def _class_table(self, bench, height, has_screen, chair):
        """Build one table of the rows, with what is on it and its chairs."""
        spot, taken = bench.footprint, []
        carpentry.table(bench, height)
        if has_screen:
            carpentry.monitor(bench, 0.0, spot.depth * 0.2, height)
            carpentry.keyboard(bench, 0.0, -spot.depth * 0.2, height)
            taken = [(0.0, 0.0, 0.3)]
        self._lay(bench, height, 0, 2, taken=taken)
        for u in (-0.5, 0.5) if spot.width > 1.3 else (0.0,):
            if self.rng.uniform() < 0.8:
                self._chair(spot, u, -1, chair)

    def _step_lounge(self):
        sofa, table = self.draw('sofa'), self.draw('coffee')
        placed = sofa and self.fitting.at_wall(sofa)
        if not placed or table is None:
            return
        v = -(placed.model.size[1] / 2 + table.size[1] / 2 + float(self.rng.uniform(0.3, 0.5)))
        x, y = self._beside(placed.footprint, 0, v)
        set_table = self.fitting.put(table, x, y, placed.angle)
        if set_table:
            self._dress(set_table, 0, 4)

    def _step_television(self):
        stand, screen = self.draw('tv_stand'), self.draw('television')
        placed = stand and self.fitting.at_wall(stand)
        if placed and screen:
            x, y = self._beside(placed.footprint, 0, 0.05)
            self.plan.models.append(
                Placed(screen, x, y, placed.model.top, placed.angle, rests=True)
            )

    def _step_kitchen_row(self):
        """Line cabinets up along a wall, with upper ones over them."""
        rng, number = self.rng, int(self.rng.integers(4))
        wall, s = self.fitting.walls[number], float(self.rng.uniform(0.0, 0.4))
        while s < wall.length - 0.3:
            model, upper = self.draw('lower'), self.draw('upper')
            if model is None:
                return
            width = model.size[0]
            x, y = wall.point(s + width / 2 + 0.002, model.size[1] / 2 + GAP)
            placed = self.fitting.put(model, x, y, wall.angle)
            if placed and upper and rng.uniform() < 0.7 and upper.size[0] <= width + 0.05:
                x, y = wall.point(s + width / 2, upper.size[1] / 2 + 0.001)
                self.fitting.put(upper, x, y, wall.angle)
            if placed and model.top < 1.0:
                self._dress(placed, 0, 2)
            s += width * 1.045 if placed else 0.3

    def _step_whiteboard(self):
        rng = self.rng
        width, tall = float(rng.uniform(0.9, 2.2)), float(rng.uniform(0.8, 1.2))
        number = int(rng.integers(4))
        wall = self.fitting.walls[number]
        if wall.length < width + 0.4:
            return
        s = float(rng.uniform(width / 2 + 0.1, wall.length - width / 2 - 0.1))
        if self.fitting.is_wall_free(number, s - width / 2, s + width / 2, 0.85, 0.9 + tall):
            self.fitting.take_wall(number, s - width / 2, s + width / 2, 0.85, 0.9 + tall)
            skin = skins.Skin('plain', (0.85, 0.86, 0.86), roughness=0.2)
            center = (*wall.point(s, 0.015), 0.9 + tall / 2)
            size = (width, 0.03, tall)
            self.plan.solids.append(Solid('box', center, size, 'objects', skin, wall.angle))

    def _step_rack(self):
        rng = self.rng
        size = (
            float(rng.uniform(1.2, 2.6)),
            float(rng.uniform(0.45, 0.9)),
            float(rng.uniform(1.4, 2.4)),
        )
        bench = self._built_at_wall(*size) if rng.uniform() < 0.7 else self._built_in_middle(*size)
        if bench:
            carpentry.rack(bench, size[2] - 0.1)
            self._keep(bench)

    def _step_work_table(self):
        rng = self.rng
        bench = self._built_at_wall(
            float(rng.uniform(1.2, 2.4)), float(rng.uniform(0.6, 0.9)), 1.2
        )
        if bench:
            carpentry.table(bench, 0.85)
            self._lay(bench, 0.85, 1, 6)

    def _step_pallet(self):
        bench = self._built_in_middle(1.2, 0.8, 1.5, 0.2)
        if bench:
            carpentry.pallet(bench)
            self._keep(bench)

    def _step_boxes(self):
        rng = self.rng
        width, depth = float(rng.uniform(0.3, 0.7)), float(rng.uniform(0.3, 0.6))
        at_wall = rng.uniform() < 0.6
        bench = (self._built_at_wall if at_wall else self._built_in_middle)(width, depth, 1.6)
        if bench:
            carpentry.heap(bench)
            self._keep(bench)

    def _step_reception(self):
        rng = self.rng
        bench = self._built_in_middle(float(rng.uniform(1.6, 3.2)), 0.7, 1.1, 0.6)
        if bench:
            carpentry.counter(bench, 1.05)
            self._lay(bench, 1.05, 0, 4, depth=0.5)

    def _step_chair_row(self):
        """Stand some chairs of one kind side by side along a wall."""
        rng, model = self.rng, self.draw('chair')
        wall = self.fitting.walls[int(rng.integers(4))]
        if model is None or wall.length < 2:
            return
        s = float(rng.uniform(0.4, wall.length / 2))
        for _ in range(int(rng.integers(2, 7))):
            x, y = wall.point(s, model.size[1] * 0.52 + GAP)
            self.fitting.put(model, x, y, wall.angle)
            s += model.size[0] * 1.1

    def _step_rug(self):
        """Lay a rug; it takes no place and furniture stands on it."""
        rng, (width, depth, _) = self.rng, self.plan.size
        w, d = float(rng.uniform(0.3, 0.6)) * width, float(rng.uniform(0.25, 0.6)) * depth
        x, y = float(rng.uniform(0.35, 0.65)) * width, float(rng.uniform(0.35, 0.65)) * depth
        skin = skins.cloth(rng)
        self.plan.solids.append(Solid('box', (x, y, 0.003), (w, d, 0.006), 'floor', skin))

    def _step_column(self):
        shell.add_columns(self.fitting, 1)

    def _step_partition(self):
        shell.add_partition(self.fitting)

    def _step_litter(self):
        """Leave many small things about one place of the floor, as in a room nobody has tidied."""
        rng, (x, y) = self.rng, self.fitting.spot(0.3)
        reach = float(rng.uniform(0.5, 1.4))
        for _ in range(int(rng.integers(6, 26))):
            u, v = x + float(rng.normal(0, reach / 2)), y + float(rng.normal(0, reach / 2))
            thing, size = carpentry.LITTER[str(rng.choice(list(carpentry.LITTER)))]
            spot = Footprint(u, v, size, size, float(rng.uniform(0, 2 * math.pi)))
            if self.fitting.is_free(spot, 0.3):
                self.fitting.take(spot, 0.3)
                bench = Bench(spot, rng)
                thing(bench, 0, 0, FLOOR_TOP)
                self._keep(bench)

    def _step_clutter(self):
        """Leave something on the floor."""
        model = self.draw('floor_thing')
        if model is None or self.rng.uniform() < 0.25:
            x, y = self.fitting.spot(0.3)
            if self.fitting.is_free(Footprint(x, y, 0.3, 0.3), 0.3):
                self.fitting.take(Footprint(x, y, 0.25, 0.2), 0.2)
                self._pile(x, y, FLOOR_TOP)
            return
        self.fitting.in_middle(model)


IN_MIDDLE = ('person', 'office_chair', 'armchair')
ANYWHERE = ('plant', 'tool', 'bench', 'bin')
