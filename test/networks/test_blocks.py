"""Building blocks on numbers worked out by hand."""

from monodepth_ros.networks.blocks import (
    GlobalContext,
    LateralSharingUnit,
    resize,
    sum_up_skips,
    UpConvolution,
    UpSkipSum,
)
import pytest
import torch

KERNEL = torch.tensor([[1.0, 10.0], [100.0, 1000.0]])


def make_up(stride, kernel=KERNEL, skip_channels=0):
    """Return an up-convolution of one channel whose batch norm is the identity."""
    block = UpConvolution(1, 1, stride, skip_channels).eval()
    block.norm.eps = 0.0
    torch.nn.init.zeros_(block.up.weight)
    with torch.no_grad():
        block.up.weight[0, 0] = kernel
    return block


def test_resize_has_pixel_centres_at_half_integers():
    # Output centres 0.25, 0.75, 1.25, 1.75 of an input whose centres are 0.5 and 1.5.
    row = resize(torch.tensor([[[[0.0, 1.0]]]]), (1, 4))
    torch.testing.assert_close(row, torch.tensor([[[[0.0, 0.25, 0.75, 1.0]]]]))


def test_resize_to_the_same_size_is_free():
    x = torch.ones(1, 2, 3, 4)
    assert resize(x, (3, 4)) is x


def test_up_convolution_with_stride_2_doubles():
    y = make_up(2)(torch.tensor([[[[3.0, -1.0]]]]))
    # Each pixel spreads over its own 2 x 2 block; what is negative is cut off.
    torch.testing.assert_close(y, torch.tensor([[[[3.0, 30, 0, 0], [300, 3000, 0, 0]]]]))


def test_up_convolution_with_stride_1_keeps_the_size():
    y = make_up(1)(torch.tensor([[[[1.0, 2], [3, 4]]]]))
    expected = [[1.0, 2 + 10], [3 + 100, 4 + 3 * 10 + 2 * 100 + 1 * 1000]]
    torch.testing.assert_close(y, torch.tensor([[expected]]))


@pytest.mark.parametrize('skip_size', [(4, 6), (3, 5)])
def test_up_convolution_fuses_an_encoder_map(skip_size):
    block = make_up(2, skip_channels=1)
    block.fuse[1].eps = 0.0
    torch.nn.init.zeros_(block.fuse[0].weight)
    with torch.no_grad():
        block.fuse[0].weight[0, :, 1, 1] = torch.tensor([1.0, 5.0])  # centre: up + 5 skip
    skip = torch.full((1, 1, *skip_size), 7.0)
    y = block(torch.full((1, 1, 2, 3), 2.0), skip)
    expected = (2.0 * KERNEL).repeat(2, 3)[: skip_size[0], : skip_size[1]] + 35.0
    torch.testing.assert_close(y, expected[None, None])


def test_up_skip_sum_of_two_stages_is_resize_then_convolve():
    torch.manual_seed(0)
    block = UpSkipSum([3, 2], 4)
    coarse, fine = torch.randn(2, 3, 3, 4), torch.randn(2, 2, 6, 8)
    expected = block.convolutions[0](resize(coarse, (6, 8))) + block.convolutions[1](fine)
    torch.testing.assert_close(block([coarse, fine], (6, 8)), expected)


def test_up_skip_sum_adds_every_stage():
    block = UpSkipSum([1, 1, 1], 1)
    for index, convolution in enumerate(block.convolutions):
        torch.nn.init.constant_(convolution.weight, 10.0**index)
    torch.nn.init.constant_(block.convolutions[-1].bias, 0.5)
    stages = [torch.full((1, 1, 2**i, 2**i), i + 1.0) for i in range(3)]
    torch.testing.assert_close(block(stages, (8, 8)), torch.full((1, 1, 8, 8), 321.5))


