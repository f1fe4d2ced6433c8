"""Boxes on a floor become few points of the right height, and the floor none."""

import math

from monodepth_ros.scale.floor import snap_floor
from monodepth_ros.scale.obstacles import find_obstacles, OBSTACLE_DTYPE, ObstacleOptions
import numpy as np
import pytest
from scene_kit import BOX, CAMERA, errors, FLOOR, render, tilted, WALL

SURE = ObstacleOptions(margin=0.5)


def find(depth, label, plane, error=0.1, camera=CAMERA, options=SURE):
    return find_obstacles(depth, label, errors(depth, error), plane, camera, [FLOOR], options)


@pytest.mark.parametrize('tall', [0.1, 0.2, 0.5])
def test_points_of_a_box_are_on_it(tall):
    depth, label, plane = render(boxes=[(1.5, 0.2, 0.3, 0.3, tall)], wall=20.0)
    found = find(depth, label, plane)
    assert found.dtype == OBSTACLE_DTYPE and (found['label'] == BOX).all()
    assert 0.05 <= found['height'].min() and tall - 0.06 < found['height'].max() <= tall + 1e-4
    # x is to the right and the box to the left of the axis.
    assert -0.36 < found['x'].min() and found['x'].max() < -0.04
    up = np.array(plane.up)
    xyz = np.stack([found[axis] for axis in 'xyz'], axis=-1)
    np.testing.assert_allclose(xyz @ up + plane.height, found['height'], atol=1e-4)
    np.testing.assert_array_equal(found['error'], np.float32(0.1))
    assert 5 < found.size < (label == BOX).sum() / 3


def test_a_flat_floor_has_no_obstacles_and_a_snapped_one_neither():
    truth, label, plane = render(wall=20.0)
    assert find(truth, label, plane).size == 0
    depth = tilted(truth, 0.7, 0.8)
    assert find(depth, label, plane).size > 100
    snap_floor(depth, label, errors(depth, 0.2), [FLOOR], plane, CAMERA)
    assert find(depth, label, plane, 0.2).size == 0


def test_the_margin_grows_with_the_error_and_for_the_floors_label():
    # The face of a box 0.2 m high, 0.6 m below the camera: its top has a margin of .5 e 0.4 m.
    depth, label, plane = render(boxes=[(1.5, 0.0, 0.3, 0.3, 0.2)], wall=20.0)
    floor = np.full_like(label, FLOOR)
    assert find(depth, label, plane, 0.9).size > 0
    assert find(depth, label, plane, 1.1).size == 0
    assert find(depth, floor, plane, 0.45).size > 0
    assert find(depth, floor, plane, 0.55).size == 0


def test_heights_and_range_limit_what_counts():
    depth, label, plane = render(boxes=[(1.5, 0.0, 0.3, 0.3, 0.2)], wall=3.0)
    found = find(depth, label, plane, options=ObstacleOptions(max_range=2.5))
    assert (found['label'] == BOX).all()
    found = find(depth, label, plane, options=ObstacleOptions(max_height=0.5))
    assert set(found['label']) == {BOX, WALL} and found['height'].max() < 0.5
    found = find(depth, label, plane, options=ObstacleOptions(min_height=0.25))
    assert (found['label'] == WALL).all() and found['height'].min() > 0.25


def test_one_point_a_cube_and_none_of_a_few_pixels():
    depth, label, plane = render(boxes=[(1.5, 0.0, 0.3, 0.3, 0.3)], wall=20.0)
    found = find(depth, label, plane, options=ObstacleOptions(voxel=0.1, min_points=1))
    cells = np.floor(np.stack([found[axis] for axis in 'xyz'], axis=-1) / 0.1)
    assert len(np.unique(cells, axis=0)) == found.size
    depth, label, plane = render(wall=20.0)
    depth[200, 100:102] = 0.5
    assert find(depth, label, plane, options=ObstacleOptions(min_points=1)).size > 0
    assert find(depth, label, plane, options=ObstacleOptions(min_points=3)).size == 0


@pytest.mark.parametrize('value', [math.nan, math.inf, -math.inf])
def test_what_is_no_depth_is_no_obstacle(value):
    depth, label, plane = render(wall=20.0)
    depth[:] = value
    assert find(depth, label, plane).size == 0
    depth, label, plane = render(wall=20.0, boxes=[(1.5, 0.0, 0.3, 0.3, 0.2)])
    assert find(depth, label, plane, math.nan).size == 0


def test_a_large_image_is_looked_at_in_steps_and_gives_the_same_box():
    large = CAMERA.resized(640, 480)
    found = []
    for camera in (CAMERA, large):
        depth, label, plane = render(boxes=[(1.5, 0.0, 0.3, 0.3, 0.2)], wall=20.0, camera=camera)
        points = find(depth, label, plane, camera=camera)
        found.append([points[n].mean() for n in ('x', 'y', 'z', 'height')])
        assert 40 < points.size < 80
    np.testing.assert_allclose(*found, atol=0.05)
