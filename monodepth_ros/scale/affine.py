"""Metres from depth that is only relative: scale, or scale and shift, by known places."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Optional, Union

from monodepth_ros.errors import ScaleError
from monodepth_ros.scale.robust import fading_weights, OF_DEVIATION
from monodepth_ros.scale.votes import View, Vote, vote_of
import numpy as np

INVERSE = 'inverse_up_to_scale_and_shift'
"""The kind of depth of which large numbers are near."""

KINDS = ('up_to_scale', 'up_to_scale_and_shift', INVERSE)
"""Kinds of depth that are no metres, as a manifest has them."""

LEAST_RATIO = 1.4
"""Of the far to the near known places: nearer together they fix a scale, but no shift, as 5 % of
error in either then moves what is twice as far by a third."""

NEAR, FAR = 10, 90
"""Percentiles of the known places that count as their ends."""

LARGEST_SPREAD = 0.3
"""Deviation of known from fitted depths, as a share, beyond which they have nothing in common."""

MOST = 1_000
"""Samples looked at; more change no depth by a percent, and cost time."""

PAIRS, JUDGES = 100, 200
"""Lines through two samples that are tried, and samples that judge them: with two of five samples
wrong, some of 100 lines are of two good ones all but for sure."""

ROUNDS, TOLERANCE = 6, 0.01
"""Of the fit: rounds of re-weighting, and the least relative error that counts as large."""


@dataclass(frozen=True)
class RelativeDepth:
    """What the numbers of a network that gives no metres are.

    Attributes:
        kind: one of `KINDS`.
        nearest: metres, the nearest depth that it knows.
        farthest: metres, the farthest.

    """

    kind: str
    nearest: float
    farthest: float

    @property
    def is_inverse(self) -> bool:
        """Whether large numbers are near: 1 / depth = scale x + shift."""
        return self.kind == INVERSE

    @property
    def has_shift(self) -> bool:
        """Whether a shift is to be found as well as a scale."""
        return self.kind != 'up_to_scale'

    def metres(self, values: np.ndarray, scale: float, shift: float) -> np.ndarray:
        """Return the depth of a network's numbers.

        Args:
            values: of any shape, float32.
            scale: above 0; in metres, or 1 / metres where `is_inverse`.
            shift: in the same unit.

        Returns:
            The same shape, float32 metres; NaN where that is no distance, or beyond `farthest`,
            where a little error in the shift is a large one in depth.

        """
        depth = values * np.float32(scale)
        depth += np.float32(shift)
        with np.errstate(all='ignore'):
            if self.is_inverse:
                np.divide(np.float32(1), depth, out=depth)
            np.copyto(depth, np.nan, where=~((depth > 0) & (depth <= self.farthest)))
        return depth


@dataclass(frozen=True)
class AffineVote:
    """One frame's way from a network's numbers to metres.

    Attributes:
        scale: what the numbers are multiplied by, above 0.
        shift: what is added then.
        relative: what the numbers are.
        spread: robust standard deviation of the samples' relative errors.
        count: samples.
        ends: the network's numbers at the near and far ends of the samples that fit.
        moments: mean of w^2 x^2, w^2 x and w^2 over them, with w that makes errors of the fit
            relative ones of depth: how well the two are fixed.
        tilt: degrees between the floor that the fit shows and the known one; None of points.
        upright: as in `Vote`.

    """

    scale: float
    shift: float
    relative: RelativeDepth
    spread: float
    count: int
    ends: tuple[float, float]
    moments: tuple[float, float, float]
    tilt: Optional[float] = None
    upright: bool = False

    def __str__(self) -> str:
        return f'{self.scale:.3g} x {self.shift:+.3g}'


def vote_on(
    view: View,
    true: np.ndarray,
    seen: np.ndarray,
    columns: np.ndarray,
    counts: Optional[np.ndarray] = None,
) -> Union[Vote, AffineVote]:
    """Return what known places say of a network's depth: `vote_of`, or `fit_affine`.

    Args:
        view: tells whether its numbers are metres.
        true: (n,) metres above 0, n of at least 1.
        seen: (n,) the network's numbers at the same places, of `View.usable` pixels.
        columns: (n,) of those pixels, in the view's grid.
        counts: as `vote_of`; a fit of two finds its own.

    """
    if view.relative is None:
        return vote_of(true, seen, (columns + 0.5) / view.camera.width, counts)
    return fit_affine(true, seen, view.relative)


def fit_affine(true: np.ndarray, seen: np.ndarray, relative: RelativeDepth) -> AffineVote:
    """Return the scale, and the shift where the kind has one, that most samples agree on.

    Args:
        true: (n,) metres above 0, n of at least 1.
        seen: (n,) the network's finite numbers at the same places; above 0 if without a shift.
        relative: what they are.

    Raises:
        ScaleError: 'one_depth' where the samples are too near to each other in depth to fix a
            shift, 'no_fit' where no line with a rising depth explains them.

    """
    part = slice(None, None, -(-len(true) // MOST))
    true, seen = true[part].astype(np.float64), seen[part].astype(np.float64)
    # With it w (scale x + shift) - 1 is the relative error in depth, or in its inverse.
    w = true if relative.is_inverse else 1 / true
    if relative.has_shift:
        scale, shift = _line(w, seen)
    else:
        scale, shift = float(np.exp(-np.median(np.log(w * seen)))), 0.0
    errors = np.abs(w * (scale * seen + shift) - 1)
    spread = OF_DEVIATION * float(np.median(errors))
    good = errors <= 3 * max(spread, TOLERANCE)
    near, far = np.percentile(true[good], (NEAR, FAR))
    if relative.has_shift and far < LEAST_RATIO * near:
        raise ScaleError(
            'one_depth',
            f'what is known lies from {near:.2f} to {far:.2f} m away, which fixes no shift; '
            f'expected the far end {LEAST_RATIO:g} times as far: have more of the floor, or '
            'points at several distances, in view',
        )
    if not scale > 0 or not spread <= LARGEST_SPREAD:
        raise ScaleError(
            'no_fit',
            f'no scale and shift of its depth, said to be {relative.kind}, explains what is known '
            f'(deviation {spread:.0%}, slope {scale:.2g}); correct depth.kind in the manifest, or '
            'the pose of the camera or sensor',
        )
    w, x = w[good], seen[good]
    moments = tuple(float(np.mean(w * w * x**power)) for power in (2, 1, 0))
    ends = tuple(np.percentile(x, (NEAR, FAR)).tolist())
    return AffineVote(scale, shift, relative, spread, len(true), ends, moments)


def _line(w, x) -> tuple[float, float]:
    """Return a and b for which |w (a x + b) - 1| is small for most samples.

    The best of many lines through two samples, by the median of the errors (Rousseeuw, 1984); then
    least squares with weights that fall with the error (Cauchy's, squared).
    """
    middle, width = float(np.median(x)), float(np.ptp(x))
    if not width > 0:
        return 0.0, float(np.median(1 / w))
    x = (x - middle) / width
    a, b = _best_of_pairs(w, x)
    rows = np.vstack([w * x, w])
    for _ in range(ROUNDS):
        weighted = rows * fading_weights(np.abs(a * rows[0] + b * rows[1] - 1), TOLERANCE)
        a, b = np.linalg.lstsq(weighted @ rows.T, weighted.sum(axis=1), rcond=None)[0]
    return float(a / width), float(b - a * middle / width)


def _best_of_pairs(w, x):
    # The same pairs whenever the samples are as many: nothing here is left to chance.
    random = np.random.default_rng(len(x))
    first, second = random.integers(len(x), size=(2, PAIRS))
    apart = x[first] != x[second]
    if not apart.any():
        return 0.0, float(np.median(1 / w))
    first, second = first[apart], second[apart]
    a = (1 / w[first] - 1 / w[second]) / (x[first] - x[second])
    b = 1 / w[first] - a * x[first]
    judges = slice(None, None, max(1, len(x) // JUDGES))
    errors = np.abs(w[judges] * (np.outer(a, x[judges]) + b[:, None]) - 1)
    best = int(np.argmin(np.median(errors, axis=1)))
    return float(a[best]), float(b[best])
