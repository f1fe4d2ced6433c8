"""The release of NYU as a list of pairs: units of depth, and lists that cannot be used."""

import cv2
from monodepth_ros.errors import DatasetError
from monodepth_ros.training.datasets import nyu, open_dataset
import numpy as np
import pytest

SCENE = 'data/nyu2_train/kitchen_0001_out'


@pytest.fixture
def release(tmp_path):
    """Return a folder with one training and one test image."""
    (tmp_path / SCENE).mkdir(parents=True)
    (tmp_path / 'data' / 'nyu2_test').mkdir()
    image = np.zeros((480, 640, 3), np.uint8)
    image[0, 0] = (10, 20, 200)  # B, G, R
    depth = np.zeros((480, 640), np.uint8)
    depth[1, 2:5] = 51, 102, 255
    cv2.imwrite(str(tmp_path / SCENE / '1.jpg'), image)
    cv2.imwrite(str(tmp_path / SCENE / '1.png'), depth)
    cv2.imwrite(str(tmp_path / 'data' / 'nyu2_test' / '00000_colors.png'), image)
    millimetres = np.full((480, 640), 2345, np.uint16)
    cv2.imwrite(str(tmp_path / 'data' / 'nyu2_test' / '00000_depth.png'), millimetres)
    write(tmp_path, 'train', f'{SCENE}/1.jpg,{SCENE}/1.png\r\n\r\n')
    write(tmp_path, 'test', 'data/nyu2_test/00000_colors.png,data/nyu2_test/00000_depth.png\n')
    return tmp_path


def write(root, split, text):
    (root / 'data' / f'nyu2_{split}.csv').write_bytes(text.encode())


def test_training_depth_is_8_bit_of_10_metres(release):
    dataset = open_dataset('csv', release, 'train', nyu.CLASSES)
    assert dataset.ids == [f'{SCENE}/1.jpg']
    sample = dataset[0]
    np.testing.assert_allclose(sample.depth[1, 1:6], [0, 2, 4, 10, 0])
    assert sample.depth.dtype == np.float32
    assert sample.camera == nyu.CAMERA


def test_test_depth_is_millimetres(release):
    sample = open_dataset('csv', release, 'test')[0]
    assert (sample.depth == np.float32(2.345)).all()
    assert sample.image[0, 0].tolist() == [200, 20, 10]


def test_there_are_no_labels(release):
    dataset = open_dataset('csv', release, 'test', nyu.CLASSES)
    assert dataset.classes == dataset.colors == ()
    assert (dataset[0].label == 255).all()
    assert (dataset.max_depth, dataset.crop) == (10.0, nyu.CROP)


@pytest.mark.parametrize('line', ['data/1.jpg', 'a.jpg,b.png,c.png', 'a.jpg,', ',b.png'])
def test_a_line_that_is_no_pair(release, line):
    write(release, 'train', f'{SCENE}/1.jpg,{SCENE}/1.png\n{line}\n')
    with pytest.raises(DatasetError, match=f"nyu2_train.csv: line 2 is '{line}', expected IMAGE,"):
        open_dataset('csv', release, 'train')


def test_missing_and_empty_lists(release):
    with pytest.raises(DatasetError, match=r"nyu2_val.csv does not exist; .*\['test', 'train'\]"):
        open_dataset('csv', release, 'val')
    write(release, 'train', '\n')
    with pytest.raises(DatasetError, match='nyu2_train.csv lists no image'):
        open_dataset('csv', release, 'train')


@pytest.mark.parametrize('suffix', ['.jpg', '.png'])
def test_missing_files_are_named(release, suffix):
    path = release / SCENE / f'1{suffix}'
    path.unlink()
    with pytest.raises(DatasetError, match=f'{path}: cannot be read: No such file'):
        open_dataset('csv', release, 'train')[0]


def test_depth_with_colours(release):
    path = release / SCENE / '1.png'
    cv2.imwrite(str(path), np.zeros((480, 640, 3), np.uint8))
    with pytest.raises(DatasetError, match=r'\(480, 640, 3\), expected \(h, w\) uint8 or uint16'):
        open_dataset('csv', release, 'train')[0]
