"""Batches and the split into training and held-out images."""

from dataclasses import replace

from monodepth_ros.errors import ConfigError
from monodepth_ros.training.batches import Batches, epoch_order, hold_out, hold_out_scenes
from monodepth_ros.training.config import make_config
from monodepth_ros.training.datasets import Joined, nyu, open_dataset
import numpy as np
import pytest
from tiny_folder import FOCAL, HEIGHT, WIDTH, write_tiny_folder
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
    ('counts', 'shares', 'images', 'expected'),
    [
        ((90,), (1.0,), 0, (90,)),
        ((90, 40), (0.9, 0.1), 0, (90, 10)),  # 10 of 100
        ((90, 4), (0.9, 0.1), 0, (90, 10)),  # more than there are: some come again
        ((60, 100, 7), (0.6, 0.3, 0.1), 0, (60, 30, 10)),
        ((10, 5), (0.99, 0.01), 0, (10, 0)),
        ((60, 100), (0.25, 0.75), 40, (10, 30)),
        ((3, 100), (0.5, 0.5), 40, (20, 20)),
    ],
)
def test_an_epoch_has_the_shares_asked_for(counts, shares, images, expected):
    order = epoch_order(counts, shares, images, np.random.default_rng(0))
    ends = np.cumsum(counts)
    times = np.bincount(order, minlength=ends[-1])
    parts = np.split(times, ends[:-1])
    assert tuple(part.sum() for part in parts) == expected
    for part, number in zip(parts, expected, strict=True):
        # All come as often as one another, give or take one.
        assert part.min() == number // len(part) and part.max() == -(-number // len(part))


def test_epochs_take_other_images_of_a_large_set():
    orders = [epoch_order((9, 40), (0.5, 0.5), 0, np.random.default_rng(i)) for i in range(60)]
    assert len({frozenset(order) for order in orders}) == 60
    assert set(range(49)) <= {int(i) for order in orders for i in order}
    # They are mixed with the others, not appended.
    assert any(order[0] >= 9 for order in orders) and any(order[-1] < 9 for order in orders)


def joined(tiny_folder, folder, count, weights):
    main = open_dataset('folder', tiny_folder, 'train')
    other = open_dataset('folder', write_tiny_folder(folder, count=count), 'train')
    return Joined(list(zip((main, other), weights)))


def test_batches_mix_data_sets(tiny_folder, tmp_path):
    whole = joined(tiny_folder, tmp_path / 'other', 2, (4.0, 1.0))
    batches = make(whole)
    assert batches.per_epoch == 5  # 8 and 2 of 10, two a step
    first, again = [batches(step) for step in range(5)], make(whole)
    for step in (3, 1):
        assert all(torch.equal(a, b) for a, b in zip(first[step], again(step), strict=True))
    assert make(whole, epoch_images=30).per_epoch == 15


def test_an_image_that_comes_twice_in_an_epoch_is_augmented_anew(tiny_folder, tmp_path):
    batches = make(joined(tiny_folder, tmp_path / 'other', 1, (1.0, 1.0)))
    images = [image for step in range(batches.per_epoch) for image in batches(step)[0]]
    assert len(images) == 16
    assert not any(torch.equal(a, b) for i, a in enumerate(images) for b in images[:i])


def test_whole_scenes_are_held_out():
    ids = [f'{room:03}_{view}' for room in range(40) for view in range(5)]
    kept, chosen = hold_out_scenes(ids, 13, '_')
    assert len(chosen) == 15 and sorted(kept + chosen) == list(range(200))
    rooms = {ids[i][:3] for i in chosen}
    assert len(rooms) == 3 and not rooms & {ids[i][:3] for i in kept}
    # Half of the rooms gone, those held out among the others are held out still.
    half = ids[:100]
    _, of_half = hold_out_scenes(half, 13, '_')
    assert {half[i][:3] for i in of_half} >= {room for room in rooms if int(room) < 20}
    assert hold_out_scenes(ids, 0, '_') == (list(range(200)), [])


def test_holding_out_most_scenes_is_refused():
    with pytest.raises(ConfigError, match='held_out is 3 of 5 images in 2 scenes'):
        hold_out_scenes(['a_1', 'a_2', 'b_1', 'b_2', 'b_3'], 3, '_')


@pytest.mark.parametrize('sizes', [((64, 32),), ((96, 64),), ((32, 32),)])
def test_whole_views_learn_what_prediction_scales_back(samples, sizes):
    # The whole width is seen, and the network's depth times f / f_canonical is the truth.
    batches = make(samples, {'flip': 0.0}, views='whole', sizes=sizes)
    image, depth, _ = batches(0)
    ((width, height),) = sizes
    content = HEIGHT * width / WIDTH
    fill = height / content if height > 1.15 * content else 1.0
    truth = {s.depth[2:].astype(np.float64).round(4).tobytes(): s for s in samples}
    scale = FOCAL * width / WIDTH * fill / batches.focal_length
    for found in depth.numpy() * scale:
        rows = (found > 0).any(axis=1).sum()
        assert abs(rows - min(height, content * fill)) <= 4 * fill
        known = np.unique(found[found > 0].round(3))
        matches = [s for s in truth.values() if np.isin(known, np.unique(s.depth.round(3))).all()]
        assert len(matches) == 1
        # All stripes, of those that differ, or so many as the width that is left has.
        stripes = np.unique(matches[0].depth[matches[0].depth > 0]).size
        assert np.ceil(stripes / fill) - 1 <= known.size <= stripes
        assert known.size == stripes or fill > 1


def test_zooming_out_leaves_the_surroundings_unknown(samples):
    augment, size = {'min_zoom': 0.5, 'max_zoom': 1.0}, ((WIDTH, HEIGHT),)
    plain, small = (make(samples, a, views='whole', sizes=size) for a in ({'flip': 0.0}, augment))
    for (_, near, label), (_, far, _) in zip(map(small, range(6)), map(plain, range(6))):
        shares = (near > 0).float().mean((1, 2)) / (far > 0).float().mean((1, 2))
        assert (shares < 1.03).all()
        for depth, reference, share in zip(near, far, shares):
            # As small as it is drawn, so much farther it is learned to be.
            ratio = float(depth.max() / reference.max())
            assert ratio == pytest.approx(float(share) ** -0.5, rel=0.1)
        assert (label[:, 0] == 255).all()


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
