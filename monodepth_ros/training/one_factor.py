"""What one factor for all of a camera's images would mend, as a calibration finds it."""

from __future__ import annotations

from typing import Sequence

from monodepth_ros.training.metrics import DELTA, into_range, MIN_DEPTH
import numpy as np

MOST_PIXELS = 4000
"""Of an image, evenly spread."""


def log_ratios(depth: np.ndarray, target: np.ndarray, max_depth: float) -> np.ndarray:
    """Return the logarithms of true by predicted depth at some pixels of an image.

    Args:
        depth: (n,) predicted metres.
        target: (n,) true metres, in the range.
        max_depth: metres; the range of predictions.

    Returns:
        (m,) float64, of up to twice `MOST_PIXELS`.

    """
    step = max(1, target.size // MOST_PIXELS)
    found = into_range(depth[::step], MIN_DEPTH, max_depth)
    return np.log(target[::step] / found.astype(np.float64))


def one_factor(images: Sequence[np.ndarray]) -> dict[str, float]:
    """Return the figures with one factor for all images, which half of them have not seen.

    Args:
        images: `log_ratios` of each, one or more.

    Returns:
        value: the factor, the median of the medians of every second image; spread_percent: the
        deviation of the images' own factors; abs_rel and delta1: means over the other images.

    """
    own = np.array([np.median(ratios) for ratios in images])
    factor = float(np.median(own[::2]))
    others = images[1::2] or images
    return {
        'value': float(np.exp(factor)),
        'spread_percent': float(100 * np.std(own)),
        **shifted_errors(others, np.full(len(others), factor)),
    }


def shifted_errors(images: Sequence[np.ndarray], shifts: np.ndarray) -> dict[str, float]:
    """Return means over images of the errors with a factor for each.

    Args:
        images: `log_ratios` of each, one or more.
        shifts: logarithm of each image's factor.

    """
    relative, hits = [], []
    for ratios, shift in zip(images, shifts, strict=True):
        left = ratios - shift
        relative.append(np.abs(np.exp(-left) - 1).mean())
        hits.append((np.abs(left) < np.log(DELTA)).mean())
    return {'abs_rel': float(np.mean(relative)), 'delta1': float(np.mean(hits))}
