"""Images and their measurements, paired by time."""

from monodepth_ros.errors import DatasetError
from monodepth_ros.fleet.pairing import check_clocks, pair
import numpy as np
import pytest


def times(*milliseconds):
    return np.array(milliseconds, np.int64) * 1_000_000


def test_each_others_nearest():
    images, truths = times(0, 33, 66, 100, 133), times(5, 70, 100, 300)
    assert pair(images, truths, 20_000_000).tolist() == [0, -1, 1, 2, -1]


def test_within_the_tolerance_and_not_beyond():
    assert pair(times(0, 100), times(20, 121), 20_000_000).tolist() == [0, -1]


def test_a_measurement_has_one_image():
    """Of 30 images and 10 measurements a second each measurement is taken once."""
    images, truths = times(*range(0, 1000, 33)), times(*range(3, 1000, 100))
    found = pair(images, truths, 50_000_000)
    assert sorted(found[found >= 0]) == list(range(truths.size))


def test_messages_out_of_order():
    assert pair(times(100, 0, 50), times(51, 99, 1), 5_000_000).tolist() == [1, 2, 0]


def test_two_images_of_one_stamp():
    assert pair(times(0, 0), times(0), 5_000_000).tolist() == [0, -1]


def test_nothing_to_pair():
    assert pair(times(1, 2), times(), 5).tolist() == [-1, -1]
    assert pair(times(), times(1), 5).tolist() == []


def test_another_clock_is_named():
    images, truths = times(*range(0, 1000, 100)), times(*range(7_200_000, 7_201_000, 100))
    chosen = pair(images, truths, 20_000_000)
    with pytest.raises(DatasetError, match=r'\+7199\.\d+ s .* --clock recording'):
        check_clocks('here', images, truths, chosen)
    check_clocks('here', images, images, pair(images, images, 20_000_000))
    with pytest.raises(DatasetError, match='no measurements'):
        check_clocks('here', images, times(), pair(images, times(), 1))
