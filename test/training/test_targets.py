"""Ground truth of a batch: which pixels count, and on which grid."""

from monodepth_ros.training.targets import interior, make_targets, shrink_depth
import torch


def test_interior_needs_a_whole_neighbourhood():
    valid = torch.ones(1, 1, 5, 7, dtype=torch.bool)
    assert interior(valid).shape == (1, 1, 3, 5)
    assert interior(valid).all()
    valid[0, 0, 0, 3] = False
    expected = torch.ones(3, 5, dtype=torch.bool)
    expected[0, 1:4] = False
    assert torch.equal(interior(valid)[0, 0], expected)


def test_interior_of_a_larger_window():
    valid = torch.ones(1, 1, 6, 7, dtype=torch.bool)
    valid[0, 0, 0, 0] = False
    assert interior(valid, 5)[0, 0].tolist() == [[False, True, True], [True, True, True]]


def test_depth_at_half_the_size_is_the_harmonic_mean_of_what_is_known():
    depth = torch.tensor(
        [
            [1.0, 1.0, 2.0, 0.0, 0.0, 0.0],
            [1.0, 1.0, 0.0, 6.0, 0.0, 99.0],
        ]
    )
    targets = make_targets(depth[None], torch.zeros(1, 2, 6, dtype=torch.uint8), 10.0)
    shrunk, valid = shrink_depth(targets, (1, 3))
    # 2 and 6 have the reciprocals 1/2 and 1/6, whose mean is 1/3; 99 is beyond the range.
    torch.testing.assert_close(shrunk, torch.tensor([[[[1.0, 3.0, 0.0]]]]))
    assert valid.tolist() == [[[[True, True, False]]]]
    assert valid.dtype == torch.bool


def test_depth_of_a_plane_at_half_the_size_is_that_of_the_middle():
    # A plane's reciprocal depth is linear across the image.
    columns = torch.arange(8.0) + 0.5
    plane = (10.0 / (1.0 + columns)).expand(1, 4, 8)
    targets = make_targets(plane, torch.zeros(1, 4, 8, dtype=torch.uint8), 10.0)
    shrunk, _ = shrink_depth(targets, (2, 4))
    middles = 10.0 / (1.0 + torch.tensor([1.0, 3.0, 5.0, 7.0]))
    torch.testing.assert_close(shrunk, middles.expand(1, 1, 2, 4))


def test_depth_at_the_same_size_stays_as_it_is():
    targets = make_targets(torch.ones(1, 2, 2), torch.zeros(1, 2, 2, dtype=torch.uint8), 10.0)
    depth, valid = shrink_depth(targets, (2, 2))
    assert depth is targets.depth and valid is targets.depth_valid


def test_targets():
    nan, inf = float('nan'), float('inf')
    depth = torch.tensor([[[0.0, 0.001, 5.0, 10.0, 10.1, -1.0, nan, inf]]])
    label = torch.tensor([[[0, 1, 2, 3, 255, 5, 6, 7]]], dtype=torch.uint8)
    targets = make_targets(depth, label, 10.0)
    expected = [False, True, True, True, False, False, False, False]
    assert targets.depth_valid.flatten().tolist() == expected
    kept = torch.tensor([0, 0.001, 5, 10, 0, 0, 0, 0])
    torch.testing.assert_close(targets.depth.flatten(), kept)
    assert targets.depth.shape == targets.depth_valid.shape == (1, 1, 1, 8)
    assert targets.label.dtype == torch.int64 and targets.label.shape == (1, 1, 8)
