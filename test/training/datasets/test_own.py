"""A folder of one's own: what dataset.yaml and camera.yaml decide, and what they may not say."""

from pathlib import Path
import re

import cv2
from monodepth_ros.camera import CameraModel
from monodepth_ros.errors import CalibrationError, DatasetError
from monodepth_ros.training.config import make_config
from monodepth_ros.training.datasets import nyu, open_dataset
from monodepth_ros.training.datasets.own import KEYS
import numpy as np
import pytest
from tiny_folder import HEIGHT, WIDTH
import yaml

WAREHOUSE = """
classes: [floor, shelf, pallet]
colors: [[120, 120, 120], [200, 80, 0], [0, 90, 200]]
max_depth: 25
depth_scale: 0.002
crop: {rows: [4, 90], columns: [8, 120]}
license: CC BY 4.0
"""


def open_tiny(root, classes=None, **options):
    return open_dataset('folder', root, 'train', classes, **options)


def describe(root, text):
    (root / 'dataset.yaml').write_text(text)
    return root


@pytest.fixture
def warehouse(tiny_folder):
    """Return a folder with labels of three classes and dataset.yaml."""
    (tiny_folder / 'label13').rename(tiny_folder / 'label3')
    label = np.zeros((HEIGHT, WIDTH), np.uint8)
    label[10:20] = 2
    cv2.imwrite(str(tiny_folder / 'label3' / '0000.png'), label)
    return describe(tiny_folder, WAREHOUSE)


