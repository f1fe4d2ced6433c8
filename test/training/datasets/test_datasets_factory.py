"""Data sets by name, and what is known of NYU."""

from monodepth_ros.camera import CameraModel
from monodepth_ros.errors import CalibrationError, ConfigError, DatasetError
from monodepth_ros.training.datasets import nyu, open_dataset
from monodepth_ros.training.datasets.palette import palette
import pytest
from tiny_folder import HEIGHT, WIDTH


def open_nyu(root, classes=None, name='nyu', **options):
    return open_dataset(name, root, 'train', classes, **options)


def test_unknown_data_set_lists_the_choices(tiny_folder):
    with pytest.raises(ConfigError, match="unknown data set 'kitti'; known: nyu, nyu40, .*folder"):
        open_dataset('kitti', tiny_folder, 'train')


def test_what_is_known_of_nyu(tiny_folder):
    dataset = open_nyu(tiny_folder)
    assert (dataset.classes, dataset.colors) == (nyu.CLASSES, nyu.COLORS)
    assert dataset.camera == nyu.CAMERA
    grid = dataset.camera.rectified
    assert (grid.fx, grid.fy, grid.cx, grid.cy) == (518.86, 519.47, 325.58, 253.74)
    rows, columns = dataset.crop
    assert (rows.start, rows.stop, columns.start, columns.stop) == (45, 471, 41, 601)
    assert dataset.max_depth == 10.0
    assert 'ECCV 2012' in dataset.license


def test_another_camera_for_nyu(tiny_folder):
    camera = CameraModel.from_field_of_view(WIDTH, HEIGHT, 90.0)
    dataset = open_nyu(tiny_folder, camera=camera)
    assert dataset.camera == camera == dataset[0].camera


def test_a_field_of_view_in_place_of_a_camera(tiny_folder):
    (tiny_folder / 'camera.yaml').unlink()
    dataset = open_nyu(tiny_folder, name='folder', hfov=90.0)
    assert dataset.camera.rectified.fx == pytest.approx(WIDTH / 2)
    assert dataset[1].camera == dataset.camera and dataset.classes == nyu.CLASSES
    with pytest.raises(CalibrationError, match='180'):
        open_nyu(tiny_folder, name='folder', hfov=180.0)


def test_a_distorted_camera_is_refused(tiny_folder):
    k = (100.0, 0.0, 63.5, 0.0, 100.0, 47.5, 0.0, 0.0, 1.0)
    camera = CameraModel(WIDTH, HEIGHT, k, (-0.1, 0.0, 0.0, 0.0, 0.0), 'plumb_bob')
    for name in ('nyu', 'folder'):
        with pytest.raises(DatasetError, match='its camera is distorted; rectify images, depth'):
            open_nyu(tiny_folder, name=name, camera=camera)


def test_nyu_with_40_classes(tiny_folder):
    with pytest.raises(DatasetError, match='label40 does not exist; nyu40 needs it'):
        open_nyu(tiny_folder, name='nyu40')
    with pytest.raises(DatasetError, match='labels of other classes than the 40'):
        open_nyu(tiny_folder, nyu.CLASSES_40)
    (tiny_folder / 'label13').rename(tiny_folder / 'label40')
    camera = CameraModel.from_field_of_view(WIDTH, HEIGHT, 90.0)
    for name, classes in (('nyu40', None), ('nyu', nyu.CLASSES_40)):
        dataset = open_nyu(tiny_folder, classes, name, camera=camera)
        assert dataset.classes == nyu.CLASSES_40 and len(set(dataset.colors)) == 40
        assert dataset[0].label.min() < 13


def test_nyu_without_labels(tiny_folder):
    (tiny_folder / 'label13').rename(tiny_folder / 'elsewhere')
    dataset = open_nyu(tiny_folder)
    assert dataset.classes == dataset.colors == ()
    assert dataset.max_depth == 10.0 and dataset.crop == nyu.CROP


def test_classes_of_nyu():
    assert len(nyu.CLASSES) == len(nyu.COLORS) == len(set(nyu.COLORS)) == 13
    assert len(nyu.CLASSES_40) == len(nyu.INDEX_40_TO_13) == 40
    # Counted from 1: wall, floor, cabinet, bed ... otherstructure, otherfurniture, otherprop.
    found = [nyu.CLASSES[nyu.INDEX_40_TO_13[number - 1]] for number in (1, 2, 3, 4, 38, 39, 40)]
    assert found == ['wall', 'floor', 'furniture', 'bed', 'objects', 'furniture', 'objects']
    assert set(nyu.INDEX_40_TO_13) == set(range(13))


def test_a_palette_has_no_color_twice():
    assert len(set(palette(255))) == 255
    assert palette(5) == palette(9)[:5]
