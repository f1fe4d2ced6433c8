"""Rooms are furnished without overlap, inside their walls, and the same for the same seed."""

from itertools import combinations
import math

import numpy as np
import pytest
from rooms_app.carpentry import bed, Bench, bookcase
from rooms_app.fitting import Fitting
from rooms_app.furnish import Decorator, GROUPS
from rooms_app.kinds import KINDS
from rooms_app.plan import Footprint, Plan
from rooms_app.planner import plan_room
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
    bookcase(bench, 1.8)
    boards = [s for s in bench.solids if s.label == 'furniture' and s.size[2] < 0.03]
    books = [s for s in bench.solids if s.label == 'books']
    assert len(books) > 10
    tops = sorted(b.center[2] + b.size[2] / 2 for b in boards)
    for book in books:
        bottom, top = (book.center[2] + sign * book.size[2] / 2 for sign in (-1, 1))
        below = max(t for t in tops if t <= bottom + 1e-6)
        above = [b.center[2] - b.size[2] / 2 for b in boards if b.center[2] > book.center[2]]
        assert top <= min(above) + 1e-6 and bottom - below < 0.3
        assert abs(book.center[0]) < 0.6


def test_a_turned_bed_has_its_head_at_the_back():
    bench = Bench(Footprint(0, 0, 1.6, 2.0, math.pi / 2), np.random.default_rng(0))
    bed(bench)
    tallest = max(bench.solids, key=lambda solid: solid.size[2])
    # The back, +y of the piece, is -x after a quarter turn to the left.
    assert tallest.center[0] == pytest.approx(-0.975) and tallest.label == 'bed'
