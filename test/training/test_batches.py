"""Batches and the split into training and held-out images."""

from dataclasses import replace

from monodepth_ros.errors import ConfigError
from monodepth_ros.training.batches import Batches, hold_out
from monodepth_ros.training.config import make_config
from monodepth_ros.training.datasets import nyu, open_dataset
import numpy as np
import pytest
import torch

AUGMENT = {'max_zoom': 1.5, 'max_rotation': 5.0, 'flip': 0.5, 'brightness': 0.3, 'noise': 4.0}


@pytest.mark.parametrize(
    ('count', 'held_out'), [(795, 64), (100, 50), (10, 5), (8, 2), (8, 1), (8, 0), (17, 8), (3, 1)]
)
def test_hold_out(count, held_out):
    kept, chosen = hold_out(count, held_out)
    assert len(chosen) == held_out
    assert sorted(kept + chosen) == list(range(count))
    runs = sum(1 for i in chosen if i - 1 not in chosen)
    assert runs <= 8


def test_hold_out_takes_runs_of_neighbours_from_everywhere():
    _, chosen = hold_out(800, 64)
    # Eight hundreds, of each the eight in the middle.
    assert chosen == [100 * run + i for run in range(8) for i in range(46, 54)]


@pytest.mark.parametrize(('count', 'held_out'), [(8, 64), (8, 5), (0, 1)])
def test_holding_out_most_is_refused(count, held_out):
    with pytest.raises(ConfigError, match=f'held_out is {held_out} of {count} images'):
        hold_out(count, held_out)


@pytest.fixture
def samples(tiny_folder):
    dataset = open_dataset('folder', tiny_folder, 'train', nyu.CLASSES)
    return [dataset[i] for i in range(7)]


def make(samples, augment=None, **changes):
    config = make_config(
        {'network': 'x', 'width': 64, 'height': 64, 'batch_size': 2, 'augment': augment or AUGMENT}
    )
    return Batches(samples, replace(config, **changes), focal_length=50.0)


def test_shapes(samples):
    image, depth, label = make(samples)(0)
    assert image.shape == (2, 64, 64, 3) and image.dtype == torch.uint8
    assert depth.shape == (2, 64, 64) and depth.dtype == torch.float32
    assert label.shape == (2, 64, 64) and label.dtype == torch.uint8


def test_batches_depend_on_seed_and_step_only(samples):
    first, second = make(samples), make(samples)
    second(0)
    for step in (4, 1):
        assert all(torch.equal(a, b) for a, b in zip(first(step), second(step), strict=True))
    assert not torch.equal(first(0)[0], first(1)[0])
    assert not torch.equal(first(0)[0], make(samples, seed=2)(0)[0])


def test_an_epoch_shows_no_image_twice(samples):
    marked = [replace(s, image=np.full_like(s.image, 10 + 30 * i)) for i, s in enumerate(samples)]
    batches = make(marked, augment={'flip': 0.5})
    assert batches.per_epoch == 3  # of seven images, two a step
    epochs = []
    for epoch in range(4):
        steps = range(epoch * 3, epoch * 3 + 3)
        seen = [int(image[0, 0, 0]) for step in steps for image in batches(step)[0]]
        assert len(set(seen)) == 6
        assert set(seen) <= {10 + 30 * i for i in range(7)}
        epochs.append(seen)
    assert len({tuple(seen) for seen in epochs}) > 1
    assert len({value for seen in epochs for value in seen}) == 7  # another one is left out


def test_an_image_is_augmented_anew_in_each_epoch(samples):
    batches = make(samples[:2])
    one, two = batches(0), batches(1)
    assert not any(torch.equal(a, b) for a in one[0] for b in two[0])
