"""Losses on numbers worked out by hand, at the edges of their range, and under masks."""

import math

from monodepth_ros.training import losses
import pytest
import torch

LN2 = math.log(2.0)


def row(*values):
    """Return a (1, 1, 1, n) map."""
    return torch.tensor(values).view(1, 1, 1, -1)


def everywhere(x):
    return torch.ones_like(x[:, :1], dtype=torch.bool)


def test_masked_mean():
    mask = torch.tensor([True, False, True])
    assert losses.masked_mean(torch.tensor([1.0, 100.0, 4.0]), mask) == 2.5
    assert losses.masked_mean(torch.tensor([1.0, float('nan'), 4.0]), mask) == 2.5


def test_l1_loss():
    depth, target = row(1.0, 3.0, 8.0), row(1.5, 1.0, 0.0)
    assert losses.l1_loss(depth, target, row(True, True, False)).item() == (0.5 + 2.0) / 2


def test_depth_aware_loss():
    # log(1 + d) of 1 and 3 are ln 2 and 2 ln 2: their ratio is 1/2 either way round.
    depth, target = row(1.0, 3.0), row(3.0, 1.0)
    far = (3 / 10 + 1 - 1 / 2) * 2
    near = (1 / 10 + 1 - 1 / 2) * 2
    valid = everywhere(depth)
    for mask, expected in ((row(True, False), far), (row(False, True), near)):
        loss = losses.depth_aware_loss(depth, target, mask, 10.0)
        assert loss.item() == pytest.approx(expected)
    loss = losses.depth_aware_loss(depth, target, valid, 10.0)
    assert loss.item() == pytest.approx((far + near) / 2)


def test_log_depth_loss():
    depth = row(2.0, 1.0, 5.0)
    target = row(1.0, 4.0, 5.0)
    loss = losses.log_depth_loss(depth, target, everywhere(depth))
    assert loss.item() == pytest.approx((LN2 + 2 * LN2 + 0) / 3)


@pytest.mark.parametrize(
    ('ratios', 'square'),
    [
        # Errors of +1 and -1 (in units of ln 2) have the mean 0 and the mean square 1.
        ((2.0, 0.5), 1.0),
        # A shared error counts by the share 1 - 0.85 of its square.
        ((2.0, 2.0), 0.15),
        # Mean 1, mean square (4 + 0) / 2: 2 - 0.85.
        ((4.0, 1.0), 1.15),
    ],
)
def test_silog_loss(ratios, square):
    target = row(3.0, 0.7, 5.0)
    loss = losses.silog_loss(target * row(*ratios, 9.0), target, row(True, True, False))
    # The smoothing takes away less than 0.001.
    assert math.sqrt(square) * LN2 - 0.001 < loss.item() < math.sqrt(square) * LN2


def test_silog_loss_does_not_see_the_scale_where_it_is_not_asked_to():
    depth, target, valid = depth_case()
    one, two = (losses.silog_loss(k * depth, target, valid, focus=1.0) for k in (1.0, 7.0))
    torch.testing.assert_close(one, two)


def test_log_scale_loss():
    # Errors of an image cancel out: ln 2 and -ln 2; the second image is twice too far.
    target = torch.tensor([3.0, 0.7, 5.0]).expand(3, 1, 1, 3)
    ratios = torch.tensor([[2.0, 0.5, 9.0], [2.0, 2.0, 9.0], [7.0, 7.0, 7.0]]).view(3, 1, 1, 3)
    valid = torch.tensor([[True, True, False]] * 2 + [[False] * 3]).view(3, 1, 1, 3)
    loss = losses.log_scale_loss(target * ratios, target, valid)
    assert loss.item() == pytest.approx(LN2 / 2)


def test_error_loss():
    # Off by ln 2 and by nothing, where 1/2 and 1/4 are expected.
    depth, target = row(2.0, 3.0, 9.0), row(1.0, 3.0, 1.0)
    raw = row(0.5, 0.25, 1.0).log().requires_grad_()
    loss = losses.error_loss(raw, depth, target, row(True, True, False))
    assert loss.item() == pytest.approx(((LN2 / 0.5 - LN2) + (0.0 - 2 * LN2)) / 2)
    loss.backward()
    # The derivative by ln b is 1 - e / b.
    assert raw.grad.flatten().tolist() == pytest.approx([(1 - LN2 / 0.5) / 2, 1 / 2, 0.0])


def test_error_loss_is_least_where_the_error_is_as_expected():
    depth, target = row(1.1, 0.8, 1.3), row(1.0, 1.0, 1.0)
    expected = depth.log().abs().mean().item()
    found = {
        factor: losses.error_loss(
            torch.full_like(depth, math.log(expected * factor)), depth, target, everywhere(depth)
        ).item()
        for factor in (0.5, 0.9, 1.0, 1.1, 2.0)
    }
    assert min(found, key=found.get) == 1.0


