"""The official file of NYU Depth v2, made small: its axes, splits, classes and damages."""

import h5py
from monodepth_ros.errors import DatasetError
from monodepth_ros.training.datasets import nyu, open_dataset
import numpy as np
import pytest
import scipy.io

COUNT = 3
# Of seven names in place of 894, counted from 1: wall, bed, otherprop, floor mat, door, tv, box.
MAP_CLASS = (1, 4, 40, 20, 8, 25, 29)
IN_13 = ('wall', 'bed', 'objects', 'floor', 'wall', 'tv', 'objects')


def write_mat(root, **changes):
    """Write the three files; `changes` replace arrays of the large one, None leaves one out."""
    count = np.arange(COUNT * 640 * 480).reshape(COUNT, 640, 480)
    arrays = {
        'images': np.stack([count % number for number in (253, 251, 249)], 1).astype(np.uint8),
        'depths': (1 + count % 7001 / 1000).astype(np.float32),
        'labels': (count // 77 % 8).astype(np.uint16),
        **changes,
    }
    root.mkdir(exist_ok=True)
    with h5py.File(root / 'nyu_depth_v2_labeled.mat', 'w', userblock_size=512) as file:
        for key, array in arrays.items():
            if array is not None:
                file.create_dataset(key, data=array, compression='gzip', compression_opts=1)
    ones = {'trainNdxs': np.array([[3], [1]], np.uint16), 'testNdxs': np.array([[2.0]])}
    scipy.io.savemat(root / 'splits.mat', ones, do_compression=True)
    names = np.array([[f'class {i}' for i in range(7)]], object)
    mapping = {'mapClass': np.array([MAP_CLASS], np.float64), 'className': names}
    scipy.io.savemat(root / 'classMapping40.mat', mapping, do_compression=True)
    return arrays


@pytest.fixture(scope='module')
def written(tmp_path_factory):
    root = tmp_path_factory.mktemp('mat')
    return root, write_mat(root)


@pytest.fixture
def copied(written, tmp_path):
    """Return a folder with the files, to damage."""
    for path in written[0].iterdir():
        (tmp_path / path.name).write_bytes(path.read_bytes())
    return tmp_path


def open_mat(root, split='train', classes=None, name='nyu_mat'):
    return open_dataset(name, root, split, classes)


def test_images_depth_and_labels_are_turned_upright(written):
    root, arrays = written
    dataset = open_mat(root, 'test')
    assert (len(dataset), dataset.ids) == (1, ['0001'])
    sample = dataset[0]
    assert sample.image.shape == (480, 640, 3) and sample.image.dtype == np.uint8
    assert sample.depth.shape == sample.label.shape == (480, 640)
    assert sample.depth.dtype == np.float32 and sample.label.dtype == np.uint8
    assert sample.camera == nyu.CAMERA
    for x, y in ((0, 0), (600, 20), (3, 479)):
        assert sample.image[y, x].tolist() == arrays['images'][1, :, x, y].tolist()
        assert sample.depth[y, x] == arrays['depths'][1, x, y]


def test_official_split_is_counted_from_1_and_sorted(written):
    dataset = open_mat(written[0])
    assert dataset.ids == ['0000', '0002']
    np.testing.assert_array_equal(dataset[1].depth, written[1]['depths'][2].T)


def test_a_list_of_ids_goes_before_the_official_split(copied):
    (copied / 'train.txt').write_text('0001\n0000\n')
    (copied / 'mine.txt').write_text('0002\n')
    assert open_mat(copied).ids == ['0001', '0000']
    assert open_mat(copied, 'mine').ids == ['0002']
    with pytest.raises(DatasetError, match=r"val.txt does not exist; splits here: \['mine', 'tes"):
        open_mat(copied, 'val')


@pytest.mark.parametrize('text', ['0003', '-1', 'kitchen'])
def test_ids_beyond_the_file(copied, text):
    (copied / 'train.txt').write_text(text)
    with pytest.raises(DatasetError, match=f"train.txt: id '{text}', expected 0000..0002"):
        open_mat(copied)


def test_labels_of_13_and_40_classes(written):
    root, arrays = written
    raw = arrays['labels'][1].T
    in_40, in_13 = open_mat(root, 'test', name='nyu_mat40')[0], open_mat(root, 'test')[0]
    assert (in_40.label[raw == 0] == 255).all() and (in_13.label[raw == 0] == 255).all()
    for number, (of_40, of_13) in enumerate(zip(MAP_CLASS, IN_13, strict=True), 1):
        assert set(in_40.label[raw == number]) == {of_40 - 1}
        assert set(in_13.label[raw == number]) == {nyu.CLASSES.index(of_13)}


def test_classes_that_are_asked_for(written):
    root = written[0]
    assert open_mat(root, classes=nyu.CLASSES_40).classes == nyu.CLASSES_40
    unlabelled = open_mat(root, classes=())
    assert unlabelled.classes == () and (unlabelled[0].label == 255).all()
    with pytest.raises(DatasetError, match='labels of other classes than the 2'):
        open_mat(root, classes=('a', 'b'))


@pytest.mark.parametrize('key', ['images', 'depths', 'labels'])
def test_missing_array(tmp_path, key):
    write_mat(tmp_path, **{key: None})
    with pytest.raises(DatasetError, match=f'labeled.mat: no array {key!r}; it has '):
        open_mat(tmp_path)


@pytest.mark.parametrize(
    ('changes', 'words'),
    [
        (
            {'depths': np.zeros((2, 640, 480), np.float32)},
            r'depths is float32 \(2, 640, 480\), ex',
        ),
        ({'depths': np.zeros((3, 640, 480), np.float64)}, 'depths is float64 .*expected float32'),
        ({'labels': np.zeros((3, 480, 640), np.uint16)}, r'labels is uint16 \(3, 480, 640\), exp'),
        ({'images': np.zeros((3, 640, 480, 3), np.uint8)}, r'images is uint8 \(3, 640, 480, 3\)'),
    ],
)
def test_arrays_of_another_kind(tmp_path, changes, words):
    write_mat(tmp_path, **changes)
    with pytest.raises(DatasetError, match=words):
        open_mat(tmp_path)


def test_label_beyond_the_mapping(tmp_path):
    labels = np.zeros((COUNT, 640, 480), np.uint16)
    labels[2, 5, 5] = 8
    write_mat(tmp_path, labels=labels)
    dataset = open_mat(tmp_path)
    assert (dataset[0].label == 255).all()
    with pytest.raises(
        DatasetError, match=r'label 8 in image 3, expected 0..7 as in classMapping'
    ):
        dataset[1]


@pytest.mark.parametrize('share', [0.0, 0.2, 0.7])
def test_truncated_file(copied, share):
    path = copied / 'nyu_depth_v2_labeled.mat'
    data = path.read_bytes()
    path.write_bytes(data[: int(share * len(data))])
    with pytest.raises(DatasetError, match=f'{path}: damaged, or no MATLAB v7.3 file'):
        open_mat(copied)


def test_damaged_image(copied):
    path = copied / 'nyu_depth_v2_labeled.mat'
    with h5py.File(path) as file:
        chunk = file['depths'].id.get_chunk_info(0)
    with path.open('r+b') as file:
        file.seek(chunk.byte_offset + 512)
        file.write(b'\0' * (chunk.size // 2))
    dataset = open_mat(copied)
    with pytest.raises(DatasetError, match=f'{path}: damaged'):
        for index in range(len(dataset)):
            dataset[index]


@pytest.mark.parametrize('name', ['nyu_depth_v2_labeled.mat', 'splits.mat', 'classMapping40.mat'])
def test_missing_file(copied, name):
    (copied / name).unlink()
    with pytest.raises(DatasetError, match=f'{copied / name} does not exist'):
        open_mat(copied)


@pytest.mark.parametrize('name', ['splits.mat', 'classMapping40.mat'])
@pytest.mark.parametrize('length', [0, 60, 150])
def test_damaged_small_file(copied, name, length):
    path = copied / name
    path.write_bytes(path.read_bytes()[:length])
    with pytest.raises(DatasetError, match=f'{path}: '):
        open_mat(copied)


@pytest.mark.parametrize(
    ('name', 'values', 'words'),
    [
        ('splits.mat', {'trainNdxs': [0, 1]}, 'trainNdxs has 2 numbers, expected some of 1..3'),
        ('splits.mat', {'trainNdxs': [4]}, 'expected some of 1..3'),
        ('splits.mat', {'trainNdxs': []}, 'trainNdxs has 0 numbers'),
        ('splits.mat', {'testNdxs': [1]}, "no array 'trainNdxs'"),
        ('classMapping40.mat', {'mapClass': [1, 41]}, 'mapClass has numbers beyond 1..40'),
        ('classMapping40.mat', {'classes': [1]}, "no array 'mapClass'"),
    ],
)
def test_small_files_with_other_content(copied, name, values, words):
    scipy.io.savemat(copied / name, values)
    with pytest.raises(DatasetError, match=words):
        open_mat(copied)
