"""Rooms are furnished without overlap, inside their walls, and the same for the same seed."""

from dataclasses import replace
from itertools import combinations
import math

import numpy as np
import pytest
from rooms_app import shell
from rooms_app.carpentry import bed, Bench, bookcase, laptop
from rooms_app.fitting import Fitting
from rooms_app.furnish import Decorator, FLOOR_TOP, GROUPS
from rooms_app.kinds import KINDS
from rooms_app.plan import Footprint, Light, Plan, Skin, Solid
from rooms_app.planner import ceiling_light, plan_room
from rooms_kit import catalog
from scipy.spatial import ConvexHull


@pytest.mark.parametrize(
    'other, meets',
    [
        (Footprint(1.0, 0, 1, 1), False),
        (Footprint(0.9, 0, 1, 1), True),
        # The corner of a turned square reaches 0.707 from its middle.
        (Footprint(1.2, 0, 1, 1, math.pi / 4), True),
        (Footprint(1.22, 0, 1, 1, math.pi / 4), False),
        # Their boxes along the axes meet, they do not.
        (Footprint(0.9, 0.9, 1, 1, math.pi / 4), False),
    ],
)
def test_footprints_meet(other, meets):
    square = Footprint(0, 0, 1, 1)
    assert square.meets(other) is meets and other.meets(square) is meets


def test_a_turned_footprint_holds_what_is_in_it():
    long = Footprint(1, 1, 2, 0.2, math.pi / 2)
    assert long.holds(1, 1.9) and not long.holds(1.9, 1)


def area_of_overlap(a, b):
    """Return the common area of two rectangles, from the points of a grid that are in both."""
    points = np.concatenate([a.corners(), b.corners()])
    low, high = points.min(0), points.max(0)
    grid = np.stack(np.meshgrid(*(np.linspace(p, q, 60) for p, q in zip(low, high))), -1)
    inside = [inside_hull(f.corners(), grid.reshape(-1, 2)) for f in (a, b)]
    return (inside[0] & inside[1]).mean() * np.prod(high - low)


def inside_hull(corners, points):
    """Say which points are in a convex polygon."""
    equations = ConvexHull(corners).equations
    return (points @ equations[:, :2].T + equations[:, 2] < -1e-3).all(1)


@pytest.mark.parametrize('kind', sorted(KINDS))
def test_things_do_not_overlap_and_are_inside(kind):
    for seed in range(4):
        plan = plan_room(seed, catalog(), kind)
        assert plan.kind == kind
        low = [o.footprint for o in plan.obstacles if o.bottom < 1.2]
        for footprint in low:
            corners = footprint.corners()
            assert (corners > -1e-3).all() and (corners < np.array(plan.size[:2]) + 1e-3).all()
        assert all(area_of_overlap(*pair) < 2e-3 for pair in combinations(low, 2))
        for placed in plan.models:
            assert placed.z + placed.model.size[2] * placed.scale < plan.size[2] + 0.1


def test_walls_hold_one_thing_at_a_place():
    fitting = Fitting(Plan('office', 0, (4.0, 3.0, 2.5)), np.random.default_rng(0))
    fitting.take_wall(2, 1.0, 2.0, 0.9, 2.0)
    wardrobe, bench = Footprint(1.5, 2.7, 0.8, 0.6), Footprint(1.5, 2.7, 0.8, 0.6)
    assert not fitting.is_free(wardrobe, 1.8)
    assert fitting.is_free(bench, 0.8)
    assert fitting.is_free(Footprint(2.6, 2.7, 0.8, 0.6), 1.8)


def test_most_rooms_have_what_their_kind_is_named_for():
    plans = [plan_room(seed, catalog(), 'bedroom') for seed in range(8)]
    with_bed = [
        'bed' in {s.label for s in p.solids} | {m.model.label for m in p.models} for p in plans
    ]
    assert sum(with_bed) >= 7


def test_the_same_seed_gives_the_same_room():
    assert plan_room(5, catalog()) == plan_room(5, catalog())
    assert plan_room(5, catalog()) != plan_room(6, catalog())


def test_every_step_is_known():
    decorator = Decorator(Plan('office', 0, (4, 4, 2.5)), catalog(), np.random.default_rng(0))
    steps = {step for kind in KINDS.values() for step, _, _ in kind.steps}
    assert all(step in GROUPS or hasattr(decorator, f'_step_{step}') for step in steps)