def test_log_gradient_loss():
    # The logarithm errs by 0 0 0 1 1 1 1 1 1 along a row: one step of 1 is seen by each of the
    # differences over it.
    error = torch.tensor([0.0] * 3 + [1.0] * 6).expand(1, 1, 9, 9)
    target = torch.full((1, 1, 9, 9), 2.0)
    loss = losses.log_gradient_loss(target * error.exp(), target, everywhere(target))
    # Every pixel: 1 of 8 differences; every 2nd: 1 of 4; every 4th: 1 of 2; every 8th: the one.
    assert loss.item() == pytest.approx(1 / 8 + 1 / 4 + 1 / 2 + 1)
    far = losses.log_gradient_loss(7 * target * error.exp(), target, everywhere(target))
    torch.testing.assert_close(far, loss)
    assert losses.log_gradient_loss(row(1.0), row(3.0), row(True)) == 0.0


def plane(normal, size=24, focal_length=30.0):
    """Return the depth of the plane n . x = 1 seen by a pinhole, (1, 1, size, size) metres."""
    rays = (torch.arange(size) - (size - 1) / 2) / focal_length
    return (1.0 / (normal[0] * rays + normal[1] * rays[:, None] + normal[2])).expand(1, 1, -1, -1)


@pytest.mark.parametrize('degrees', [0.0, 20.0, 40.0])
def test_normal_loss(degrees):
    angle = math.radians(degrees)
    flat = plane((0.0, 0.0, 0.5))
    leaning = plane((math.sin(angle), 0.0, math.cos(angle)))
    loss = losses.normal_loss(leaning, flat, everywhere(flat), 30.0)
    # Finite differences of a curve: 3 % of the slope at the most.
    assert loss.item() == pytest.approx(1 - math.cos(angle), rel=0.06, abs=1e-6)
    other = plane((0.0, -math.sin(angle), math.cos(angle)))
    loss = losses.normal_loss(other, leaning, everywhere(flat), 30.0)
    assert loss.item() == pytest.approx(1 - math.cos(angle) ** 2, rel=0.06, abs=1e-6)


def test_normal_loss_needs_known_neighbours():
    flat, leaning = plane((0.0, 0.0, 0.5)), plane((0.4, 0.0, 0.9))
    valid = everywhere(flat)
    expected = losses.normal_loss(leaning, flat, valid, 30.0)
    valid = valid.clone()
    valid[..., 5, 7] = False
    spoilt = torch.where(valid, flat, 50.0 * torch.ones(()))
    found = losses.normal_loss(leaning, spoilt, valid, 30.0)
    torch.testing.assert_close(found, expected, rtol=0.01, atol=0.0)
    assert losses.normal_loss(row(1.0, 2.0), row(3.0, 2.0), row(True, True), 30.0) == 0.0


def test_gradient_loss():
    target = torch.tensor([[0.0, 0.0, 0.0], [0.0, 5.0, 5.0]]).view(1, 1, 2, 3)
    x = torch.tensor([[0.0, 1.0, 4.0], [2.0, 7.0, 9.0]]).view(1, 1, 2, 3)
    # Errors 0 1 4 and 2 2 4: they differ by 2, 1, 0 down and by 1, 3, 0, 2 to the right.
    assert losses.gradient_loss(x, target, everywhere(x)).item() == pytest.approx(3 / 3 + 6 / 4)
    # Without the middle of the first row: 2, 0 down and 0, 2 to the right.
    valid = everywhere(x).clone()
    valid[0, 0, 0, 1] = False
    assert losses.gradient_loss(x, target, valid).item() == pytest.approx(2 / 2 + 2 / 2)


def test_sobel_derivatives_are_per_pixel():
    rows, columns = torch.meshgrid(torch.arange(5.0), torch.arange(6.0), indexing='ij')
    found = losses.sobel((3 * columns - 2 * rows)[None, None])
    assert found.shape == (1, 2, 3, 4)
    torch.testing.assert_close(found[0, 0], torch.full((3, 4), 3.0))
    torch.testing.assert_close(found[0, 1], torch.full((3, 4), -2.0))


def test_sobel_loss():
    columns = torch.arange(6.0).expand(1, 1, 5, 6)
    target = torch.zeros(1, 1, 5, 6)
    # The derivatives differ by 3 along the rows and by 0 along the columns.
    assert losses.sobel_loss(3 * columns, target, everywhere(target)).item() == pytest.approx(1.5)
    # A constant offset has no gradient.
    assert losses.sobel_loss(target + 7, target, everywhere(target)) == 0


