"""One scale and shift over time from the votes of many frames."""

from __future__ import annotations

import math

from monodepth_ros.scale.affine import AffineVote
from monodepth_ros.scale.filter import Estimate, vote_error, VoteFilter
import numpy as np


class _Line:
    """The line that votes agree on, each by how well it fixes the two; old ones fade.

    The sums of the least squares are kept, and not scale and shift: errors of the two go together,
    so that their separate means would fit no frame.
    """

    def __init__(self, vote: AffineVote) -> None:
        self.moments, self.products = _sums(vote)
        self.spread = vote_error(vote)
        self.votes = 1
        self.relative = vote.relative
        self.scale, self.shift = vote.scale, vote.shift

    def gap(self, vote: AffineVote, deviation: float) -> float:
        """Return how many deviations lie between the depths of this line and those of a vote."""
        logs = (abs(_log_ratio(vote, self, x)) for x in vote.ends)
        return max(logs) / math.hypot(vote_error(vote), self.spread, deviation)

    def beyond(self, vote: AffineVote) -> float:
        """Return the logarithm of a vote's line over this one, in its middle; 0 for none."""
        log = _log_ratio(vote, self, sum(vote.ends) / 2)
        return log if math.isfinite(log) else 0.0

    def add(self, vote: AffineVote, kept: float) -> None:
        """Add a vote; of what was before, the share `kept` counts."""
        moments, products = _sums(vote)
        before, new = kept * self.moments[1, 1], moments[1, 1]
        self.moments = kept * self.moments + moments
        self.products = kept * self.products + products
        if vote.relative.has_shift:
            self.scale, self.shift = np.linalg.solve(self.moments, self.products).tolist()
        else:
            self.scale = float(self.products[0] / self.moments[0, 0])
        share = new / (before + new)
        # Frames err alike: however many there are, their line is no better than each of them.
        self.spread = math.sqrt((1 - share) * self.spread**2 + share * vote_error(vote) ** 2)
        self.votes += 1


def _sums(vote):
    """Return moments, (2, 2), and their products with the vote, (2,), over its variance."""
    square, mixed, one = vote.moments
    moments = np.array([[square, mixed], [mixed, one]]) / vote_error(vote) ** 2
    return moments, moments @ (vote.scale, vote.shift)


def _log_ratio(one, other, x) -> float:
    """Return the logarithm of the ratio of two lines at one of the network's numbers."""
    first, second = (line.scale * x + line.shift for line in (one, other))
    return math.log(first / second) if first > 0 < second else math.inf


class AffineFilter(VoteFilter):
    """Keep one scale and shift from votes that come and go.

    As `ScaleFilter`, but for its start: what a network's unit is nobody knows, so there is nothing
    until the first few votes that agree with each other.
    """

    @property
    def estimate(self) -> Estimate:
        """The mean line; of factor NaN and no votes where there is none yet."""
        line = self._mean
        if line is None:
            return Estimate(math.nan, math.nan)
        return Estimate(line.scale, line.spread, line.votes, self._voted, line.shift)

    def disagrees(self, other: AffineFilter, ends: tuple[float, float], ratio: float) -> bool:
        """Return whether the depths of two filters differ by more than a ratio at either end."""
        logs = (abs(_log_ratio(self._mean, other._mean, x)) for x in ends)
        return max(logs) > math.log(ratio)

    def _begin(self, vote: AffineVote) -> _Line:
        return _Line(vote)
