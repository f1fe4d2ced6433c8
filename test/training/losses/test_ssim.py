"""Structural similarity on maps with a known answer, and against its definition."""

from monodepth_ros.training.losses import ssim_loss
import numpy as np
import pytest
import torch


def everywhere(x):
    return torch.ones_like(x, dtype=torch.bool)


def test_ssim_loss_of_constant_maps():
    # Without variance only the means count: (2 x 1 x 2 + 1) / (1 + 4 + 1), with (0.01 x 100)^2.
    x, y = torch.full((1, 1, 12, 13), 1.0), torch.full((1, 1, 12, 13), 2.0)
    loss = ssim_loss(x, y, everywhere(x), 100.0)
    assert loss.item() == pytest.approx((1 - 5 / 6) / 2, abs=1e-6)


def test_ssim_loss_of_opposite_maps():
    # The Gaussian's means of -1, 1, -1, ... are below 0.001, the variances nearly 1 and -1. The
    # constants 1e-4 and 9e-4 lie far above the means' squares and far below the variances: so the
    # first factor is nearly 1 and the second -1.
    x = torch.tensor([-1.0, 1.0]).repeat(6).expand(1, 1, 12, 12)
    assert ssim_loss(x, -x, everywhere(x), 1.0).item() == pytest.approx(1.0, abs=0.01)
    assert ssim_loss(x, x, everywhere(x), 1.0) == 0


def reference_ssim(x, y, value_range):
    """Equation 13 of Wang et al. in float64, window by window, from weighted deviations."""
    offsets = np.arange(-5, 6)
    window = np.exp(-(offsets[:, None] ** 2 + offsets**2) / (2 * 1.5**2))
    window /= window.sum()
    c1, c2 = (0.01 * value_range) ** 2, (0.03 * value_range) ** 2
    views = [np.lib.stride_tricks.sliding_window_view(z, (11, 11)) for z in (x, y)]
    found = np.empty(views[0].shape[:2])
    for i, j in np.ndindex(found.shape):
        a, b = views[0][i, j], views[1][i, j]
        mean_a, mean_b = (window * a).sum(), (window * b).sum()
        da, db = a - mean_a, b - mean_b
        luminance = (2 * mean_a * mean_b + c1) / (mean_a**2 + mean_b**2 + c1)
        variances = (window * da**2).sum() + (window * db**2).sum()
        found[i, j] = luminance * (2 * (window * da * db).sum() + c2) / (variances + c2)
    return found


@pytest.mark.parametrize('value_range', [1.0, 10.0, 100.0])
def test_ssim_loss_against_a_reference(value_range):
    torch.manual_seed(0)
    depth, target = torch.rand(2, 2, 1, 14, 16) * 9 + 0.5
    valid = everywhere(depth)
    expected = [
        (1 - reference_ssim(x[0].double().numpy(), y[0].double().numpy(), value_range)) / 2
        for x, y in zip(depth, target, strict=True)
    ]
    loss = ssim_loss(depth, target, valid, value_range)
    assert loss.item() == pytest.approx(np.mean(expected), rel=1e-4)
    # An unknown pixel takes away the windows that it lies in, and no others.
    valid[0, 0, 0, 0] = False
    windows = np.concatenate([e.ravel() for e in expected])[1:]
    loss = ssim_loss(depth, target, valid, value_range)
    assert loss.item() == pytest.approx(windows.mean(), rel=1e-4)


def test_ssim_loss_of_a_map_smaller_than_its_window_is_zero():
    x = torch.rand(1, 1, 10, 30, requires_grad=True)
    loss = ssim_loss(x, torch.zeros(1, 1, 10, 30), everywhere(x), 1.0)
    loss.backward()
    assert loss.item() == 0.0 and not x.grad.any()
