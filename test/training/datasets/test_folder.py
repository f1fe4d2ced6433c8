"""Data sets in folders: what they give, and that every error names the file."""

import zlib

import cv2
from image_kit import chunk, turned
from monodepth_ros.errors import DatasetError
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
    assert dataset.ids[3] == '0003'
    sample = dataset[3]
    assert sample.name == '0003'
    np.testing.assert_array_equal(sample.image, image)
    assert sample.depth.dtype == np.float32
    assert sample.depth[5, 6] == np.float32(1.234)
    assert (sample.depth > 0).sum() == 1
    np.testing.assert_array_equal(sample.label, label)
    assert sample.camera.rectified.fx == FOCAL


def test_indices_are_those_of_a_sequence(tiny_folder):
    dataset = open_tiny(tiny_folder)
    assert dataset[-1].name == '0007'
    assert [sample.name for sample in dataset] == dataset.ids
    with pytest.raises(IndexError):
        dataset[8]
    with pytest.raises(TypeError):
        dataset[1:3]


def test_jpeg_images(tiny_folder):
    image = cv2.imread(str(tiny_folder / 'rgb' / '0000.png'))
    (tiny_folder / 'rgb' / '0000.png').unlink()
    cv2.imwrite(str(tiny_folder / 'rgb' / '0000.jpg'), image)
    assert open_tiny(tiny_folder)[0].image.shape == (HEIGHT, WIDTH, 3)


def test_without_labels_all_is_unknown(tiny_folder):
    (tiny_folder / 'label13').rename(tiny_folder / 'label')
    dataset = open_tiny(tiny_folder)
    assert dataset.classes == dataset.colors == ()
    assert (dataset[0].label == 255).all()


def test_labels_need_not_be_read(tiny_folder):
    (tiny_folder / 'label13' / '0000.png').unlink()
    dataset = open_dataset('folder', tiny_folder, 'train', ())
    assert dataset.classes == ()
    assert (dataset[0].label == 255).all()


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


def test_split_that_is_no_text(tiny_folder):
    (tiny_folder / 'train.txt').write_bytes(b'\xff0\x00')
    with pytest.raises(DatasetError, match='train.txt cannot be read'):
        open_tiny(tiny_folder)


@pytest.mark.parametrize('encoding', ['utf-8', 'utf-8-sig', 'utf-16'])
def test_lists_as_editors_write_them(tiny_folder, encoding):
    (tiny_folder / 'train.txt').write_bytes(' 0002\r\n\r\n0001\r\n'.encode(encoding))
    assert open_tiny(tiny_folder).ids == ['0002', '0001']


@pytest.mark.parametrize('ending', ['.jpg', '.png'])
def test_image_and_depth_stay_together_whatever_the_orientation(tiny_folder, ending, caplog):
    """Depth and labels have no such tag: an image that was turned would not be theirs."""
    (tiny_folder / 'camera.yaml').unlink()
    for suffix in ('.png', '.jpg'):
        (tiny_folder / 'rgb' / f'0000{suffix}').unlink(missing_ok=True)
    (tiny_folder / 'rgb' / f'0000{ending}').write_bytes(turned(ending, 8))
    cv2.imwrite(str(tiny_folder / 'depth' / '0000.png'), np.full((48, 64), 1000, np.uint16))
    label = np.zeros((48, 64), np.uint8)
    cv2.imwrite(str(tiny_folder / 'label13' / '0000.png'), label)
    dataset = open_tiny(tiny_folder)
    sample = dataset[0]
    assert sample.image[8, 8, 0] > 200 > 50 > sample.image[40, 60, 0]
    assert sample.image.shape[:2] == sample.depth.shape == sample.label.shape
    dataset[0]
    words = [record.getMessage() for record in caplog.records]
    assert len(words) == 1 and f'{tiny_folder / "rgb"}: the stored pixels are used' in words[0]


def test_labels_with_a_palette_are_its_indices(tiny_folder):
    label = np.arange(HEIGHT * WIDTH).reshape(HEIGHT, WIDTH) % 13
    data = cv2.imencode('.png', label.astype(np.uint8))[1].tobytes()
    colors = chunk(b'PLTE', bytes(range(39)))
    head = data[12:25] + b'\3' + data[26:29]  # colour type 3
    file = data[:12] + head + zlib.crc32(head).to_bytes(4, 'big') + colors + data[33:]
    (tiny_folder / 'label13' / '0000.png').write_bytes(file)
    assert cv2.imread(str(tiny_folder / 'label13' / '0000.png'), -1).shape[2:]  # it has colours
    np.testing.assert_array_equal(open_tiny(tiny_folder)[0].label, label)


def truncate(path):
    data = path.read_bytes()
    path.write_bytes(data[: len(data) // 2])


def truncate_jpeg(path):
    image = cv2.imread(str(path))
    path.unlink()
    path = path.with_suffix('.jpg')
    cv2.imwrite(str(path), image)
    truncate(path)


def empty(path):
    path.write_bytes(b'')


def text(path):
    path.write_text('no image')


def write(shape, dtype, value=0):
    return lambda path: cv2.imwrite(str(path), np.full(shape, value, dtype))


DAMAGES = [
    ('rgb', truncate, 'bytes that are no whole image'),
    ('rgb', truncate_jpeg, 'bytes that are no whole image'),
    ('rgb', empty, '0 bytes that are no whole image'),
    ('rgb', text, '8 bytes that are no whole image'),
    ('rgb', lambda path: path.unlink(), 'no .*{.jpg,.png}'),
    ('rgb', write((48, 64, 3), np.uint8), 'image is 64 x 48, but the intrinsics are for 128 x 96'),
    ('depth', truncate, 'bytes that are no whole image'),
    ('depth', lambda path: path.unlink(), 'cannot be read: No such file'),
    ('depth', write((48, 64), np.uint8), r'uint8 \(48, 64\), expected \(h, w\) uint16'),
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