@pytest.mark.parametrize(
    ('direct', 'expected'),
    [
        # 0, 4 goes to 0, 1, 3, 4 over the second stage, and from there to eight pixels.
        (False, [0.0, 0.25, 0.75, 1.5, 2.5, 3.25, 3.75, 4.0]),
        # Eight centres at 1/8, 3/8, ... of two pixels with centres at 1/2 and 3/2.
        (True, [0.0, 0.0, 0.5, 1.5, 2.5, 3.5, 4.0, 4.0]),
    ],
)
def test_up_skip_sum_resizes_step_by_step_or_in_one_leap(direct, expected):
    block = UpSkipSum([1, 1], 1, direct)
    for convolution in block.convolutions:
        torch.nn.init.ones_(convolution.weight)
    torch.nn.init.zeros_(block.convolutions[-1].bias)
    stages = [torch.tensor([[[[0.0, 4.0]]]]), torch.zeros(1, 1, 1, 4)]
    found = block(stages, (1, 8))
    torch.testing.assert_close(found.flatten(), torch.tensor(expected))


@pytest.mark.parametrize('direct', [False, True])
def test_up_skip_sums_of_two_branches_do_not_mix(direct):
    torch.manual_seed(0)
    sums = [UpSkipSum([3, 2], 1, direct), UpSkipSum([3, 2], 4, direct)]
    stages = [[torch.randn(2, 3, 2, 3), torch.randn(2, 2, 4, 6)] for _ in sums]
    together = sum_up_skips(sums, stages, (8, 12))
    for sum_, own, found in zip(sums, stages, together, strict=True):
        torch.testing.assert_close(found, sum_(own, (8, 12)))


def test_up_skip_sums_of_branches_with_other_numbers_of_stages():
    torch.manual_seed(0)
    sums = [UpSkipSum([2], 1), UpSkipSum([3, 2], 4)]
    stages = [[torch.randn(2, 2, 4, 6)], [torch.randn(2, 3, 2, 3), torch.randn(2, 2, 4, 6)]]
    together = sum_up_skips(sums, stages, (8, 12))
    for sum_, own, found in zip(sums, stages, together, strict=True):
        torch.testing.assert_close(found, sum_(own, (8, 12)))


def make_unit(stride=1):
    """Return a sharing unit of two channels that passes its mixtures on as they are."""
    unit = LateralSharingUnit(2, 2, stride).eval()
    for up in unit.up:
        up.norm.eps = 0.0
        torch.nn.init.zeros_(up.up.weight)
        with torch.no_grad():
            up.up.weight[[0, 1], [0, 1], 0, 0] = 1.0
    return unit


def test_lateral_sharing_starts_with_the_mean():
    first, second = make_unit()(torch.full((1, 2, 3, 3), 1.0), torch.full((1, 2, 3, 3), 5.0))
    torch.testing.assert_close(first, torch.full((1, 2, 3, 3), 3.0))
    torch.testing.assert_close(second, first)


def test_lateral_sharing_has_a_weight_per_branch_input_and_channel():
    unit = make_unit()
    with torch.no_grad():
        unit.mix[:] = torch.tensor([[[1.0, 2], [3, 4]], [[5, 6], [7, 8]]])
    shares = unit(torch.full((1, 2, 1, 1), 1.0), torch.full((1, 2, 1, 1), 10.0))
    assert shares[0].flatten().tolist() == [1 + 30, 2 + 40]
    assert shares[1].flatten().tolist() == [5 + 70, 6 + 80]


def test_lateral_sharing_goes_up_with_its_stride():
    shares = make_unit(stride=2)(torch.ones(1, 2, 3, 4), torch.ones(1, 2, 3, 4))
    assert [share.shape for share in shares] == [(1, 2, 6, 8)] * 2


class TestGlobalContext:
    """What the whole image is like, told to each place."""

    def test_adds_next_to_nothing_before_training(self):
        x = torch.randn(2, 8, 4, 5)
        torch.testing.assert_close(GlobalContext(8)(x), x, atol=1e-3, rtol=0)

    def test_tells_the_mean_of_each_image_to_all_of_its_places(self):
        block = GlobalContext(8)
        torch.nn.init.normal_(block.spread.weight)
        x = torch.randn(2, 8, 4, 5)
        changed = x.clone()
        changed[1, :, 3, 4] += 20.0
        told = (block(changed) - changed) - (block(x) - x)
        assert not told[0].any()
        assert told[1].any()
        torch.testing.assert_close(told[1], told[1, :, :1, :1].expand_as(told[1]))