def test_focal_loss():
    logits = torch.zeros(1, 2, 1, 1)
    label = torch.zeros(1, 1, 1, dtype=torch.long)
    valid = torch.ones(1, 1, 1, 1, dtype=torch.bool)
    # p = 1/2: 0.25 (1/2)^2 ln 2 of the true class and 0.75 (1/2)^2 ln 2 of the other.
    assert losses.focal_loss(logits, label, valid).item() == pytest.approx(LN2 / 4)
    # True class at p = 3/4, the other at p = 1/4: each is wrong by 1/4.
    logits[0, :, 0, 0] = torch.tensor([math.log(3.0), -math.log(3.0)])
    expected = (0.25 + 0.75) * 0.25**2 * math.log(4 / 3)
    assert losses.focal_loss(logits, label, valid).item() == pytest.approx(expected)
    # The same the wrong way round.
    label[:] = 1
    expected = (0.25 + 0.75) * 0.75**2 * math.log(4)
    assert losses.focal_loss(logits, label, valid).item() == pytest.approx(expected)


def test_cross_entropy_loss():
    logits = torch.zeros(1, 3, 1, 2)
    logits[0, 2, 0, 1] = LN2  # softmax 1/4, 1/4, 1/2
    label = torch.tensor([[[0, 2]]])
    valid = torch.ones(1, 1, 1, 2, dtype=torch.bool)
    expected = (math.log(3) + math.log(2)) / 2
    assert losses.cross_entropy_loss(logits, label, valid).item() == pytest.approx(expected)


def test_jaccard_loss():
    # Probabilities 1/2, 1/2, 0 and 1/4, 1/4, 1/2; the third pixel does not count.
    logits = torch.tensor([[0.5, 0.25, 1.0], [0.5, 0.25, 1e-9], [1e-9, 0.5, 1e-9]]).log()
    logits = logits.view(1, 3, 1, 3)
    label = torch.tensor([[[0, 0, 1]]])
    valid = torch.tensor([True, True, False]).view(1, 1, 1, 3)
    # Class 0: hits 3/4 of a union of 2; the other two are not there.
    assert losses.jaccard_loss(logits, label, valid).item() == pytest.approx(1 - 0.75 / 2)
    # Class 0: hits 1/2 of 1 + 3/4 - 1/2; class 2: hits 1/2 of 1 + 1/2 - 1/2.
    label = torch.tensor([[[0, 2, 1]]])
    expected = (1 - 0.5 / 1.25 + 1 - 0.5 / 1.0) / 2
    assert losses.jaccard_loss(logits, label, valid).item() == pytest.approx(expected)


def test_class_sobel_loss():
    # Class 0 left of class 1, an edge between columns 1 and 2 of four.
    label = torch.tensor([0, 0, 1, 1]).expand(1, 4, 4)
    valid = torch.ones(1, 1, 4, 4, dtype=torch.bool)
    truth = torch.stack((label == 0, label == 1), dim=1)
    right = (truth.float() * 2 - 1) * 100
    assert losses.class_sobel_loss(right, label, valid) == 0
    # Flat maps miss a derivative of 1/2 in one of two directions at each of the inner pixels.
    flat = torch.zeros(1, 2, 4, 4)
    assert losses.class_sobel_loss(flat, label, valid).item() == pytest.approx(0.25)


DEPTH_LOSSES = {
    'depth_aware': lambda d, t, v: losses.depth_aware_loss(d, t, v, 10.0),
    'l1': losses.l1_loss,
    'log_depth': losses.log_depth_loss,
    'silog': losses.silog_loss,
    'sobel': losses.sobel_loss,
    'gradient': losses.gradient_loss,
    'ssim': lambda d, t, v: losses.ssim_loss(d, t, v, 100.0),
}
CLASS_LOSSES = {
    'focal': losses.focal_loss,
    'cross_entropy': losses.cross_entropy_loss,
    'jaccard': losses.jaccard_loss,
    'class_sobel': losses.class_sobel_loss,
}


def depth_case(seed=0):
    generator = torch.Generator().manual_seed(seed)
    depth = torch.rand(2, 1, 14, 16, generator=generator) * 9 + 0.5
    target = torch.rand(2, 1, 14, 16, generator=generator) * 9 + 0.5
    valid = torch.ones(2, 1, 14, 16, dtype=torch.bool)
    return depth, target, valid


def class_case():
    generator = torch.Generator().manual_seed(0)
    logits = torch.randn(2, 4, 14, 16, generator=generator)
    label = torch.randint(0, 4, (2, 14, 16), generator=generator)
    return logits, label, torch.ones(2, 1, 14, 16, dtype=torch.bool)


