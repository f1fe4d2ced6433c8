"""Masks by labels, and masks made larger."""

from monodepth_ros.masks import enlarged, is_of
import numpy as np
import pytest


def test_classes_of_labels():
    label = np.array([[0, 2, 3, 255]], np.uint8)
    assert is_of(label, [2, 3]).tolist() == [[False, True, True, False]]
    assert not is_of(label, []).any()


@pytest.mark.parametrize('step', [1, 2, 3])
def test_each_pixel_becomes_a_square(step):
    mask = np.random.default_rng(0).random((5, 7)) < 0.5
    large = enlarged(mask, step, (5 * step, 7 * step))
    assert large.dtype == bool
    np.testing.assert_array_equal(large, np.kron(mask, np.ones((step, step), bool)))


def test_a_larger_shape_goes_on_as_its_last_pixels_and_a_smaller_one_ends():
    mask = np.array([[False, True], [True, False]])
    assert enlarged(mask, 2, (5, 5))[4].tolist() == [True, True, False, False, False]
    assert enlarged(mask, 2, (5, 5))[0].tolist() == [False, False, True, True, True]
    assert enlarged(mask, 2, (3, 3)).tolist() == [
        [False, False, True],
        [False, False, True],
        [True, True, False],
    ]
