"""Batches and the split into training and held-out images."""

from dataclasses import replace

from monodepth_ros.errors import ConfigError
from monodepth_ros.training.batches import Batches, epoch_order, hold_out, with_extra
from monodepth_ros.training.config import make_config
from monodepth_ros.training.datasets import Joined, nyu, open_dataset
import numpy as np
import pytest
from tiny_folder import write_tiny_folder
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


def test_zooming_ends_after_its_share_of_the_run(samples):
    half = make(samples, augment={'max_zoom': 2.0, 'zoom_until': 0.5}, epochs=4)
    plain, zoomed = (make(samples, augment={'max_zoom': s}, epochs=4) for s in (1.0, 2.0))
    assert half.per_epoch == 3
    for step in range(12):
        expected, other = (zoomed, plain) if step < 6 else (plain, zoomed)
        assert torch.equal(half(step)[1], expected(step)[1])
        assert not torch.equal(half(step)[1], other(step)[1])


@pytest.mark.parametrize(
    ('counts', 'shares', 'expected'),
    [
        ((90,), (), (90,)),
        ((90, 40), (0.1,), (90, 10)),  # 10 of 100
        ((90, 4), (0.1,), (90, 10)),  # more than there are: some come again
        ((60, 100, 7), (0.3, 0.1), (60, 30, 10)),
        ((10, 5), (0.01,), (10, 0)),
    ],
)
def test_an_epoch_has_the_shares_asked_for(counts, shares, expected):
    order = epoch_order(counts, shares, np.random.default_rng(0))
    ends = np.cumsum(counts)
    times = np.bincount(order, minlength=ends[-1])
    parts = np.split(times, ends[:-1])
    assert tuple(part.sum() for part in parts) == expected
    assert (parts[0] == 1).all()
    for part, number in zip(parts[1:], expected[1:], strict=True):
        # All come as often as one another, give or take one.
        assert part.min() == number // len(part) and part.max() == -(-number // len(part))


def test_epochs_take_other_images_of_a_large_extra_set():
    orders = [epoch_order((9, 40), (0.5,), np.random.default_rng(i)) for i in range(60)]
    assert len({frozenset(order) for order in orders}) == 60
    assert set(range(49)) <= {int(i) for order in orders for i in order}
    # They are mixed with the others, not appended.
    assert any(order[0] >= 9 for order in orders) and any(order[-1] < 9 for order in orders)


def test_batches_mix_data_sets(tiny_folder, tmp_path):
    main = open_dataset('folder', tiny_folder, 'train')
    other = open_dataset('folder', write_tiny_folder(tmp_path / 'other', count=2), 'train')
    whole = Joined(main, [(other, 0.2)])
    batches = make(whole)
    assert batches.per_epoch == 5  # 8 and 2 of 10, two a step
    first, again = [batches(step) for step in range(5)], make(whole)
    for step in (3, 1):
        assert all(torch.equal(a, b) for a, b in zip(first[step], again(step), strict=True))


def test_an_image_that_comes_twice_in_an_epoch_is_augmented_anew(tiny_folder, tmp_path):
    main = open_dataset('folder', tiny_folder, 'train')
    other = open_dataset('folder', write_tiny_folder(tmp_path / 'other', count=1), 'train')
    batches = make(Joined(main, [(other, 0.5)]))
    images = [image for step in range(batches.per_epoch) for image in batches(step)[0]]
    assert len(images) == 16
    assert not any(torch.equal(a, b) for i, a in enumerate(images) for b in images[:i])


def test_extra_data_sets_are_found_from_the_main_one(tiny_folder, tmp_path):
    root = write_tiny_folder(tmp_path / 'other', count=3, split='all')
    (root / 'label13').rename(root / 'no_labels')
    main = open_dataset('folder', tiny_folder, 'train')
    (root / 'camera.yaml').unlink()
    values = {'dataset': 'folder', 'split': 'all', 'share': 0.25, 'hfov': 90}
    for path in ('../other', str(root)):
        config = make_config({'network': 'x', 'extra': [{'root': path, **values}]})
        whole = with_extra(main, config, tiny_folder)
        assert (whole.counts, whole.shares) == ((8, 3), (0.25,))
        assert whole[9].camera.rectified.fx == pytest.approx(64.0)
        assert whole[9].name == '0001' and whole[9] is whole[9]  # kept in memory
    assert with_extra(main, make_config({'network': 'x'}), tiny_folder) is main


def test_each_step_draws_a_size(samples):
    sizes = ((64, 64), (96, 64), (64, 32))
    batches, again = make(samples, sizes=sizes), make(samples, sizes=sizes)
    found = [tuple(batches(step)[0].shape[1:3]) for step in range(20)]
    assert set(found) == {(height, width) for width, height in sizes}
    assert tuple(again(13)[0].shape[1:3]) == found[13]
    for image, depth, label in (batches(0), batches(5)):
        assert image.shape[:3] == depth.shape == label.shape


def test_another_size_shows_the_scene_at_the_same_scale(samples):
    # Stripes are 16 pixels wide in the image, hence 8 at half its focal length.
    augment = {'flip': 0.0}
    for size in ((64, 32), (32, 64)):
        image = make(samples, augment, sizes=(size,))(0)[0].numpy().astype(int)
        change = np.abs(np.diff(image[:, 16, :, 0], axis=1)) > 0
        columns = np.unique(np.nonzero(change)[1])
        assert np.isin(np.diff(columns), (1, 7, 8)).all() and len(columns) > 1
