"""Folder data sets: what they give, and that every error names the file."""

import cv2
from monodepth_ros.camera import CameraModel
from monodepth_ros.errors import CalibrationError, ConfigError, DatasetError
from monodepth_ros.training.datasets import nyu, open_dataset
import numpy as np
import pytest
from tiny_folder import FOCAL, HEIGHT, WIDTH


def open_tiny(root, **options):
    return open_dataset('folder', root, 'train', nyu.CLASSES, **options)


def test_sample(tiny_folder):
    image = np.zeros((HEIGHT, WIDTH, 3), np.uint8)
    image[10, 20] = (200, 100, 50)  # R, G, B
    cv2.imwrite(str(tiny_folder / 'rgb' / '0003.png'), image[..., ::-1])
    depth = np.zeros((HEIGHT // 2, WIDTH // 2), np.uint16)
    depth[5, 6] = 1234
    cv2.imwrite(str(tiny_folder / 'depth' / '0003.png'), depth)
    label = np.full((HEIGHT, WIDTH), 255, np.uint8)
    label[7, 8] = 12
    cv2.imwrite(str(tiny_folder / 'label13' / '0003.png'), label)

    dataset = open_tiny(tiny_folder)
    assert len(dataset) == 8
    sample = dataset[3]
    assert sample.name == '0003'
    np.testing.assert_array_equal(sample.image, image)
    assert sample.depth.dtype == np.float32
    assert sample.depth[5, 6] == np.float32(1.234)
    assert (sample.depth > 0).sum() == 1
    np.testing.assert_array_equal(sample.label, label)
    assert sample.camera.rectified.fx == FOCAL


def test_jpeg_images(tiny_folder):
    image = cv2.imread(str(tiny_folder / 'rgb' / '0000.png'))
    (tiny_folder / 'rgb' / '0000.png').unlink()
    cv2.imwrite(str(tiny_folder / 'rgb' / '0000.jpg'), image)
    assert open_tiny(tiny_folder)[0].image.shape == (HEIGHT, WIDTH, 3)


def test_without_labels_all_is_unknown(tiny_folder):
    (tiny_folder / 'label13').rename(tiny_folder / 'label99')
    assert (open_tiny(tiny_folder)[0].label == 255).all()


def test_without_calibration(tiny_folder):
    (tiny_folder / 'camera.yaml').unlink()
    assert open_tiny(tiny_folder).camera is None
    assert open_tiny(tiny_folder)[0].camera is None


def test_given_camera_goes_before_the_folder_s(tiny_folder):
    camera = CameraModel.from_field_of_view(WIDTH, HEIGHT, 90.0)
    assert open_tiny(tiny_folder, camera=camera).camera == camera


def test_nyu_s_camera_is_known(tiny_folder):
    dataset = open_dataset('nyu', tiny_folder, 'train', nyu.CLASSES)
    assert dataset.camera == nyu.CAMERA
    assert (nyu.CAMERA.rectified.fx, nyu.CAMERA.rectified.cy) == (518.86, 253.74)
    assert len(nyu.CLASSES) == len(nyu.COLORS) == len(set(nyu.COLORS)) == 13


def test_nyu_is_evaluated_in_the_crop_of_eigen(tiny_folder):
    rows, columns = open_dataset('nyu', tiny_folder, 'train', nyu.CLASSES).crop
    assert (rows.start, rows.stop, columns.start, columns.stop) == (45, 471, 41, 601)
    assert open_tiny(tiny_folder).crop is None


def test_unknown_data_set_lists_the_choices(tiny_folder):
    with pytest.raises(ConfigError, match="unknown data set 'kitti'; known: nyu, folder"):
        open_dataset('kitti', tiny_folder, 'train', nyu.CLASSES)


def test_missing_folder(tmp_path):
    with pytest.raises(DatasetError, match=f'{tmp_path / "none"} does not exist; set --root'):
        open_tiny(tmp_path / 'none')


def test_missing_split_lists_those_here(tiny_folder):
    with pytest.raises(DatasetError, match=r"test.txt does not exist; splits here: \['train'\]"):
        open_dataset('folder', tiny_folder, 'test', nyu.CLASSES)


def test_empty_split(tiny_folder):
    (tiny_folder / 'train.txt').write_text('\n \n')
    with pytest.raises(DatasetError, match='train.txt lists no image'):
        open_tiny(tiny_folder)


def test_damaged_calibration(tiny_folder):
    (tiny_folder / 'camera.yaml').write_text('image_width: 3\n')
    with pytest.raises(CalibrationError, match='camera.yaml'):
        open_tiny(tiny_folder)


def test_distorted_camera_is_refused(tiny_folder):
    text = (tiny_folder / 'camera.yaml').read_text()
    (tiny_folder / 'camera.yaml').write_text(text.replace('[0, 0, 0, 0, 0]', '[-0.1, 0, 0, 0, 0]'))
    with pytest.raises(DatasetError, match=f'{tiny_folder}.* distorted; rectify images'):
        open_tiny(tiny_folder)


def truncate(path):
    data = path.read_bytes()
    path.write_bytes(data[: len(data) // 2])


def empty(path):
    path.write_bytes(b'')


def text(path):
    path.write_text('no image')


def write(shape, dtype, value=0):
    return lambda path: cv2.imwrite(str(path), np.full(shape, value, dtype))


DAMAGES = [
    ('rgb', truncate, 'bytes that are no whole image'),
    ('rgb', empty, '0 bytes that are no whole image'),
    ('rgb', text, '8 bytes that are no whole image'),
    ('rgb', lambda path: path.unlink(), 'no .*{.jpg,.png}'),
    ('rgb', write((48, 64, 3), np.uint8), 'image is 64 x 48, but the intrinsics are for 128 x 96'),
    ('depth', truncate, 'bytes that are no whole image'),
    ('depth', lambda path: path.unlink(), 'cannot be read: No such file'),
    ('depth', write((48, 64), np.uint8), r'uint8 \(48, 64\), expected \(h, w\) uint16 mm'),
    ('depth', write((48, 64, 3), np.uint16), r'uint16 \(48, 64, 3\), expected'),
    ('depth', write((48, 65), np.uint16), 'depth is 65 x 48, which does not divide .*128 x 96'),
    ('depth', write((192, 256), np.uint16), 'depth is 256 x 192, which does not divide'),
    ('depth', write((24, 64), np.uint16), 'depth is 64 x 24, which does not divide'),
    ('label13', truncate, 'bytes that are no whole image'),
    ('label13', lambda path: path.unlink(), 'cannot be read: No such file'),
    ('label13', write((48, 64), np.uint8), r'uint8 \(48, 64\), expected uint8 \(96, 128\)'),
    ('label13', write((96, 128), np.uint16), r'uint16 \(96, 128\), expected uint8'),
    ('label13', write((96, 128), np.uint8, 13), r'label 13, expected 0..12 or 255'),
]


@pytest.mark.parametrize(('folder', 'damage', 'words'), DAMAGES)
def test_damaged_files_are_named(tiny_folder, folder, damage, words):
    path = tiny_folder / folder / '0002.png'
    damage(path)
    dataset = open_tiny(tiny_folder)
    with pytest.raises(DatasetError, match=words) as info:
        dataset[2]
    assert str(path.with_suffix('')) in str(info.value)
    assert dataset[1].name == '0001'
