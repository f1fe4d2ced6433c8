"""One factor over time from the votes of many frames."""

from __future__ import annotations

from dataclasses import dataclass
import math
from typing import Optional

from monodepth_ros.scale.votes import Vote

FRAME_ERROR = 0.1
"""Deviation, in the logarithm, of a perfect vote from what the rest of its image would say: a
network is not off by one factor everywhere."""

PRIOR_ERROR = 0.3
"""Deviation, in the logarithm, of a network's own metres on a camera that it never saw."""

GATE = 3.0
"""Deviations from the estimate beyond which a vote is taken for an outlier, or a change."""

FEWEST_TO_CHANGE = 3
"""Votes that must agree with each other before they take the place of an estimate."""


class _Mean:
    """A mean of logarithms, whose samples count by their certainty and fade with time."""

    def __init__(self, log: float, error: float) -> None:
        self.log = log
        self.information = error**-2
        self.spread = error
        self.votes = 0

    def gap(self, vote: Vote) -> float:
        """Return how many deviations lie between this mean and a vote."""
        return abs(vote.log - self.log) / math.hypot(_error(vote), self.spread)

    def add(self, vote: Vote, kept: float) -> None:
        """Add a vote; of what was before, the share `kept` counts."""
        before, new = self.information * kept, _error(vote) ** -2
        self.information = before + new
        share = new / self.information
        self.log += share * (vote.log - self.log)
        # Frames err alike: however many there are, their mean is no better than each of them.
        self.spread = math.sqrt((1 - share) * self.spread**2 + share * _error(vote) ** 2)
        self.votes += 1


def _error(vote: Vote) -> float:
    return math.hypot(FRAME_ERROR, vote.spread)


@dataclass(frozen=True)
class Estimate:
    """What the votes came to.

    Attributes:
        factor: what the predicted depth is to be multiplied by.
        spread: standard deviation of its logarithm, about the relative error.
        votes: frames that it is made of, since the last start.
        voted_ns: stamp of the last one; None where there is none.

    """

    factor: float
    spread: float
    votes: int = 0
    voted_ns: Optional[int] = None


class ScaleFilter:
    """Keep one factor, in its logarithm, from votes that come and go.

    It starts from a prior, follows the votes with a time constant, and holds what it has while
    there are none. A vote far off is left out; where such votes agree with each other for the time
    constant, the scene or the sensor has changed, and they take over.

    Args:
        prior: factor to start from, above 0.
        time_constant: seconds after which a vote counts 1/e.

    """

    def __init__(self, prior: float = 1.0, time_constant: float = 2.0) -> None:
        self.time_constant = time_constant
        self._mean = _Mean(math.log(prior), PRIOR_ERROR)
        self._rival: Optional[_Mean] = None
        self._rival_since = 0
        self._last: Optional[int] = None
        self._voted: Optional[int] = None

    @property
    def estimate(self) -> Estimate:
        """The present estimate."""
        mean = self._mean
        return Estimate(math.exp(mean.log), mean.spread, mean.votes, self._voted)

    def add(self, vote: Vote, stamp_ns: int) -> bool:
        """Take a vote in; return whether it fits the estimate, or has just replaced it.

        Args:
            vote: what the frame says.
            stamp_ns: the frame's stamp. One that is not after the last vote's is a clock that was
                set or a recording that began anew: the estimate holds, and time goes on from it.

        """
        kept = self._kept(stamp_ns)
        if self._mean.gap(vote) <= GATE:
            self._mean.add(vote, kept)
            self._rival = None
        elif not self._takes_over(vote, stamp_ns, kept):
            return False
        self._voted = stamp_ns
        return True

    def _kept(self, stamp_ns: int) -> float:
        """Return the share of what was before that still counts."""
        last, self._last = self._last, stamp_ns
        if last is None:
            return 1.0
        if stamp_ns < last:
            self._rival = None
            self._voted = self._voted and min(self._voted, stamp_ns)
        return math.exp(-max(0, stamp_ns - last) * 1e-9 / self.time_constant)

    def _takes_over(self, vote: Vote, stamp_ns: int, kept: float) -> bool:
        """Add a vote to the rival of the estimate, and have it win where it lasts."""
        rival = self._rival
        if rival is None or rival.gap(vote) > GATE:
            self._rival, self._rival_since = _Mean(vote.log, _error(vote)), stamp_ns
            self._rival.votes = 1
            return False
        rival.add(vote, kept)
        lasts = (stamp_ns - self._rival_since) * 1e-9 >= self.time_constant
        if rival.votes < FEWEST_TO_CHANGE or not lasts:
            return False
        self._mean, self._rival = rival, None
        return True
