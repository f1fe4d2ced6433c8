"""Open doorways lead into closed rooms that overlap nothing; views through them end on things."""

from itertools import combinations
import math

import numpy as np
import pytest
from rooms_app.cameras import Camera, room_drawer, through
from rooms_app.doorways import hold
from rooms_app.fitting import Fitting
from rooms_app.kinds import HOME, KINDS, PUBLIC
from rooms_app.plan import Doorway, Footprint, Opening, Plan, Skin
from rooms_app.planner import plan_room
from rooms_app.shell import pieces, THICK
from rooms_kit import catalog

OPEN = [plan for plan in (plan_room(seed, catalog()) for seed in range(24)) if plan.doorways]


def first_hit(plan, start, rays):
    """Return distance and class of what each ray meets of the boxes; models are left out."""
    distance, label = np.full(len(rays), np.inf), np.full(len(rays), None)
    for solid in plan.solids:
        if solid.shape not in ('box', 'panel'):
            continue
        c, s = math.cos(solid.angle), math.sin(solid.angle)
        turn = np.array([[c, s, 0], [-s, c, 0], [0, 0, 1]])
        origin, way = turn @ (np.array(start) - solid.center), rays @ turn.T + 1e-12
        ends = np.sort(
            np.stack([(h * np.array(solid.size) / 2 - origin) / way for h in (-1, 1)]), 0
        )
        near, far = ends[0].max(-1), ends[1].min(-1)
        hit = (near < far) & (near > 0) & (near < distance)
        distance[hit], label[hit] = near[hit], solid.label
    return distance, label


def directions(count, seed=0):
    """Return unit vectors, evenly at random."""
    rays = np.random.default_rng(seed).normal(size=(count, 3))
    return rays / np.linalg.norm(rays, axis=1, keepdims=True)


def test_about_half_of_the_rooms_have_doorways_and_halls_more():
    assert 0.4 * 24 < len(OPEN) < 0.8 * 24
    halls = [bool(plan_room(seed, catalog(), 'hall').doorways) for seed in range(12)]
    assert sum(halls) >= 8
    assert all(1 <= len(plan.doorways) <= 3 for plan in OPEN)


def test_what_is_behind_is_of_another_kind():
    assert {*HOME, *PUBLIC} == set(KINDS)
    assert any(len(plan.spaces) > len(plan.doorways) for plan in OPEN), 'no third room'


def test_rooms_behind_overlap_neither_each_other_nor_the_room():
    for plan in OPEN:
        width, depth, _ = plan.size
        own = Footprint(width / 2, depth / 2, width + 2 * THICK, depth + 2 * THICK)
        assert not any(a.meets(b) for a, b in combinations([own, *plan.spaces], 2))


@pytest.mark.parametrize('plan', OPEN, ids=lambda plan: f'{plan.kind}_{plan.seed}')
def test_no_ray_ends_in_the_void(plan):
    """Doors and arches are closed spaces: what is looked at has a depth."""
    for doorway in plan.doorways:
        # From within the opening both rooms are seen.
        into = np.array([-math.sin(doorway.yaw), math.cos(doorway.yaw)])
        x, y = np.array([doorway.x, doorway.y]) - 0.05 * into
        distance, label = first_hit(plan, (x, y, 1.9), directions(600))
        assert np.isfinite(distance).all()
        assert {'floor', 'wall', 'ceiling'} <= set(label)


def test_far_things_are_seen_through_doorways():
    depths = []
    for plan in OPEN:
        for doorway in plan.doorways:
            into = np.array([-math.sin(doorway.yaw), math.cos(doorway.yaw), 0.0])
            start = np.array([doorway.x, doorway.y, 1.9]) - 0.3 * into
            depths.append(first_hit(plan, start, into[None])[0][0] - 0.3)
    # A leaf that stands ajar hides some.
    assert np.mean(np.array(depths) > 1.0) > 0.7


def test_an_opening_leaves_the_wall_around_it():
    skin = Skin('plain', (1, 1, 1))
    box = ((4.05, 3.0, 1.25), (0.1, 6.0, 2.5))
    hole = Opening(1, 2.0, 1.0, 2.1)
    left, lintel, right = pieces(1, box, skin, [hole, Opening(0, 1.0, 1.0, 2.0)])
    assert left.center == pytest.approx((4.05, 0.75, 1.25)) and left.size[1] == pytest.approx(1.5)
    assert lintel.center == pytest.approx((4.05, 2.0, 2.3))
    assert lintel.size == pytest.approx((0.1, 1.0, 0.4))
    assert right.center == pytest.approx((4.05, 4.25, 1.25)) and right.size[1] == pytest.approx(
        3.5
    )
    # The texture goes on where it would be without the hole.
    assert lintel.shift == pytest.approx((0, 1.5, 2.1)) and right.shift == pytest.approx(
        (0, 2.5, 0)
    )


def test_nothing_stands_before_an_opening():
    fitting = Fitting(Plan('office', 0, (4.0, 3.0, 2.5)), np.random.default_rng(0))
    hold(fitting, Opening(2, 2.0, 1.0, 2.1))
    assert not fitting.is_free(Footprint(2.0, 2.5, 0.5, 0.5), 0.5)
    assert not fitting.is_wall_free(2, 1.6, 1.7, 1.0, 1.2) and fitting.is_wall_free(0, 1, 3, 0, 2)


def test_cameras_look_through_doorways():
    ahead = Doorway(2.0, 5.0, 0.0, 1.0, 2.1)
    rng = np.random.default_rng(0)
    camera = Camera(320, 240, 300.0, (1.0, 3.0, 0.5), 2.0)
    aimed = through(camera, ahead, rng)
    assert aimed.position == camera.position and abs(aimed.yaw - math.atan2(-1, 2)) < 0.6
    assert through(Camera(320, 240, 300.0, (-3.0, 4.8, 0.5), 2.0), ahead, rng) is None
    plan = Plan('hall', 0, (6, 5, 3), doorways=[ahead])
    draw = room_drawer(plan, rng, (320, 240))
    yaws = [camera.yaw for camera in (draw() for _ in range(400)) if camera]
    assert np.mean(np.cos(yaws) > 0.5) > 0.5
