"""Sparse truth: the points of a lidar through views, losses and evaluation."""

from monodepth_ros.camera import CameraModel
from monodepth_ros.frames import UNLABELLED
from monodepth_ros.training.datasets import Sample
from monodepth_ros.training.depth_evaluation import DepthEvaluation
from monodepth_ros.training.sparse import is_sparse, warp_points
from monodepth_ros.training.transforms import apply_view, View
import numpy as np
import pytest

SIZE = (64, 48)


def make_sample(depth):
    width, height = depth.shape[::-1]
    k = (50.0, 0.0, (width - 1) / 2, 0.0, 50.0, (height - 1) / 2, 0.0, 0.0, 1.0)
    image = np.zeros((height, width, 3), np.uint8)
    label = np.full((height, width), UNLABELLED, np.uint8)
    return Sample('x', image, depth, label, CameraModel(width, height, k))


def line(rows=(24,), value=2.0):
    depth = np.zeros(SIZE[::-1], np.float32)
    depth[list(rows)] = value
    return depth


def test_what_is_sparse():
    assert is_sparse(line()) and not is_sparse(line(range(5)))
    assert is_sparse(np.zeros((4, 4), np.float32))


@pytest.mark.parametrize('zoom', [0.5, 1.0, 2.0])
def test_no_point_is_lost_or_repeated(zoom):
    """A line of 64 points: seen smaller, points share pixels; larger, there are gaps."""
    _, depth, _ = apply_view(make_sample(line()), View(zoom=zoom), SIZE, 50.0)
    count = {0.5: 32, 1.0: 64, 2.0: 32}[zoom]
    rows, columns = np.nonzero(depth)
    assert columns.size == pytest.approx(count, abs=1) and len(set(rows)) == 1
    np.testing.assert_allclose(depth[depth > 0], 2.0 / zoom)


def test_a_point_is_where_the_picture_shows_it():
    sample = make_sample(np.zeros(SIZE[::-1], np.float32))
    for row, column in ((5, 7), (40, 50), (24, 32)):
        sample.depth[row, column] = 1.0 + row
        rows, columns = slice(row - 1, row + 2), slice(column - 1, column + 2)
        sample.image[rows, columns] = 4 * row
    view = View(zoom=1.2, rotation=0.1, tilt=(0.03, -0.05), flip=True)
    image, depth, _ = apply_view(sample, view, SIZE, 50.0)
    for row, column in zip(*np.nonzero(depth)):
        marked = image[row, column, 0] / 4
        assert depth[row, column] == pytest.approx((1.0 + marked) / 1.2, rel=0.08)
    assert np.count_nonzero(depth) >= 2


def test_of_points_in_one_pixel_the_nearest_counts():
    depth = np.zeros((8, 8), np.float32)
    depth[0, :4] = (4.0, 2.0, 3.0, 5.0)
    found = warp_points(depth, np.diag([4.0, 4.0, 1.0]), (2, 2))
    # Columns 0, 1 and 2 are nearest to column 0 of the view (2 / 4 is rounded to even), 3 to 1.
    assert found.tolist() == [[2.0, 5.0], [0.0, 0.0]]


def test_what_is_behind_a_turned_camera_is_not_seen():
    matrix = np.array([[1.0, 0, 0], [0, 1.0, 0], [1.0, 0, -4.0]])
    points = warp_points(np.ones((8, 8), np.float32), np.linalg.inv(matrix), (8, 8))
    again = warp_points(np.ones((8, 4), np.float32), np.linalg.inv(matrix), (8, 8))
    assert np.count_nonzero(again) == 0 and np.count_nonzero(points) > 0


def test_errors_count_at_the_points_alone():
    evaluation = DepthEvaluation(10.0)
    depth = np.full(SIZE[::-1], 3.0, np.float32)
    depth[24] = 2.2
    record = evaluation.update(depth, line(), np.ones(depth.shape, bool))
    assert record['abs_rel'] == pytest.approx(0.1) and record['delta1'] == 1.0
    assert evaluation.details()['by_distance'][0]['share'] == 1.0


def test_sparse_truth_has_no_edges():
    """Predicted edges are not wrong because nobody has measured beside them."""
    evaluation = DepthEvaluation(10.0)
    depth = np.full(SIZE[::-1], 2.0, np.float32)
    depth[:, 32:] = 5.0
    evaluation.update(depth, line(), np.ones(depth.shape, bool))
    assert evaluation.details()['depth_edges'] == {}
