"""Statistics that a minority of samples cannot spoil."""

from __future__ import annotations

import numpy as np

OF_DEVIATION = 1.4826
"""Standard deviations in a median absolute deviation of normally distributed numbers."""


def middle_and_spread(values: np.ndarray) -> tuple[float, float]:
    """Return the median of (n,) numbers, and the robust standard deviation around it."""
    middle = median(values)
    return middle, OF_DEVIATION * median(np.abs(values - middle))


def median(values: np.ndarray) -> float:
    """Return the median of (n,) numbers without NaN, n of at least 1.

    It is that of np.median, which takes several times as long for few numbers.
    """
    half = values.size // 2
    if values.size % 2:
        return float(np.partition(values, half)[half])
    parted = np.partition(values, (half - 1, half))
    return float((parted[half - 1] + parted[half]) / 2)


def fading_weights(errors: np.ndarray, least: float) -> np.ndarray:
    """Return weights of least squares that fall with the error (Cauchy's, squared).

    Args:
        errors: (n,) at least 0, n of at least 1.
        least: the least error that counts as large.

    Returns:
        (n,) above 0, 1 where there is no error.

    """
    size = max(OF_DEVIATION * median(errors), least)
    return 1 / (1 + (errors / (2 * size)) ** 2) ** 2
