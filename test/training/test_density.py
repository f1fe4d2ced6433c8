"""Dense and sparse truth in one batch."""

from monodepth_ros.training import losses
from monodepth_ros.training.density import by_density
import pytest
import torch

SHAPE = (4, 1, 20, 30)


def batch(counts):
    """Return a mask with so many known pixels in each image."""
    valid = torch.zeros(SHAPE, dtype=torch.bool)
    for number, count in enumerate(counts):
        valid[number].view(-1)[:count] = True
    return valid


def l1(values):
    depth = torch.full(SHAPE, 2.0) + torch.tensor(values).view(-1, 1, 1, 1)
    depth.requires_grad_()
    target = torch.full(SHAPE, 2.0)
    return depth, lambda valid: {'l1': losses.l1_loss(depth, target, valid)}


def test_a_sparse_image_weighs_as_much_as_a_dense_one():
    _, terms = l1([1.0, 1.0, 3.0, 3.0])
    valid = batch([600, 600, 6, 6])
    assert float(terms(valid)['l1'].detach()) == pytest.approx(1.02, abs=0.01)
    assert float(by_density(terms, valid)['l1'].detach()) == pytest.approx(2.0)


def test_one_in_four():
    depth, terms = l1([1.0, 1.0, 1.0, 5.0])
    found = by_density(terms, batch([600, 600, 600, 3]))['l1']
    found.backward()
    assert float(found.detach()) == pytest.approx(2.0)
    by_image = depth.grad.flatten(1).sum(1)
    torch.testing.assert_close(by_image, torch.full((4,), 0.25))


def test_an_image_without_truth_weighs_nothing():
    _, terms = l1([1.0, 9.0, 3.0, 9.0])
    assert float(by_density(terms, batch([600, 0, 6, 0]))['l1'].detach()) == pytest.approx(2.0)


@pytest.mark.parametrize('counts', [(600, 500, 400, 300), (6, 5, 4, 3), (0, 0, 0, 0)])
def test_of_one_kind_nothing_changes(counts):
    _, terms = l1([1.0, 2.0, 3.0, 4.0])
    calls = []

    def counted(valid):
        calls.append(valid)
        return terms(valid)

    valid = batch(counts)
    assert torch.equal(by_density(counted, valid)['l1'], terms(valid)['l1'])
    assert len(calls) == 1


def test_terms_that_need_neighbours_are_finite_on_points():
    valid = torch.zeros(SHAPE, dtype=torch.bool)
    valid[:2] = True
    valid[2:, :, ::7, ::7] = True
    depth = torch.rand(SHAPE).add(1.0).requires_grad_()
    target = torch.rand(SHAPE) + 1.0

    def terms(counted):
        maps = depth, target, counted
        return {
            'sobel': losses.sobel_loss(*maps),
            'log_gradient': losses.log_gradient_loss(*maps),
            'normal': losses.normal_loss(*maps, 50.0),
            'silog': losses.silog_loss(*maps),
            'log_scale': losses.log_scale_loss(*maps),
            'ssim': losses.ssim_loss(*maps, 100.0),
        }

    found = by_density(terms, valid)
    sum(found.values()).backward()
    assert all(torch.isfinite(value) for value in found.values())
    assert torch.isfinite(depth.grad).all() and depth.grad[2:].abs().sum() > 0
