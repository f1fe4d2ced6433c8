"""A walk is smooth, keeps its distance and is written as one camera's."""

import math

from monodepth_ros.camera import load_calibration
import numpy as np
import pytest
from rooms_app.dataset import Folder
from rooms_app.failure import RoomsFailure
from rooms_app.plan import Footprint, Obstacle, Plan
from rooms_app.walk import path, walk
from rooms_app.walks import WALKS

SIZE = (640, 480)
HAND = WALKS['hand']


def look(camera):
    """Return what a camera sees of an empty room of 5 x 6 x 2.5 m, without its ceiling's class."""
    rays, (x, y, z) = camera.rays(9, 7), camera.position
    with np.errstate(divide='ignore'):
        t = np.stack(
            [
                np.where(rays[:, 0] > 0, (5 - x) / rays[:, 0], -x / rays[:, 0]),
                np.where(rays[:, 1] > 0, (6 - y) / rays[:, 1], -y / rays[:, 1]),
                np.where(rays[:, 2] > 0, (2.5 - z) / rays[:, 2], -z / rays[:, 2]),
            ]
        )
    return t.min(0), ['wall' if k < 2 else 'floor' for k in t.argmin(0)]


def test_a_walk_is_smooth_and_keeps_its_distance():
    table = Obstacle(Footprint(2.5, 3, 1.5, 1.0), 0.0, 1.5)
    plan = Plan('living', 0, (5.0, 6.0, 2.5), obstacles=[table])
    cameras = walk(HAND, plan, np.random.default_rng(0), look, SIZE, 36)
    assert len(cameras) == 36
    assert all(plan.is_free(*camera.position, 0.2) for camera in cameras)
    positions = np.array([camera.position for camera in cameras])
    assert np.linalg.norm(np.diff(positions, axis=0), axis=1).max() < 0.12
    assert np.abs(np.diff([camera.yaw for camera in cameras])).max() < math.radians(6)
    assert {camera.focal for camera in cameras} == {525.0}


def test_a_walk_does_not_depend_on_how_many_frames_are_rendered():
    plan = Plan('living', 0, (5.0, 6.0, 2.5))
    few, many = (
        walk(HAND, plan, np.random.default_rng(0), look, SIZE, count) for count in (2, 36)
    )
    assert [few[0], few[-1]] == [many[0], many[-1]]


@pytest.mark.parametrize('how', WALKS.values(), ids=list(WALKS))
def test_a_walk_sees_floor(how):
    plan = Plan('living', 0, (5.0, 6.0, 2.5))
    cameras = walk(how, plan, np.random.default_rng(0), look, SIZE, 9)
    for camera in cameras:
        assert look(camera)[1].count('floor') >= how.floor * 63
        assert math.degrees(camera.pitch) == pytest.approx(how.pitch, abs=how.nod + 1e-6)
        assert camera.position[2] == pytest.approx(how.height, abs=0.02 + 1e-6)
        assert camera.focal == pytest.approx(how.focal_share * 640)


def test_a_room_that_is_full_is_named():
    full = Plan(
        'living', 0, (3.0, 3.0, 2.5), obstacles=[Obstacle(Footprint(1.5, 1.5, 3, 3), 0, 2)]
    )
    with pytest.raises(RoomsFailure, match='no walk fits into this room: use another --seed'):
        walk(HAND, full, np.random.default_rng(0), look, SIZE, 36)


def test_camera_yaml_is_what_the_node_reads(tmp_path):
    camera = path(HAND, (1, 1), (2, 1), 0.0, 1.0, SIZE, 2)[0]
    Folder(tmp_path).write_camera(camera)
    read = load_calibration(str(tmp_path / 'camera.yaml'))
    assert (read.width, read.height, read.model) == (640, 480, 'plumb_bob')
    assert list(read.matrix) == [525.0, 0.0, 319.5, 0.0, 525.0, 239.5, 0.0, 0.0, 1.0]
