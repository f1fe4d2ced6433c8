"""Which measurement belongs to which image."""

from __future__ import annotations

from monodepth_ros.errors import DatasetError
import numpy as np

FEWEST = 0.02
"""Share of the images, or of the measurements, that have a partner where both have one clock."""


def pair(images: np.ndarray, truths: np.ndarray, tolerance_ns: int) -> np.ndarray:
    """
    Return for each image the number of its measurement, -1 for none.

    A pair is each other's nearest, so that no measurement has two images.

    Args:
        images: (n,) int64 nanoseconds.
        truths: (m,) int64 nanoseconds.
        tolerance_ns: how far apart they may be.

    """
    if not (images.size and truths.size):
        return np.full(images.size, -1)
    to_truth, to_image = _nearest(images, truths), _nearest(truths, images)
    mutual = to_image[to_truth] == np.arange(images.size)
    near = np.abs(truths[to_truth] - images) <= tolerance_ns
    return np.where(near & mutual, to_truth, -1)


def _nearest(times, others):
    """Return for each of (n,) times the number of the nearest of (m,) others."""
    order = np.argsort(others, kind='stable')
    ordered = others[order]
    right = np.searchsorted(ordered, times).clip(0, others.size - 1)
    left = (right - 1).clip(0)
    nearer = np.abs(ordered[left] - times) <= np.abs(ordered[right] - times)
    place = np.where(nearer, left, right)
    return order[np.searchsorted(ordered, ordered[place])]


def check_clocks(where: str, images: np.ndarray, truths: np.ndarray, chosen: np.ndarray) -> None:
    """
    Raise DatasetError where next to nothing has a partner, and say how far the clocks are apart.

    Args:
        where: the recording and its topic, for the message.
        images: (n,) int64 nanoseconds.
        truths: (m,) int64 nanoseconds.
        chosen: of `pair`.

    """
    for what, times in (('images', images), ('measurements', truths)):
        if not times.size:
            raise DatasetError(f'{where}: there are no {what}')
    if (chosen >= 0).sum() > FEWEST * min(images.size, truths.size):
        return
    apart = np.median(truths[_nearest(images, truths)] - images) * 1e-9
    raise DatasetError(
        f'{where}: measurements are {apart:+.3f} s from the nearest images; if their stamps are '
        'of another clock, pair by --clock recording; if both come slowly, raise --tolerance'
    )
