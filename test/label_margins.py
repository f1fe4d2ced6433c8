"""How surely a network chose its labels, so that rounding is told from a fault."""

from dataclasses import dataclass

from monodepth_ros.networks.blocks import resize
from monodepth_ros.networks.deploy import Normalize
import numpy as np
import torch

SURE = {'float32': 1e-3, 'float16': 0.5, 'bfloat16': 1.0}
"""Logits between the two best classes above which rounding must not decide.

Logits of eager float32 are within 2e-5 of float64's, those of a network all in float16 within
0.06 and all in bfloat16 within 1.2, 0.45 for 99 of 100 (shipped light network, rendered room and
NYU). Engines sum in float32 and are closer. A label flips where two logits err by the margin.
"""
MOST_FLIPS = 1e-3
"""Share of the sure pixels that may flip all the same: logits err far more on a few pixels."""
MEDIAN_DEPTH = 0.01
"""Relative. Engines in bfloat16 err by 0.004."""
ROUGH_DEPTH = 0.02
"""Relative. A network all in bfloat16, whose steps are 0.008, errs by 0.005 to 0.012."""
FLOAT32_DEPTH = 1e-3
"""Relative, of every pixel. Eager float32 is within 1e-6 of float64; kernels sum as they like."""


@dataclass(frozen=True)
class Reference:
    """Eager float32: depth in metres, label and margin in logits, each (N, H, W)."""

    depth: np.ndarray
    label: np.ndarray
    margin: np.ndarray


def run_network(network, facts, images, dtype=torch.float32) -> Reference:
    """Run a network in `dtype` on (N, H, W, 3) uint8 images, outside of the deployment graph."""
    network = network.to(dtype).eval()
    with torch.inference_mode():
        batch = Normalize(facts.mean, facts.std)(torch.from_numpy(images))
        output = network(batch.to(dtype))
        logits = resize(output.semantic.float(), images.shape[1:3])
        depth = network.metres(resize(output.depth, images.shape[1:3])).float()
        best, second = logits.topk(2, dim=1).values.unbind(1)
    depth = depth.reshape(images.shape[:3]).numpy()
    return Reference(depth, logits.argmax(1).numpy(), (best - second).numpy())


def check_agreement(
    depth, label, reference: Reference, precision: str, most: float = MEDIAN_DEPTH
) -> None:
    """
    Assert that depth and label are the reference's but for the rounding of `precision`.

    `most` is the median relative error of the depth that is allowed.
    """
    error = np.abs(depth - reference.depth) / reference.depth
    sure = reference.margin > SURE[precision]
    flips = (label != reference.label)[sure].mean()
    # pytest -rP shows it.
    print(f'depth {np.median(error):.2g}, flips {flips:.2g} of {sure.mean():.3f} sure pixels')
    assert sure.mean() > 0.5, 'too few pixels to tell'
    assert flips <= MOST_FLIPS
    assert np.median(error) <= most
    if precision == 'float32':
        assert error.max() <= FLOAT32_DEPTH
