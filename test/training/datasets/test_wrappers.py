"""Data sets in memory, parts of one, and several in one."""

from dataclasses import replace

from monodepth_ros.errors import DatasetError
from monodepth_ros.training.datasets import (
    cached,
    Joined,
    nyu,
    open_dataset,
    Subset,
    WithinRange,
)
import numpy as np
import pytest
from tiny_folder import write_tiny_folder


@pytest.fixture
def dataset(tiny_folder):
    return open_dataset('folder', tiny_folder, 'train')


@pytest.fixture
def other(tmp_path):
    return open_dataset('folder', write_tiny_folder(tmp_path / 'other', count=3), 'train')


def change_facts(dataset, **changes):
    """Return the data set with other facts."""
    dataset.__init__('folder', dataset.root, 'train', replace(dataset.facts, **changes))
    return dataset


def test_cached_decodes_once(dataset):
    kept = cached(dataset)
    first = kept[2]
    (dataset.root / 'rgb' / '0002.png').unlink()
    assert kept[2] is first
    assert kept[2].name == '0002'
    with pytest.raises(DatasetError, match='0002'):
        dataset[2]
    assert (kept.ids, kept.facts) == (dataset.ids, dataset.facts)
    assert len(kept) == 8


def test_an_image_that_failed_is_tried_again(dataset):
    path = dataset.root / 'rgb' / '0002.png'
    data = path.read_bytes()
    path.write_bytes(b'')
    kept = cached(dataset)
    with pytest.raises(DatasetError, match='0002.png: 0 bytes'):
        kept[2]
    path.write_bytes(data)
    assert kept[2].name == '0002'


def test_subset(dataset):
    part = Subset(dataset, [5, 1])
    assert part.ids == ['0005', '0001']
    assert [sample.name for sample in part] == part.ids
    assert part.facts == dataset.facts
    assert part.camera == dataset.camera
    with pytest.raises(IndexError):
        Subset(dataset, [8])


def test_joined(dataset, other):
    whole = Joined([(dataset, 6.0), (other, 3.0), (Subset(other, [2]), 1.0)])
    assert (whole.counts, whole.shares) == ((8, 3, 1), (0.6, 0.3, 0.1))
    assert len(whole) == 12 == len(whole.ids)
    assert [sample.name for sample in whole] == whole.ids
    np.testing.assert_array_equal(whole[10].image, other[2].image)
    np.testing.assert_array_equal(whole[11].image, other[2].image)
    assert whole.classes == nyu.CLASSES


def test_joined_names_the_terms_of_all(dataset, other):
    change_facts(dataset, terms='A')
    change_facts(other, terms='B')
    assert Joined([(dataset, 1.0), (other, 1.0), (dataset, 1.0)]).license == 'A; B'


def test_data_without_labels_may_join(dataset, other):
    change_facts(other, classes=(), colors=())
    assert Joined([(dataset, 1.0), (other, 1.0)]).classes == nyu.CLASSES


def test_other_classes_may_not_join(dataset, other):
    change_facts(other, classes=nyu.CLASSES[::-1])
    with pytest.raises(DatasetError, match=f'{other.root} has the classes window, wall, .*but '):
        Joined([(dataset, 1.0), (other, 1.0)])


@pytest.mark.parametrize('which', [0, 1])
def test_a_camera_must_be_known(dataset, other, which):
    without = change_facts((dataset, other)[which], camera=None)
    with pytest.raises(
        DatasetError, match=f'{without.root} has no camera.yaml and no intrinsics.csv'
    ):
        Joined([(dataset, 1.0), (other, 1.0)])


def test_depth_beyond_the_range_is_unknown(dataset):
    near = WithinRange(dataset, 2.5)
    assert near.max_depth == near.facts.max_depth == 2.5
    for sample, whole in zip(near, dataset):
        known = whole.depth <= 2.5
        np.testing.assert_array_equal(sample.depth[known], whole.depth[known])
        assert not sample.depth[~known].any() and sample.depth.dtype == np.float32
    assert any(sample.depth.max() > 2.5 for sample in dataset)
    assert Joined([(near, 1.0), (dataset, 1.0)]).max_depth == 10.0
