"""Images to measure with: calibration and evaluation see different ones."""

import cv2
from doubles import make_facts
from monodepth_ros.benchmark.images import image_folder, load_images, network_inputs, ROOM
from monodepth_ros.errors import ConfigError
import numpy as np
import pytest


def reds(images):
    # PNG and RGB are exact: image i has red = 50 i.
    return [image[0, 0, 0] for image in images]


def test_halves_of_a_folder(image_files):
    assert reds(load_images(image_files, 8)) == [0, 100]
    assert reds(load_images(image_files, 8, offset=1)) == [50, 150]
    assert reds(load_images(image_files, 1)) == [0]


def test_inputs_have_the_networks_size(image_files):
    facts = make_facts(input_width=64, input_height=48)
    inputs = network_inputs(load_images(image_files, 2), facts)
    assert inputs.shape == (2, 64, 64, 3) and inputs.dtype == np.uint8


def test_images_of_several_shapes_are_refused(image_files):
    images = [*load_images(image_files, 1), np.zeros((50, 200, 3), np.uint8)]
    with pytest.raises(ConfigError, match='2 aspect ratios'):
        network_inputs(images, make_facts())


def test_the_room_is_the_default():
    assert image_folder(None) == ROOM
    assert ROOM.is_dir()


def test_a_folder_without_images_is_refused(tmp_path):
    with pytest.raises(ConfigError, match='is no folder with images'):
        image_folder(str(tmp_path))
    with pytest.raises(ConfigError, match='is no folder with images'):
        image_folder(str(tmp_path / 'missing'))


def test_a_broken_image_is_named(tmp_path):
    (tmp_path / 'a.png').write_bytes(b'no image')
    cv2.imwrite(str(tmp_path / 'b.png'), np.zeros((8, 8, 3), np.uint8))
    with pytest.raises(ConfigError, match='a.png is no image'):
        load_images(tmp_path, 2)