def test_books_stand_between_the_boards():
    rng = np.random.default_rng(1)
    bench = Bench(Footprint(0, 0, 1.2, 0.3), rng)
    bookcase(bench, 1.8, 1.0)
    boards = [s for s in bench.solids if s.label == 'furniture' and s.size[2] < 0.03]
    books = [s for s in bench.solids if s.label == 'books']
    assert len(books) > 60 and any(book.tilt for book in books)
    tops = sorted(b.center[2] + b.size[2] / 2 for b in boards)
    for book in books:
        bottom, top = (book.center[2] + sign * book.reach()[2] for sign in (-1, 1))
        below = max(t for t in tops if t <= bottom + 1e-6)
        above = [b.center[2] - b.size[2] / 2 for b in boards if b.center[2] > book.center[2]]
        assert top <= min(above) + 1e-6 and bottom - below < 0.35
        assert abs(book.center[0]) + book.reach()[0] < 0.6
        assert abs(book.center[1]) + book.reach()[1] < 0.15 + 1e-6


def test_books_that_stand_in_a_row_are_apart():
    for seed in range(6):
        bench = Bench(Footprint(0, 0, 1.6, 0.3), np.random.default_rng(seed))
        bench.books(-0.77, 0.77, 0.0, 0.35)
        upright = [s for s in bench.solids if s.size[2] > 0.06 and s.center[2] < 0.2]
        spans = sorted((s.center[0] - s.reach()[0], s.center[0] + s.reach()[0]) for s in upright)
        assert len(spans) > 15
        assert all(a[1] <= b[0] + 1e-6 for a, b in zip(spans, spans[1:]))
        assert len({s.skin for s in upright}) > 3 and np.std([s.size[2] for s in upright]) > 0.005


def test_shelves_hold_other_things_too():
    bench = Bench(Footprint(0, 0, 1.2, 0.3), np.random.default_rng(3))
    bookcase(bench, 2.0, 0.0)
    assert {s.label for s in bench.solids} == {'furniture', 'objects'}


def test_books_are_in_most_rooms_that_people_sit_in():
    for kind in ('living', 'office', 'bedroom'):
        rooms = [plan_room(seed, catalog(), kind) for seed in range(6)]
        assert sum(any(s.label == 'books' for s in room.solids) for room in rooms) >= 5


def test_a_leaning_box_reaches_farther():
    leaning = Solid('box', (0, 0, 0), (0.1, 0.2, 0.4), 'books', Skin('plain', (1, 1, 1)), 0.0)
    turned = replace(leaning, tilt=math.radians(30))
    c, s = math.cos(math.radians(30)), 0.5
    expected = ((0.1 * c + 0.4 * s) / 2, 0.1, (0.4 * c + 0.1 * s) / 2)
    np.testing.assert_allclose(turned.reach(), expected)
    # Its upper end goes to +x, as a positive turn about y takes +z to +x.
    np.testing.assert_allclose(turned.pose() @ (0, 0, 1), (s, 0, c), atol=1e-12)


def test_a_turned_bed_has_its_head_at_the_back():
    bench = Bench(Footprint(0, 0, 1.6, 2.0, math.pi / 2), np.random.default_rng(0))
    bed(bench)
    tallest = max(bench.solids, key=lambda solid: solid.size[2])
    # The back, +y of the piece, is -x after a quarter turn to the left.
    assert tallest.center[0] == pytest.approx(-0.975) and tallest.label == 'bed'


def test_desks_carry_what_people_work_with():
    labels, tops = set(), 0
    for seed in range(4):
        plan = plan_room(seed, catalog(), 'office')
        tops += len(plan.tops)
        for top in plan.tops:
            spot = top.footprint
            on = [s for s in plan.solids if spot.holds(*s.center[:2]) and s.center[2] > top.z]
            labels |= {s.label for s in on}
            for solid in on:
                assert solid.center[2] - solid.reach()[2] > top.z - 1e-6
    assert tops > 4 and {'tv', 'objects', 'books'} <= labels


