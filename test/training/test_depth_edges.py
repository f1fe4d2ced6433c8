"""Depth edges of made-up scenes whose edges are known."""

from monodepth_ros.training.depth_edges import distance_to, EdgeErrors, FARTHEST, find_edges
from monodepth_ros.training.pooled_errors import pixel_errors
import numpy as np
import pytest
from scipy import ndimage

SHAPE = (60, 80)


def step(column=40, near=2.0, far=3.0):
    """Return a near surface left of `column` and a far one from there on."""
    depth = np.full(SHAPE, near, np.float32)
    depth[:, column:] = far
    return depth


def measure(depth, target, valid=None):
    errors = EdgeErrors()
    valid = np.ones(SHAPE, bool) if valid is None else valid
    found = np.nan_to_num(depth, nan=0.001)
    errors.update(depth, target, valid, pixel_errors(found[valid], target[valid]))
    return errors.compute()


def test_an_edge_is_one_pixel_wide_and_at_the_step():
    edges = find_edges(step())[5:-5]
    assert (edges.sum(axis=1) == 1).all()
    assert set(np.nonzero(edges)[1]) <= {39, 40}


@pytest.mark.parametrize(
    ('jump', 'found'), [(0.02, False), (0.07, False), (0.13, True), (1, True)]
)
@pytest.mark.parametrize('distance', [1.0, 6.0])
def test_an_edge_is_a_share_of_the_distance(jump, found, distance):
    depth = step(near=distance, far=distance * (1 + jump))
    assert find_edges(depth).any() == found
    assert find_edges(np.ascontiguousarray(depth.T)).any() == found


def test_a_floor_is_no_edge():
    # A camera 1.2 m above the floor, focal length 519 pixels, looking ahead: up to 8 m away.
    rows = np.arange(240, 78, -1, dtype=np.float32)
    depth = np.repeat((1.2 * 519 / rows)[:, None], 80, axis=1)
    assert depth.max() > 7.8
    assert not find_edges(depth).any()


@pytest.mark.parametrize('unknown', [0.0, np.nan, np.inf, -1.0])
def test_unknown_depth_makes_no_edges(unknown):
    depth = np.full(SHAPE, 2.0, np.float32)
    depth[20:30, 30:50] = unknown
    assert not find_edges(depth).any()
    depth[:, 70:] = 4.0
    assert find_edges(depth)[:, 68:72].any()


def test_distances_match_scipy():
    edges = np.random.default_rng(0).random(SHAPE) < 0.01
    np.testing.assert_allclose(distance_to(edges), ndimage.distance_transform_edt(~edges), 1e-5)
    assert np.isinf(distance_to(np.zeros(SHAPE, bool))).all()


def test_errors_at_edges_and_away():
    target = step()
    edge = np.nonzero(find_edges(target)[30])[0][0]
    depth = target.copy()
    first, end = edge - 5, edge + 6
    depth[:, first:end] *= 1.5
    found = measure(depth, target)
    assert found['near']['share'] == pytest.approx(11 / 80)
    assert found['near']['abs_rel'] == pytest.approx(0.5)
    assert found['near']['delta1'] == 0.0
    assert found['away'] == {'share': pytest.approx(69 / 80), 'rmse': 0, 'abs_rel': 0, 'delta1': 1}


def test_a_perfect_prediction():
    found = measure(step(), step())
    assert (found['accuracy_px'], found['completeness_px']) == (0.0, 0.0)


@pytest.mark.parametrize(('moved', 'expected'), [(3, 3.0), (-7, 7.0), (25, FARTHEST)])
def test_a_misplaced_edge(moved, expected):
    found = measure(step(40 + moved), step(40))
    assert found['accuracy_px'] == pytest.approx(expected)
    assert found['completeness_px'] == pytest.approx(expected)


def test_an_edge_that_is_missing_and_one_that_is_too_much():
    flat = np.full(SHAPE, 2.0, np.float32)
    missing = measure(flat, step())
    assert (missing['accuracy_px'], missing['completeness_px']) == (None, FARTHEST)
    invented = measure(step(), flat)
    assert (invented['accuracy_px'], invented['completeness_px']) == (FARTHEST, None)
    assert invented['near'] == {'share': 0.0}


def test_only_valid_pixels_count():
    valid = np.zeros(SHAPE, bool)
    valid[:, :20] = True
    found = measure(step(60), step(40), valid)
    assert found['near'] == {'share': 0.0}
    assert found['away']['abs_rel'] == 0.0
    assert (found['accuracy_px'], found['completeness_px']) == (None, None)


def test_no_pixels():
    assert EdgeErrors().compute() == {}
