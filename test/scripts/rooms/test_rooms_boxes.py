"""Known boxes stand free on the floor in view, and their corners are where the camera has them."""

import math

import numpy as np
import pytest
from rooms_app import main
from rooms_app.boxes import Box, HEIGHTS, in_view, place_boxes
from rooms_app.cameras import Camera, sample_cameras
from rooms_app.plan import Footprint, Obstacle, Plan

TABLE = Obstacle(Footprint(2.5, 3.0, 1.5, 1.0), 0.0, 0.8)
PLAN = Plan('living', 0, (5.0, 6.0, 2.5), obstacles=[TABLE])
CAMERA = Camera(320, 240, 250.0, (2.5, 0.5, 0.6), 0.2, -0.25, 0.05)


def probe(start, direction):
    """Return the distance to the floor of a room that is empty."""
    return -start[2] / direction[2] if direction[2] < 0 else 9.0


def placed(seed=0, probe=probe):
    """Return the boxes before the camera."""
    return place_boxes(PLAN, [CAMERA], np.random.default_rng(seed), probe)


def test_boxes_stand_free_in_front_of_the_camera():
    boxes = [box for seed in range(20) for box in placed(seed)]
    assert len(boxes) > 30 and {box.height for box in boxes} == set(HEIGHTS)
    for box in boxes:
        spot = box.footprint
        assert 0.8 <= math.dist((spot.x, spot.y), CAMERA.position[:2]) <= 4.0
        assert not spot.grown(0.1).meets(TABLE.footprint)
        assert (spot.corners() > 0).all() and (spot.corners() < (5, 6)).all()
    assert all(not a.footprint.meets(b.footprint) for a, b in [placed(1)[:2]])


def test_the_same_seed_gives_the_same_boxes():
    assert placed(3) == placed(3) != placed(4)


def test_boxes_are_not_put_where_something_hides_them_or_lies_on_the_floor():
    assert placed(0, lambda start, way: 0.5 if way != (0, 0, -1) else probe(start, way)) == []

    def rug(start, way):
        return 0.29 if way == (0, 0, -1) else probe(start, way)

    assert placed(0, rug) == []


def test_corners_are_in_the_cameras_frame():
    boxes = placed(2)
    rows = in_view(boxes, CAMERA)
    assert len(rows) == len(boxes) >= 2
    for row in rows:
        box = boxes[row['box']]
        corners = np.array(row['corners'])
        back = corners @ CAMERA.pose()[:3, :3].T + CAMERA.position
        assert back[:4, 2] == pytest.approx(0, abs=1e-5)
        assert back[4:, 2] == pytest.approx(row['height'], abs=1e-5)
        np.testing.assert_allclose(back[:4, :2], box.footprint.corners(), atol=1e-5)
        sides = np.linalg.norm(corners[1] - corners[0]), np.linalg.norm(corners[2] - corners[1])
        assert (*sides, row['height']) == pytest.approx(row['size'], abs=1e-4)
        np.testing.assert_allclose(row['center'], corners.mean(0), atol=1e-5)
        assert row['center'][2] > 0


def test_only_boxes_in_the_image_are_named():
    ahead, behind = Footprint(2.4, 2.5, 0.3, 0.2), Footprint(2.5, 0.1, 0.3, 0.1)
    boxes = [Box(behind, 0.1), Box(ahead, 0.2)]
    assert [row['box'] for row in in_view(boxes, CAMERA)] == [1]
    up = Camera(320, 240, 250.0, CAMERA.position, 0.2, 0.8)
    assert in_view(boxes, up) == []


def test_cameras_of_boxes_see_the_floor():
    things = ['wall'] * 30 + ['ceiling'] * 20 + ['chair'] * 8 + ['table'] * 5
    rng = np.random.default_rng(0)
    seen = (np.full(63, 3.0), things)
    assert len(sample_cameras(rng, lambda near: CAMERA, lambda camera: seen, 2)) == 2
    assert sample_cameras(rng, lambda near: CAMERA, lambda camera: seen, 2, 0.1) == []


def test_boxes_are_for_rooms(tmp_path, capsys):
    with pytest.raises(SystemExit):
        main.main(['--out', str(tmp_path), '--world', 'house.glb', '--boxes'])
    assert 'leave --world and --sequence away' in capsys.readouterr().err
