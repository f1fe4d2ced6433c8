"""What a series of measurements comes down to."""

from __future__ import annotations

from typing import Optional, Sequence

import numpy as np

DIGITS = 4
"""Significant digits of a figure in a report; no timing here is good to more."""


def rounded(value: Optional[float]) -> Optional[float]:
    """Return a figure for JSON: `DIGITS` significant digits, None where it is not finite."""
    if value is None or not np.isfinite(value):
        return None
    return float(f'{value:.{DIGITS}g}')


def percentile(values: Sequence[float], share: float) -> Optional[float]:
    """Return the value below which `share` per cent lie, None of none (NumPy's linear rule)."""
    return rounded(np.percentile(values, share)) if len(values) else None


def spread(values: Sequence[float], unit: str = 'ms') -> dict:
    """Return median, p95, minimum, interquartile range and number of values, keys by unit."""
    if not len(values):
        raise ValueError('no values, expected at least one')
    quarter, median, three_quarters, p95 = np.percentile(values, (25, 50, 75, 95))
    return {
        f'{unit}_median': rounded(median),
        f'{unit}_p95': rounded(p95),
        f'{unit}_min': rounded(min(values)),
        f'{unit}_iqr': rounded(three_quarters - quarter),
        'samples': len(values),
    }
