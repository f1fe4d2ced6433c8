"""By how much a frame's scale is off that of its camera, followed from vote to vote."""

from __future__ import annotations

import math
from typing import Optional

MEMORY_S = 0.5
"""Seconds after which 1/e of a frame's deviation is left: on drives through places that no
training saw, the light network's scale was another one within a second."""

PRIOR_VARIANCE = 0.05**2
"""Of the logarithm of votes about their mean, all of it noise, until they have shown more: a
network is taken for steady at first, since the floor of one image says too much of its rest."""

PRIOR_VOTES = 2.0
"""Votes that this counts for."""

LEARNED_S = 5.0
"""Seconds after which what was learned of the variances counts 1/e."""

LONGEST_S = 1.0
"""Seconds between two votes up to which they tell noise from wandering; beyond, all is new. Votes
that are ever farther apart are averaged."""

LEAST_VARIANCES = 0.03**2, 0.02**2
"""Of the deviation and of the noise: a filter with none would follow nothing, or all."""


class Deviation:
    """Follow what frames have beyond the mean, as far as it is no noise.

    A Kalman filter of a process that falls back to 0 with `MEMORY_S` (Ornstein and Uhlenbeck,
    1930). How far it goes and how noisy votes are is learned: what differs from vote to vote is
    taken for noise, and what varies beyond that for the network's. So a network that is steady is
    averaged, and one that is unsure of each view is followed.
    """

    def __init__(self) -> None:
        self._log = 0.0
        self._variance = LEAST_VARIANCES[0]
        self._total, self._noise = _Variance(), _Variance()
        self._stamp: Optional[int] = None
        self._last: Optional[float] = None

    @property
    def learned(self) -> float:
        """The variance of the deviation that votes have shown; 0 before there are votes."""
        return max(self._total.value - self._noise.value, 0.0)

    def add(self, log: float, stamp_ns: int) -> None:
        """Take in a vote.

        Args:
            log: of the vote's factor over the mean's.
            stamp_ns: the frame's stamp. Time that jumps back is a gap as long.

        """
        self._learn(log, self._seconds_to(stamp_ns))
        before, variance = self.at(stamp_ns)
        share = variance / (variance + max(self._noise.value, LEAST_VARIANCES[1]))
        self._log = before + share * (log - before)
        self._variance = (1 - share) * variance
        self._stamp = stamp_ns

    def at(self, stamp_ns: int) -> tuple[float, float]:
        """Return the deviation's logarithm, and its variance, at a frame's stamp."""
        left = math.exp(-self._seconds_to(stamp_ns) / MEMORY_S)
        usual = max(self.learned, LEAST_VARIANCES[0])
        return left * self._log, left**2 * self._variance + (1 - left**2) * usual

    def forget(self) -> None:
        """Forget the last frames, and not how far frames go."""
        self._log, self._variance = 0.0, max(self.learned, LEAST_VARIANCES[0])
        self._stamp = self._last = None

    def _seconds_to(self, stamp_ns: int) -> float:
        return 0.0 if self._stamp is None else abs(stamp_ns - self._stamp) * 1e-9

    def _learn(self, log, seconds) -> None:
        # What a gap hid teaches nothing, and takes nothing away.
        if self._last is not None and seconds <= LONGEST_S:
            kept = math.exp(-seconds / LEARNED_S)
            self._total.add(log**2, kept)
            self._noise.add((log - self._last) ** 2 / 2, kept)
        self._last = log


class _Variance:
    """A mean of squares, whose samples fade as the prior does that it starts from."""

    def __init__(self) -> None:
        self._weight = PRIOR_VOTES
        self._sum = PRIOR_VOTES * PRIOR_VARIANCE

    @property
    def value(self) -> float:
        """The mean."""
        return self._sum / self._weight

    def add(self, square: float, kept: float) -> None:
        """Add a sample; of what was before, the share `kept` counts."""
        self._sum = kept * self._sum + square
        self._weight = kept * self._weight + 1