@pytest.mark.parametrize('name', DEPTH_LOSSES)
class TestDepthLosses:
    """What holds for every depth loss."""

    def test_zero_and_smooth_at_equality(self, name):
        depth, _, valid = depth_case()
        depth.requires_grad_()
        loss = DEPTH_LOSSES[name](depth, depth.detach().clone(), valid)
        loss.backward()
        assert loss.item() == 0.0
        assert torch.isfinite(depth.grad).all()

    @pytest.mark.parametrize('value', [1e-30, 1e-8, 1e-3, 1.0, 1e4, 1e8])
    @pytest.mark.parametrize('truth', [1e-3, 1.0, 10.0])
    def test_gradients_are_finite_at_every_positive_depth(self, name, value, truth):
        depth = torch.full((1, 1, 12, 12), value, requires_grad=True)
        target = torch.full((1, 1, 12, 12), truth)
        loss = DEPTH_LOSSES[name](depth, target, everywhere(target))
        loss.backward()
        assert torch.isfinite(loss) and loss >= 0
        assert torch.isfinite(depth.grad).all()

    @pytest.mark.parametrize('dtype', [torch.float16, torch.bfloat16])
    def test_half_precision_is_computed_in_float32(self, name, dtype):
        depth, target, valid = depth_case()
        # Rounding the input is all that half precision may change.
        expected = DEPTH_LOSSES[name](depth.to(dtype).float(), target, valid)
        half = depth.to(dtype).requires_grad_()
        loss = DEPTH_LOSSES[name](half, target, valid)
        loss.backward()
        assert loss.dtype == torch.float32
        torch.testing.assert_close(loss, expected)
        assert torch.isfinite(half.grad).all()

    def test_gradient_leads_to_the_truth(self, name):
        depth, target, valid = depth_case()
        before = DEPTH_LOSSES[name](depth, target, valid)
        depth.requires_grad_()
        DEPTH_LOSSES[name](depth, target, valid).backward()
        step = 1e-2 * depth.grad / depth.grad.norm()
        assert DEPTH_LOSSES[name](depth.detach() - step, target, valid) < before


@pytest.mark.parametrize('name', CLASS_LOSSES)
class TestClassLosses:
    """What holds for every semantic loss."""

    def test_right_answers_cost_nothing(self, name):
        _, label, valid = class_case()
        logits = torch.nn.functional.one_hot(label, 4).movedim(-1, 1) * 400.0 - 200.0
        assert CLASS_LOSSES[name](logits, label, valid) == 0

    @pytest.mark.parametrize('scale', [0.0, 1e-4, 1e4])
    def test_gradients_are_finite(self, name, scale):
        logits, label, valid = class_case()
        logits = (logits * scale).requires_grad_()
        loss = CLASS_LOSSES[name](logits, label, valid)
        loss.backward()
        assert torch.isfinite(loss)
        assert torch.isfinite(logits.grad).all()

    @pytest.mark.parametrize('dtype', [torch.float16, torch.bfloat16])
    def test_half_precision_is_computed_in_float32(self, name, dtype):
        logits, label, valid = class_case()
        loss = CLASS_LOSSES[name](logits.to(dtype), label, valid)
        assert loss.dtype == torch.float32
        torch.testing.assert_close(
            loss, CLASS_LOSSES[name](logits.to(dtype).float(), label, valid)
        )


def cases():
    """Yield name, loss, prediction, truth, and a truth that is wrong where it is unknown."""
    depth, target, valid = depth_case()
    valid[0, 0, 2:4, 3:6] = False
    valid[1, 0, 0, 0] = False
    for name, loss in DEPTH_LOSSES.items():
        wrong = target.where(valid, torch.full_like(target, 1e6))
        yield name, loss, depth, target, wrong, valid
    logits, label, _ = class_case()
    for name, loss in CLASS_LOSSES.items():
        wrong = label.where(valid[:, 0], torch.full_like(label, 255))
        yield name, loss, logits, label, wrong, valid


@pytest.mark.parametrize('case', list(cases()), ids=lambda case: case[0])
def test_unknown_pixels_count_for_nothing(case):
    _, loss, found, truth, wrong, valid = case
    found = found.clone().requires_grad_()
    value = loss(found, truth, valid)
    value.backward()
    assert value > 0
    assert torch.isfinite(found.grad).all()
    assert (found.grad * ~valid == 0).all()
    assert found.grad[valid.expand_as(found)].any()
    assert loss(found, wrong, valid) == value
    spoilt = found.detach().where(valid, torch.full_like(found, 50.0))
    assert loss(spoilt, truth, valid) == value


@pytest.mark.parametrize('case', list(cases()), ids=lambda case: case[0])
def test_nothing_known_is_zero_with_zero_gradient(case):
    _, loss, found, truth, _, valid = case
    found = found.clone().requires_grad_()
    value = loss(found, truth, torch.zeros_like(valid))
    value.backward()
    assert value.item() == 0.0
    assert not found.grad.any()
