"""What is called truth and cannot be that."""

import cv2
from monodepth_ros.errors import DatasetError
from monodepth_ros.training.datasets import Joined, open_dataset, Subset
from monodepth_ros.training.datasets.truth import check_truth, LOOKED_AT
import numpy as np
import pytest
from tiny_folder import HEIGHT, WIDTH


def write_labels(root, values):
    """Give the images labels, each with its left half of one number and its right of the other."""
    (root / 'label2').mkdir(exist_ok=True)
    for index, (left, right) in enumerate(values):
        label = np.full((HEIGHT, WIDTH), left, np.uint8)
        label[:, -64:] = right
        cv2.imwrite(str(root / 'label2' / f'{index:04}.png'), label)


@pytest.fixture
def two_classes(tiny_folder):
    (tiny_folder / 'dataset.yaml').write_text('classes: [floor, box]\n')
    return tiny_folder


def open_tiny(root):
    return open_dataset('folder', root, 'train')


def test_masks_of_0_and_255(two_classes):
    write_labels(two_classes, [(0, 255)] * 8)
    with pytest.raises(DatasetError, match=r'labels other than 0 and 255, .* write 1 \(box\) for'):
        check_truth(open_tiny(two_classes))
    # One image with both classes, and 255 is unknown as it should be.
    write_labels(two_classes, [(0, 255)] * 7 + [(0, 1)])
    assert check_truth(open_tiny(two_classes)) == []


def test_a_class_that_never_occurs(two_classes):
    write_labels(two_classes, [(0, 0)] * 8)
    assert check_truth(open_tiny(two_classes)) == [
        f'{two_classes}: none of 8 images looked at has a label of box'
    ]
    write_labels(two_classes, [(255, 255)] * 8)
    assert check_truth(open_tiny(two_classes))[0].endswith('has a label of floor, box')


def test_only_so_many_images_count(two_classes):
    write_labels(two_classes, [(0, 255)] * 2 + [(0, 1)] * 6)
    with pytest.raises(DatasetError, match='none of 2 images looked at'):
        check_truth(open_tiny(two_classes), limit=2)


def test_without_classes_labels_are_no_matter(two_classes):
    write_labels(two_classes, [(0, 255)] * 8)
    assert check_truth(open_dataset('folder', two_classes, 'train', ())) == []


@pytest.mark.parametrize('scale', ['5000', '5e3', '1.0'])
def test_depth_of_a_wrong_scale(tiny_folder, scale):
    (tiny_folder / 'dataset.yaml').write_text(f'depth_scale: {scale}\n')
    with pytest.raises(DatasetError, match='a depth between 0 and 10 m; depth_scale .*0.0002 for'):
        check_truth(open_tiny(tiny_folder))
    words = check_truth(open_tiny(tiny_folder), depth=False)
    assert not any('has a depth' in word for word in words)


def test_no_depth_at_all(tiny_folder):
    for path in (tiny_folder / 'depth').iterdir():
        cv2.imwrite(str(path), np.zeros((HEIGHT, WIDTH), np.uint16))
    assert check_truth(open_tiny(tiny_folder))[0].endswith('has a depth; 0 means unknown')


def test_each_of_several_is_looked_at(two_classes):
    write_labels(two_classes, [(0, 1)] * 4 + [(0, 255)] * 4)
    whole = open_tiny(two_classes)
    good, bad = Subset(whole, range(4)), Subset(whole, range(4, 8))
    assert check_truth(whole) == []
    with pytest.raises(DatasetError, match='none of 4 images'):
        check_truth(Joined([(good, 1.0), (bad, 0.5)]))


def test_images_are_spread_evenly(tiny_folder):
    asked = []

    class Long(Subset):
        """Remember which samples are asked for."""

        def load(self, index):
            asked.append(index)
            return super().load(0)

    check_truth(Long(open_tiny(tiny_folder), [0] * 1001))
    assert len(asked) == len(set(asked)) == LOOKED_AT
    assert (asked[0], asked[-1]) == (0, 1000) and max(np.diff(asked)) <= 6
