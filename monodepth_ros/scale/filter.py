"""A factor for each frame from its vote and those of many before."""

from __future__ import annotations

from abc import ABC, abstractmethod
from copy import copy
from dataclasses import dataclass, replace
import math
from typing import Any, Optional, TYPE_CHECKING, Union

from monodepth_ros.scale.bend import Bend
from monodepth_ros.scale.bend_filter import BendFilter
from monodepth_ros.scale.deviation import Deviation
from monodepth_ros.scale.votes import Vote

if TYPE_CHECKING:
    from monodepth_ros.scale.affine import AffineVote

FRAME_ERROR = 0.1
"""Deviation, in the logarithm, of a perfect vote from what the rest of its image would say: a
network is not off by one factor everywhere."""

PRIOR_ERROR = 0.3
"""Deviation, in the logarithm, of a network's own metres on a camera that it never saw."""

GATE = 3.0
"""Deviations from the mean, those of frames in them, beyond which a vote is taken for an outlier,
or a change."""

CHANGE_S = 2.0
"""Seconds for which votes far off must agree with each other to take the place of an estimate."""

TRUSTED_S, WANDERING = 30.0, 0.003
"""Seconds of votes after which half of their mean is a camera's own, and not of the place that it
is in, where frames wander about it with this variance or more: the light network's mean over ten
seconds of a room tells little of the next one. With less they are fewer: a network that is as
steady as its camera keeps its mean."""

FORGOTTEN_S = 2.0
"""Seconds without a vote after which 1/e of what is not the camera's own is left."""

LONGEST_GAP_S = 1.0
"""Seconds between two votes that count as votes, at most; after more, what was forgotten is."""

FEWEST_TO_CHANGE = 3
"""Votes that must agree with each other before they take the place of an estimate."""


class _Mean:
    """A mean of logarithms, whose samples count by their certainty and fade with time."""

    def __init__(self, log: float, error: float) -> None:
        self.log = log
        self.information = error**-2
        self.spread = error
        self.votes = 0

    def moved(self, log: float) -> _Mean:
        """Return the mean after so much is added to it, and how sure it is then."""
        mean = copy(self)
        mean.log += log
        mean.spread = math.hypot(self.spread, log)
        return mean

    def gap(self, vote: Vote, deviation: float) -> float:
        """Return how many deviations lie between this mean and a vote; frames have one beside."""
        return abs(self.beyond(vote)) / math.hypot(vote_error(vote), self.spread, deviation)

    def beyond(self, vote: Vote) -> float:
        """Return the logarithm of a vote's factor over this mean's."""
        return vote.log - self.log

    def add(self, vote: Vote, kept: float) -> None:
        """Add a vote; of what was before, the share `kept` counts."""
        before, new = self.information * kept, vote_error(vote) ** -2
        self.information = before + new
        share = new / self.information
        self.log += share * self.beyond(vote)
        # Frames err alike: however many there are, their mean is no better than each of them.
        self.spread = math.sqrt((1 - share) * self.spread**2 + share * vote_error(vote) ** 2)
        self.votes += 1


def vote_error(vote: Union[Vote, AffineVote]) -> float:
    """Return the deviation of a vote, in the logarithm, from what the rest of its image says."""
    return math.hypot(FRAME_ERROR, vote.spread)


@dataclass(frozen=True)
class Estimate:
    """What the votes came to.

    Attributes:
        factor: what the predicted depth is to be multiplied by; NaN where that is not known, of
            a network that gives no metres.
        spread: standard deviation of its logarithm, about the relative error.
        votes: frames that it is made of, since the last start.
        voted_ns: stamp of the last one; None where there is none.
        shift: what is added then; 0 of a network that gives metres.
        bend: what the factor gains from place to place in the frame; None for nothing.

    """

    factor: float
    spread: float
    votes: int = 0
    voted_ns: Optional[int] = None
    shift: float = 0.0
    bend: Optional[Bend] = None


