"""Blur and darkness of images."""

from bag_kit import room_images
import cv2
from monodepth_ros.fleet.options import Options
from monodepth_ros.fleet.quality import blur, light
import numpy as np
import pytest

LIMIT = Options().max_blur


@pytest.fixture(scope='module')
def images():
    return room_images(6)


@pytest.mark.parametrize('size', [(15, 1), (1, 15), (9, 9)])
def test_a_blurred_image_is_told_from_a_sharp_one(images, size):
    for image in images:
        assert blur(image) < LIMIT < blur(cv2.blur(image, size))


def test_contrast_does_not_count(images):
    pale = (images[0] // 4 + 100).astype(np.uint8)
    assert abs(blur(pale) - blur(images[0])) < 0.1


def test_blur_by_hand():
    """An edge of one pixel loses 8 of its 9 / 9; a ramp loses nothing but at its ends."""
    edge = np.zeros((32, 40, 3), np.uint8)
    edge[:, 20:] = 90
    # Along rows 90 - 10 is lost of 90; along columns there is nothing, which counts as blurred.
    assert blur(edge) == 1.0
    both = edge.copy()
    both[16:] = 90 - both[16:]
    assert blur(both) == pytest.approx(1 / 9, abs=0.05)
    assert blur(np.full((8, 8, 3), 7, np.uint8)) == 1.0


def test_light():
    image = np.zeros((10, 10, 3), np.uint8)
    image[:2] = 200  # two rows of ten
    assert light(image) == 200.0
    image[1:] = 0
    assert light(image) < 25
