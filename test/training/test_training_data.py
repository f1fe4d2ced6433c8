"""The images of a run."""

import cv2
from monodepth_ros.errors import ConfigError, DatasetError
from monodepth_ros.training.config import make_config
from monodepth_ros.training.training_data import TrainingData
import numpy as np
import pytest
from tiny_folder import FOCAL, HEIGHT, WIDTH, write_tiny_folder
from training_kit import VALUES


@pytest.fixture
def open_data(tiny_folder):
    def open_data(labels=True, limit=None, **changes):
        return TrainingData(make_config({**VALUES, **changes}), tiny_folder, labels, limit)

    return open_data


def set_depth(root, index, millimetres):
    path = str(root / 'depth' / f'{index:04}.png')
    depth = cv2.imread(path, cv2.IMREAD_UNCHANGED)
    depth[:] = millimetres
    cv2.imwrite(path, depth)


def test_training_and_held_out_images_are_apart(open_data):
    data = open_data()
    assert (len(data.training), [len(d) for d in data.held_out]) == (6, [2])
    assert not set(data.training.ids) & set(data.held_out[0].ids)
    assert len(data.classes) == len(data.colors) == 13
    # 128 x 96 pixels seen through 64.
    assert data.focal_length == FOCAL / 2 and data.input_size == (64, 48)
    assert len(open_data(limit=4, held_out=1).training) == 3


def test_images_are_decoded_once_or_each_time(open_data):
    kept, again = open_data(), open_data(cache=False)
    assert kept.training[0] is kept.training[0]
    assert again.training[0] is not again.training[0]
    np.testing.assert_array_equal(kept.training[0].image, again.training[0].image)


def test_without_labels_there_are_no_classes(open_data):
    data = open_data(labels=False)
    assert data.classes == data.colors == ()
    assert (data.training[0].label == 255).all()


@pytest.mark.parametrize('cache', [True, False])
def test_the_smallest_depth_is_of_the_training_images(open_data, tiny_folder, cache):
    data = open_data(cache=cache)
    for index in range(8):
        set_depth(tiny_folder, index, 3000 + index)
    set_depth(tiny_folder, int(data.held_out[0].ids[0]), 500)
    expected = min(3000 + int(name) for name in data.training.ids) / 1000
    assert data.find_min_depth(quiet=True) == pytest.approx(expected)


def test_speckles_are_no_smallest_depth(open_data, tiny_folder):
    """A thousandth of 64 x 48 pixels is 3: so many may be too near, one more is a thing."""
    data = open_data(cache=False)
    for index in range(8):
        set_depth(tiny_folder, index, 3000)
    path = str(tiny_folder / 'depth' / f'{data.training.ids[0]}.png')
    depth = cv2.imread(path, cv2.IMREAD_UNCHANGED)
    for speckles, expected in ((3, 3.0), (4, 0.001)):
        depth.flat[:speckles] = 1
        cv2.imwrite(path, depth)
        assert data.find_min_depth(quiet=True) == pytest.approx(expected)


@pytest.mark.parametrize(('millimetres', 'images'), [(0, '6 images'), (60000, '8 images')])
def test_depth_that_is_nowhere_within_the_range(open_data, tiny_folder, millimetres, images):
    """Too far is seen of all images, no depth at all only once the training images are read."""
    for index in range(8):
        set_depth(tiny_folder, index, millimetres)
    with pytest.raises(DatasetError, match=f'none of {images} .*has a depth between 0 and 10'):
        open_data().find_min_depth()


def test_masks_are_no_labels(open_data, tiny_folder, caplog):
    for index in range(8):
        path = str(tiny_folder / 'label13' / f'{index:04}.png')
        label = cv2.imread(path, cv2.IMREAD_UNCHANGED)
        label[:] = 0
        cv2.imwrite(path, label)
    open_data().find_min_depth()
    assert 'none of 8 images looked at has a label of books' in caplog.text
    for index in range(8):
        path = str(tiny_folder / 'label13' / f'{index:04}.png')
        label[:9] = 255
        cv2.imwrite(path, label)
    with pytest.raises(DatasetError, match='labels other than 0 and 255'):
        open_data().find_min_depth()
    open_data(labels=False).find_min_depth()


def test_calibration_is_needed(open_data, tiny_folder):
    (tiny_folder / 'camera.yaml').unlink()
    with pytest.raises(DatasetError, match=f'{tiny_folder} has no camera.yaml'):
        open_data()


def write_intrinsics(root, name='intrinsics.csv'):
    lines = [f'{i:04},{WIDTH},{HEIGHT},{80 + i},{80 + i},63.5,47.5,0.{i}\n' for i in range(8)]
    (root / name).write_text('id,width,height,fx,fy,cx,cy,camera_height_m\n' + ''.join(lines))


def test_with_own_cameras_the_focal_length_is_set(open_data, tiny_folder):
    write_intrinsics(tiny_folder)
    with pytest.raises(ConfigError, match='has no camera of all images.*; set focal_length'):
        open_data()
    data = open_data(focal_length=60.0)
    assert data.focal_length == 60.0 and data.input_size == (64, 48)


def test_a_mixture(open_data, tiny_folder, tmp_path):
    other = write_tiny_folder(tmp_path / 'other', count=6, split='all')
    (other / 'label13').rename(other / 'no_labels')
    write_intrinsics(other)
    source = {'dataset': 'folder', 'held_out': 2}
    for root in ('../other', str(other)):
        second = {**source, 'root': root, 'split': 'all', 'weight': 3.0, 'max_depth': 2.0}
        data = open_data(mixture=[source, second])
        assert (data.training.counts, data.training.shares) == ((6, 4), (0.25, 0.75))
        assert [len(d) for d in data.held_out] == [2, 2]
        assert [d.max_depth for d in data.held_out] == [10.0, 2.0] and data.max_depth == 10.0
        sample = data.training[7]
        assert sample.camera.rectified.fx == 80 + int(sample.name)
        assert sample.camera_height == float(f'0.{int(sample.name)}')
        assert sample is data.training[7]  # kept in memory
        assert max(data.training[i].depth.max() for i in range(6, 10)) <= 2.0
        assert max(data.training[i].depth.max() for i in range(6)) > 2.0
    again = open_data(mixture=[source, {**second, 'hfov': 90.0}])
    assert again.training[7].camera.rectified.fx == pytest.approx(64.0)


def test_an_empty_split(open_data, tiny_folder):
    (tiny_folder / 'train.txt').write_text('\n')
    with pytest.raises(DatasetError, match='train.txt lists no image'):
        open_data()
