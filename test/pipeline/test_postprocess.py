"""Rules of the output grid: cropping, resizing, invalid depth and unlabelled pixels."""

import math

from doubles import make_facts
from monodepth_ros.camera import CameraModel
from monodepth_ros.frames import RawOutput, UNLABELLED
from monodepth_ros.pipeline.postprocess import to_output_grid
from monodepth_ros.pipeline.preprocess import InputPlan, plan_input
import numpy as np

SMALL = (4, 2)


def make_plan(scale=1.0, width=4, height=2):
    """Return a plan whose content has 4 x 2 pixels, one row below the top of 4 x 4."""
    return InputPlan(width, height, 4, 2, 4, 4, 0, 1, scale)


def make_raw(depth=None, label=None, confidence=None):
    """Return a batch of two, the second of which holds the values; border rows stand out."""
    raw = RawOutput(
        np.full((2, 4, 4), 99.0, np.float32),
        np.full((2, 4, 4), 77, np.uint8),
        np.full((2, 4, 4), 7, np.uint8),
    )
    arrays = (raw.depth, raw.label, raw.confidence)
    for array, values in zip(arrays, (depth, label, confidence), strict=True):
        if values is not None:
            array[1, 1:3] = values
    return raw


def test_border_is_cropped_and_the_image_of_the_batch_taken():
    depth, label, confidence = np.arange(1.0, 9).reshape(2, 4), np.eye(2, 4), np.ones((2, 4))
    maps = to_output_grid(make_raw(depth, label, confidence * 200), 1, make_plan(), SMALL)
    np.testing.assert_array_equal(maps[0], depth)
    np.testing.assert_array_equal(maps[1], label)
    np.testing.assert_array_equal(maps[2], 200)
    assert [m.dtype for m in maps] == [np.float32, np.uint8, np.uint8]


def test_depth_scale():
    depth = to_output_grid(make_raw(np.full((2, 4), 3.0)), 1, make_plan(0.5), SMALL)[0]
    np.testing.assert_array_equal(depth, 1.5)


def test_engine_buffers_are_neither_changed_nor_kept():
    raw = make_raw(np.full((2, 4), 50.0), np.ones((2, 4)), np.zeros((2, 4)))
    arrays = (raw.depth, raw.label, raw.confidence)
    before = [array.copy() for array in arrays]
    maps = to_output_grid(raw, 1, make_plan(), SMALL, 0, 10.0, 0.5)
    for array, old, new in zip(arrays, before, maps, strict=True):
        np.testing.assert_array_equal(array, old)
        assert not np.shares_memory(array, new)


def test_invalid_depth_is_nan():
    values = [[math.nan, math.inf, -math.inf, 0.0], [-1.0, 0.29, 0.31, 5.0]]
    depth = to_output_grid(make_raw(values), 1, make_plan(), SMALL, 0.3)[0]
    expected = [[math.nan] * 4, [math.nan, math.nan, 0.31, 5.0]]
    np.testing.assert_array_equal(depth, np.float32(expected))


def test_zero_is_invalid_with_no_minimum_too():
    depth = to_output_grid(make_raw([[0.0, -0.0, 1e-3, 1.0]] * 2), 1, make_plan(), SMALL)[0]
    np.testing.assert_array_equal(np.isnan(depth[0]), [True, True, False, False])


def test_beyond_range_is_infinite_and_the_limit_itself_is_not():
    # Ranges are in metres of this camera, after the factor 2.
    plan = make_plan(2.0)
    depth = to_output_grid(make_raw([[1.0, 2.0, 2.5, 1e30]] * 2), 1, plan, SMALL, 0.0, 4.0)[0]
    np.testing.assert_array_equal(depth[0], [2.0, 4.0, math.inf, math.inf])


def test_confidence_threshold():
    # 0.5 of 255 is 127.5.
    confidence = np.array([[0, 127, 128, 255]] * 2)
    maps = to_output_grid(
        make_raw(None, np.full((2, 4), 3), confidence), 1, make_plan(), SMALL, 0, math.inf, 0.5
    )
    np.testing.assert_array_equal(maps[1][0], [UNLABELLED, UNLABELLED, 3, 3])
    np.testing.assert_array_equal(maps[2], confidence)


def test_enlarging_depth_is_linear_and_labels_stay_classes():
    depth = np.tile([1.0, 2.0, 3.0, 4.0], (2, 1))
    label = np.tile([0, 10, 20, 30], (2, 1))
    maps = to_output_grid(make_raw(depth, label, label), 1, make_plan(1, 8, 4), (8, 4))
    # Centres of the new pixels lie a quarter to either side of the old ones.
    np.testing.assert_allclose(maps[0][2], [1, 1.25, 1.75, 2.25, 2.75, 3.25, 3.75, 4])
    np.testing.assert_array_equal(maps[1][1], [0, 0, 10, 10, 20, 20, 30, 30])
    np.testing.assert_array_equal(maps[2], maps[1])


def test_labels_come_from_the_nearest_centre():
    # 4 columns to 3: centres 0.5, 1.5, 2.5 of 3 lie at 0.67, 2, 3.33 of 4. The middle one is a
    # tie of columns 1 and 2; the outer ones are columns 0 and 3, not 0 and 2.
    label = np.tile([5, 6, 7, 8], (2, 1))
    row = to_output_grid(make_raw(None, label), 1, make_plan(1, 3, 2), (3, 2))[1][0]
    assert (row[0], row[2]) == (5, 8)


def test_what_the_raw_image_does_not_show_is_invalid():
    k = (518.86, 0, 319.5, 0, 518.86, 239.5, 0, 0, 1)
    p = (259.43, 0, 319.5, 0, 0, 259.43, 239.5, 0, 0, 0, 1, 0)
    camera = CameraModel.from_intrinsics(640, 480, k, p=p)
    plan = plan_input(640, 480, camera, make_facts(), 'scale')
    shape = (1, plan.height, plan.width)
    raw = RawOutput(
        np.full(shape, 2, np.float32), np.ones(shape, np.uint8), np.ones(shape, np.uint8)
    )
    for size, (rows, columns) in (
        ((640, 480), (slice(120, 360), slice(160, 480))),
        ((320, 240), (slice(60, 180), slice(80, 240))),
    ):
        depth, label, confidence = to_output_grid(raw, 0, plan, size, 0.0, 0.5)
        seen = np.zeros(size[::-1], bool)
        seen[rows, columns] = True
        np.testing.assert_array_equal(np.isnan(depth), ~seen)
        np.testing.assert_array_equal(depth[seen], math.inf)
        np.testing.assert_array_equal(label, np.where(seen, 1, UNLABELLED))
        np.testing.assert_array_equal(confidence, seen)