class VoteFilter(ABC):
    """Keep what the votes that come and go agree on.

    Their mean follows the votes with a time constant, and is held while there are none. Frames are
    off that mean: on a camera that it never saw, a network guesses the scale of each view anew.
    `at` has that in it, as far as the last votes tell, and falls back without them.

    A vote far off is left out; where such votes agree with each other for `CHANGE_S`, or the time
    constant if that is shorter, the scene or the sensor has changed, and they take over. Where
    there is nothing yet, the first few that agree are taken.

    Args:
        time_constant: seconds after which a vote counts 1/e in the mean.

    """

    def __init__(self, time_constant: float = 30.0) -> None:
        self.time_constant = time_constant
        self._mean: Any = None
        self._deviation = Deviation()
        self._rival: Any = None
        self._rival_since = 0
        self._last: Optional[int] = None
        self._voted: Optional[int] = None
        self._seen_s, self._has_changed = 0.0, False

    @property
    @abstractmethod
    def estimate(self) -> Estimate:
        """The mean of the votes."""

    def at(self, stamp_ns: int) -> Estimate:
        """Return what holds of a frame, given its stamp, and how sure that is.

        The mean, multiplied by what the frame is off it; the mean where there is no vote yet.
        """
        mean = self.estimate
        if not mean.votes:
            return mean
        log, variance = self._deviation.at(stamp_ns)
        ratio, spread = math.exp(log), math.hypot(mean.spread, math.sqrt(variance))
        return replace(mean, factor=mean.factor * ratio, shift=mean.shift * ratio, spread=spread)

    @abstractmethod
    def _begin(self, vote: Any) -> Any:
        """Return the mean of a single vote.

        It has `gap`, to a vote where frames have a deviation, `add`, `beyond`, `spread` and
        `votes`.
        """

    def add(self, vote: Union[Vote, AffineVote], stamp_ns: int) -> bool:
        """Take a vote in; return whether it fits the estimate, or has just replaced it.

        Args:
            vote: what the frame says.
            stamp_ns: the frame's stamp. One that is not after the last vote's is a clock that was
                set or a recording that began anew: the mean holds, and time goes on from it.

        """
        kept = self._kept(stamp_ns)
        if self._fits(self._mean, vote):
            self._mean.add(vote, kept)
            self._rival = None
            # The mean is of no longer a time than it lasts.
            self._seen_s = kept * self._seen_s + min(self._since_vote(stamp_ns), LONGEST_GAP_S)
        elif self._takes_over(vote, stamp_ns, kept):
            self._deviation = Deviation()
            self._seen_s, self._has_changed = 0.0, True
        else:
            return False
        self._deviation.add(self._mean.beyond(vote), stamp_ns)
        self._voted = stamp_ns
        return True

    def restart_clock(self, stamp_ns: int) -> None:
        """Go on from a frame whose stamp is before those of others: what is a frame's own is lost.

        A clock was set, or a recording began anew. The mean holds.
        """
        self._rival = None
        self._last = stamp_ns
        self._voted = self._voted and min(self._voted, stamp_ns)
        self._deviation.forget()

    def _since_vote(self, stamp_ns: int) -> float:
        """Return the seconds from the last vote to a frame; 0 for none, or if time goes back."""
        return 0.0 if self._voted is None else max(0, stamp_ns - self._voted) * 1e-9

    def _fits(self, mean: Any, vote: Any) -> bool:
        """Return whether there is a mean that a vote is near, for what frames have been off it."""
        if mean is None:
            return False
        # Wandering beyond the prior is not believed.
        return mean.gap(vote, min(math.sqrt(self._deviation.learned), PRIOR_ERROR)) <= GATE

    def _kept(self, stamp_ns: int) -> float:
        """Return the share of what was before that still counts."""
        if self._last is not None and stamp_ns < self._last:
            self.restart_clock(stamp_ns)
        last, self._last = self._last, stamp_ns
        return 1.0 if last is None else math.exp(-(stamp_ns - last) * 1e-9 / self.time_constant)

    def _takes_over(self, vote: Any, stamp_ns: int, kept: float) -> bool:
        """Add a vote to the rival of the estimate, and have it win where it lasts."""
        rival = self._rival
        if not self._fits(rival, vote):
            self._rival, self._rival_since = self._begin(vote), stamp_ns
            return False
        rival.add(vote, kept)
        enough_s = min(self.time_constant, CHANGE_S)
        lasts = (stamp_ns - self._rival_since) * 1e-9 >= enough_s
        lasts = lasts or self._mean is None
        if rival.votes < FEWEST_TO_CHANGE or not lasts:
            return False
        self._mean, self._rival = rival, None
        return True


class ScaleFilter(VoteFilter):
    """Keep one factor, in its logarithm, from votes that come and go; it starts from a prior.

    Without votes it falls back towards the prior, as far as the mean is that of a place and not of
    the camera. The bend of a frame is that of its vote and of those just before; like all that is
    a frame's own it is forgotten soon.

    Args:
        prior: factor to start from, above 0.
        time_constant: seconds after which a vote counts 1/e in the mean.

    """

    def __init__(self, prior: float = 1.0, time_constant: float = 30.0) -> None:
        super().__init__(time_constant)
        self._prior = math.log(prior)
        self._mean = _Mean(self._prior, PRIOR_ERROR)
        self._bend = BendFilter()

    @property
    def estimate(self) -> Estimate:
        """The mean factor."""
        mean = self._mean
        return Estimate(math.exp(mean.log), mean.spread, mean.votes, self._voted)

    def at(self, stamp_ns: int) -> Estimate:
        """Return what holds of a frame, as `VoteFilter.at`, with its bend."""
        found, back = super().at(stamp_ns), self._way_back(stamp_ns)
        return replace(
            found,
            factor=found.factor * math.exp(back),
            spread=math.hypot(found.spread, back),
            bend=self._bend.at(stamp_ns),
        )

    def add(self, vote: Vote, stamp_ns: int) -> bool:
        """Take a vote in, as `VoteFilter.add`."""
        before = self._mean
        if self._since_vote(stamp_ns) > LONGEST_GAP_S:
            self._mean = before.moved(self._way_back(stamp_ns))
        if not super().add(vote, stamp_ns):
            self._mean = before
            return False
        if vote.bend is not None:
            self._bend.add(vote.bend, stamp_ns)
        return True

    def restart_clock(self, stamp_ns: int) -> None:
        """Go on from an earlier frame, as `VoteFilter.restart_clock`."""
        super().restart_clock(stamp_ns)
        self._bend = BendFilter()

    def _way_back(self, stamp_ns):
        """Return what a frame without votes adds to the mean's logarithm."""
        # What took the place of another mean is no camera's own.
        wanders = 1.0 if self._has_changed else min(1.0, self._deviation.learned / WANDERING)
        doubted_s = TRUSTED_S * wanders
        of_place = doubted_s / max(doubted_s + self._seen_s, 1e-9)
        forgotten = -math.expm1(-self._since_vote(stamp_ns) / FORGOTTEN_S)
        return of_place * forgotten * (self._prior - self._mean.log)

    def _begin(self, vote: Vote) -> _Mean:
        mean = _Mean(vote.log, vote_error(vote))
        mean.votes = 1
        return mean