def test_litter_lies_about_one_place_of_the_floor_and_under_nothing():
    heaps = 0
    for seed in range(8):
        plan = Plan('living', seed, (5.0, 6.0, 2.6))
        decorator = Decorator(plan, catalog(), np.random.default_rng(seed))
        decorator.step('litter')
        low = [float(s.center[2] - s.reach()[2]) for s in plan.solids]
        assert plan.solids and {s.label for s in plan.solids} == {'objects'}
        assert min(low) == pytest.approx(FLOOR_TOP) and max(low) < 0.25
        heaps += len(plan.obstacles)
        middle = np.median([o.footprint.corners().mean(0) for o in plan.obstacles], 0)
        for one, other in combinations(plan.obstacles, 2):
            assert not one.footprint.meets(other.footprint)
        away = [math.dist(o.footprint.corners().mean(0), middle) for o in plan.obstacles]
        assert np.median(away) < 1.2
    assert 6 * 4 < heaps < 26 * 8


def test_a_classroom_has_rows_of_one_table_with_chairs_before_them():
    rows = 0
    for seed in range(4):
        plan = plan_room(seed, catalog(), 'classroom')
        sizes = [(t.footprint.width, t.footprint.depth, t.z) for t in plan.tops]
        most = max(set(sizes), key=sizes.count)
        tables = [t.footprint for t, size in zip(plan.tops, sizes) if size == most]
        rows = max(rows, len({table.y for table in tables}))
        assert len(tables) >= 4 and len({table.angle for table in tables}) == 1
        chairs = [m for m in plan.models if m.model.label == 'chair']
        assert len(chairs) >= len(tables) / 2
    assert rows >= 3


def test_a_bare_room_is_mostly_floor():
    for seed in range(8):
        plan = plan_room(seed, catalog(), 'bare')
        taken = sum(o.footprint.width * o.footprint.depth for o in plan.obstacles)
        assert taken < 0.35 * plan.size[0] * plan.size[1]


def test_an_open_laptop_leans_back_behind_its_keys():
    bench = Bench(Footprint(0, 0, 1.0, 0.6), np.random.default_rng(0))
    laptop(bench, 0.0, 0.0, 0.7)
    base, keys, lid, screen = bench.solids
    assert {s.label for s in bench.solids} == {'tv'}
    front = base.pose() @ (0, -1, 0)
    # The screen is before the lid, and the lid's upper end is farther back than its lower end.
    assert (np.subtract(screen.center, lid.center) @ front) > 0.003
    assert (lid.pose() @ (0, 0, 1)) @ front < -0.05
    assert lid.center[2] - lid.reach()[2] == pytest.approx(0.716)


def test_a_lone_lamp_is_the_only_light_on():
    plan = Plan('living', 0, (4.0, 5.0, 2.5))
    fitting = Fitting(plan, np.random.default_rng(0))
    assert shell.add_lone_lamp(fitting) and len(plan.lights) == 2
    shell.add_lamps(plan, fitting.rng, 0.0)
    assert len(plan.lights) == 2
    glowing = [s for s in plan.solids if s.skin.glow]
    assert len(glowing) == 1 and glowing[0].center[:2] == plan.lights[0].position[:2]
    assert not plan.is_free(*plan.lights[0].position[:2], 1.0, 0.1)


def test_some_rooms_have_a_lone_lamp():
    rooms = [plan_room(seed, catalog(), 'bedroom') for seed in range(20)]
    lone = [any(light.direction == (0, 0, 1) for light in room.lights) for room in rooms]
    assert 0 < sum(lone) < 8


@pytest.mark.parametrize(
    'mood, has_window, is_off',
    [
        ('usual', True, False),
        ('window', True, True),
        ('window', False, False),
        ('lone lamp', False, True),
    ],
)
def test_lamps_are_off_where_there_is_another_light(mood, has_window, is_off):
    decorator = Decorator(Plan('office', 0, (4, 4, 2.5)), catalog(), np.random.default_rng(0))
    if has_window:
        decorator.plan.lights.append(Light((1, 0.1, 1), (0, 1, 0), (1, 1), 50, (1, 1, 1)))
    assert (ceiling_light(decorator, mood) == 0) is is_off


def test_windows_glare_more_than_they_light():
    plan = Plan('living', 0, (4.0, 5.0, 2.5))
    shell.add_window(Fitting(plan, np.random.default_rng(1)), Skin('outside', (1, 1, 1), glow=30))
    pane = next(s for s in plan.solids if s.skin.glow)
    assert plan.lights[0].power == pytest.approx(pane.size[0] * pane.size[2] * 9 * shell.GLARING)