def test_the_description_counts(warehouse):
    depth = np.full((HEIGHT // 2, WIDTH // 2), 6000, np.uint16)
    cv2.imwrite(str(warehouse / 'depth' / '0000.png'), depth)
    dataset = open_tiny(warehouse)
    assert dataset.classes == ('floor', 'shelf', 'pallet')
    assert dataset.colors == ((120, 120, 120), (200, 80, 0), (0, 90, 200))
    assert (dataset.max_depth, dataset.license) == (25.0, 'CC BY 4.0')
    assert isinstance(dataset.max_depth, float)
    assert dataset.crop == (slice(4, 90), slice(8, 120))
    sample = dataset[0]
    assert (sample.depth == 12.0).all()  # 6000 units of 2 mm
    assert set(np.unique(sample.label)) == {0, 2}


def test_the_documented_examples_are_valid(tiny_folder):
    text = (Path(__file__).parents[3] / 'docs' / 'datasets.md').read_text()
    description, training = re.findall(r'```yaml\n(.*?)```', text, re.DOTALL)
    (tiny_folder / 'label13').rename(tiny_folder / 'label3')
    dataset = open_tiny(describe(tiny_folder, description))
    assert dataset.classes == ('floor', 'shelf', 'pallet')
    assert set(yaml.safe_load(description)) == set(KEYS)
    assert make_config({'network': 'x', **yaml.safe_load(training)}).mixture[1].hfov == 90.0


def test_without_a_description_labels_are_those_of_nyu(tiny_folder):
    dataset = open_tiny(tiny_folder)
    assert (dataset.classes, dataset.colors) == (nyu.CLASSES, nyu.COLORS)
    assert (dataset.max_depth, dataset.crop, dataset.license) == (10.0, None, '')
    (tiny_folder / 'label13').rename(tiny_folder / 'label40')
    assert open_tiny(tiny_folder).classes == nyu.CLASSES_40


def test_classes_without_colors_get_some(warehouse):
    describe(warehouse, 'classes: [floor, shelf, pallet]')
    colors = open_tiny(warehouse).colors
    assert len(set(colors)) == 3
    assert all(0 <= part <= 255 for color in colors for part in color)


def test_the_classes_of_a_model_must_agree(warehouse):
    assert len(open_tiny(warehouse, ('floor', 'shelf', 'pallet')).classes) == 3
    with pytest.raises(DatasetError, match=r'than the 2 .*\(a, b\); it has 3: floor, shelf, pall'):
        open_tiny(warehouse, ('a', 'b'))
    with pytest.raises(DatasetError, match='than the 3 that are asked for'):
        open_tiny(warehouse, ('shelf', 'floor', 'pallet'))
    with pytest.raises(DatasetError, match=f'{warehouse} has labels of other classes'):
        open_tiny(warehouse, nyu.CLASSES)
    assert open_tiny(warehouse, ()).classes == ()


def test_unnamed_classes_are_those_asked_for(tiny_folder):
    assert open_tiny(tiny_folder, tuple('abcdefghijklm')).classes == tuple('abcdefghijklm')
    assert open_tiny(tiny_folder, nyu.CLASSES).colors == nyu.COLORS
    with pytest.raises(DatasetError, match='labels of other classes than the 2'):
        open_tiny(tiny_folder, ('a', 'b'))
    (tiny_folder / 'label13').rename(tiny_folder / 'label15')
    names = tuple('abcdefghijklmno')
    dataset = open_tiny(tiny_folder, names)
    assert dataset.classes == names and len(set(dataset.colors)) == 15
    with pytest.raises(DatasetError, match='label15: its classes are not known; list their names'):
        open_tiny(tiny_folder)


def test_classes_without_their_folder(tiny_folder):
    describe(tiny_folder, 'classes: [floor, shelf]')
    with pytest.raises(DatasetError, match=r"no folder label2; with labels: \['label13'\]"):
        open_tiny(tiny_folder)


@pytest.mark.parametrize(
    ('text', 'metres'),
    [('2e-4', 0.0002), ("'0.0002'", 0.0002), ('1', 1.0), ('.002', 0.002)],
)
def test_numbers_as_people_write_them(tiny_folder, text, metres):
    """YAML 1.1 reads 2e-4 as a text."""
    describe(tiny_folder, f'depth_scale: {text}\nmax_depth: 1e2\n')
    cv2.imwrite(str(tiny_folder / 'depth' / '0000.png'), np.full((HEIGHT, WIDTH), 5000, np.uint16))
    dataset = open_tiny(tiny_folder)
    assert dataset.max_depth == 100.0
    np.testing.assert_allclose(dataset[0].depth, 5000 * metres, rtol=1e-6)


@pytest.mark.parametrize('encoding', ['utf-8-sig', 'utf-16'])
def test_a_description_with_a_byte_order_mark(tiny_folder, encoding):
    (tiny_folder / 'dataset.yaml').write_bytes('max_depth: 4\n'.encode(encoding))
    assert open_tiny(tiny_folder).max_depth == 4.0


@pytest.mark.parametrize(
    ('text', 'words'),
    [
        ('classes: [a', 'cannot be read'),
        ('[1, 2]', 'is no mapping of keys to values; keys: classes, colors'),
        ('', 'is no mapping'),
        ('class: [a]', r"unknown keys \['class'\]; known: classes, colors, max_depth"),
        ('classes: 3', 'classes is 3, expected a list of 1..255 different names'),
        ('classes: []', 'classes is .*, expected a list'),
        ('classes: [a, a]', 'classes is .*, expected a list of 1..255 different'),
        ('classes: [a, 1]', 'classes is .*, expected a list'),
        ('{classes: [a, b], colors: [[1, 2, 3]]}', '1 colors for 2 classes'),
        ('colors: [[1, 2, 3]]', '1 colors for 0 classes'),
        ('{classes: [a], colors: [[1, 2, 256]]}', r'colors is .*, expected a list of \[r, g, b\]'),
        ('{classes: [a], colors: [[1, 2]]}', 'colors is .*, expected'),
        ('max_depth: 0', 'max_depth is 0, expected metres above 0'),
        ('max_depth: .inf', 'max_depth is inf'),
        ('max_depth: far', "max_depth is 'far'"),
        ('depth_scale: -0.001', 'depth_scale is -0.001, expected metres above 0'),
        ('depth_scale: true', 'depth_scale is True'),
        ('crop: {rows: [3, 3], columns: [0, 9]}', 'crop is .*, expected {rows: '),
        ('crop: {rows: [0, 9]}', 'crop is'),
        ('crop: {rows: [0, 9.5], columns: [0, 9]}', 'crop is'),
        ('license: 3', 'license is 3, expected a text'),
    ],
)
def test_bad_descriptions_are_named(tiny_folder, text, words):
    describe(tiny_folder, text)
    with pytest.raises(DatasetError, match=words) as info:
        open_tiny(tiny_folder)
    assert str(tiny_folder / 'dataset.yaml') in str(info.value)


def test_without_calibration(tiny_folder):
    (tiny_folder / 'camera.yaml').unlink()
    assert open_tiny(tiny_folder).camera is None
    assert open_tiny(tiny_folder)[0].camera is None


def test_given_camera_goes_before_the_folder_s(tiny_folder):
    camera = CameraModel.from_field_of_view(WIDTH, HEIGHT, 90.0)
    assert open_tiny(tiny_folder, camera=camera).camera == camera


def test_damaged_calibration(tiny_folder):
    (tiny_folder / 'camera.yaml').write_text('image_width: 3\n')
    with pytest.raises(CalibrationError, match='camera.yaml'):
        open_tiny(tiny_folder)


def test_distorted_camera_is_refused(tiny_folder):
    text = (tiny_folder / 'camera.yaml').read_text()
    (tiny_folder / 'camera.yaml').write_text(text.replace('[0, 0, 0, 0, 0]', '[-0.1, 0, 0, 0, 0]'))
    with pytest.raises(DatasetError, match=f'{tiny_folder}.* distorted; rectify images'):
        open_tiny(tiny_folder)
