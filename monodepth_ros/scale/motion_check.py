"""Floor and motion as witnesses of the same frames: one vote of both, and contradictions."""

from __future__ import annotations

from dataclasses import replace
import math
from typing import Any, Collection, Mapping, Optional, Union

from monodepth_ros.scale.affine import AffineVote
from monodepth_ros.scale.ground import height_by
from monodepth_ros.scale.plane import GroundPlane
from monodepth_ros.scale.points import points_vote
from monodepth_ros.scale.votes import apart, joined, View, Vote
import numpy as np

JOINED = ('ground', 'motion')
"""Witnesses whose votes make one."""

FRESH_S = 0.5
"""Seconds for which a vote of motion, which comes now and then, is joined to the floor's."""

HEIGHT_OFF, FACTOR_OFF = math.log(1.15), math.log(1.25)
"""Logarithms, on average, from which on the camera's height, or the factor where both see the same
distances, is a contradiction."""

ENDS = 0.7
"""Share of these below which a contradiction ends again."""

SMOOTHING = 0.2
"""Share of a vote in the averages."""

FEWEST = 5
"""Votes before an average says anything."""

LASTS_S = 60.0
"""Seconds without a vote after which it is forgotten what both say of the same distances: what the
floor is seen by may have been corrected."""

MEASURED_S = 2.0
"""Seconds between the first and the last look at a height before it takes the place of the known
one: wheels that slip, or odometry that lags in a turn, are over by then."""

ANOTHER = math.log(1.2)
"""Logarithm of the change of the known height, from one look to the next, from which on it is
another one. Less is how a robot nods, and is followed."""

STANDS_S = 2.0
"""Seconds without a look after which nothing is followed any more."""

CORRECTED, TURNED = math.log(1.03), 2.0
"""Logarithm of the change of the known height, and degrees by which the floor is another one, from
which on a pose was corrected where nothing is followed."""


def motion_vote(
    view: View, points: np.ndarray, plane: Optional[GroundPlane], labels: Collection[int]
) -> Union[Vote, AffineVote]:
    """Return the vote of points that are measured by the camera's way.

    Args:
        view: what the network says.
        points: (n, 3) metres in the optical frame.
        plane: where the floor is known to be; None for not known.
        labels: class indices of floors.

    Returns:
        As `points_vote`; of a network that gives metres with the camera's height.

    Raises:
        ScaleError: as `points_vote`.

    """
    vote = points_vote(view, points)
    if plane is None or not isinstance(vote, Vote):
        return vote
    return replace(vote, height=height_by(points, view, plane, labels))


class _Average:
    """A logarithm over time, and whether it is a contradiction.

    Args:
        limit: logarithm from which on it is.
        lasts_s: seconds without a vote after which it is forgotten.

    """

    def __init__(self, limit: float, lasts_s: float = math.inf) -> None:
        self._limit, self._lasts_s = limit, lasts_s
        self._mean, self._count, self._first, self._last = 0.0, 0, 0, 0
        self._is_off = False

    def add(self, log: float, stamp_ns: int) -> None:
        """Take what a vote says in."""
        if not self.is_known(stamp_ns):
            self._count, self._is_off, self._first = 0, False, stamp_ns
        self._mean = log if not self._count else self._mean + SMOOTHING * (log - self._mean)
        self._count, self._last = self._count + 1, stamp_ns
        limit = self._limit * (ENDS if self._is_off else 1.0)
        self._is_off = self._count >= FEWEST and abs(self._mean) > limit

    def is_known(self, stamp_ns: int) -> bool:
        """Return whether there was a vote not long ago."""
        return self._count > 0 and self.age(stamp_ns) <= self._lasts_s

    @property
    def seconds(self) -> float:
        """Seconds from the first vote to the last."""
        return abs(self._last - self._first) * 1e-9

    def age(self, stamp_ns: int) -> float:
        """Return seconds between the last vote and a frame."""
        return abs(stamp_ns - self._last) * 1e-9

    def is_off(self, stamp_ns: int) -> bool:
        """Return whether the average contradicts."""
        return self._is_off and self.is_known(stamp_ns)

    def is_fine(self, stamp_ns: int) -> bool:
        """Return whether enough votes say that what is known is right."""
        is_near = abs(self._mean) <= HEIGHT_OFF and not self._is_off
        return self._count >= FEWEST and self.is_known(stamp_ns) and is_near

    def ratio(self, stamp_ns: int) -> Optional[float]:
        """Return the average as a ratio; None where it is not known."""
        return math.exp(self._mean) if self.is_known(stamp_ns) else None


class MotionCheck:
    """Join the votes of floor and motion, and tell where they contradict each other.

    Where motion is trusted more than the floor, a height that it contradicts for some seconds is
    replaced by what it measures from then on, so that the floor goes on to vote, and where the
    camera stands as well. That ends where the known pose is corrected.
    """

    def __init__(self) -> None:
        self._voted = 0
        self._trusts_motion = False
        self._forget()

    def _forget(self):
        self._vote: Optional[Vote] = None
        self._factor = _Average(FACTOR_OFF, LASTS_S)
        self._forget_height()

    def _forget_height(self):
        self._known: Optional[GroundPlane] = None
        self._height = _Average(HEIGHT_OFF)
        self._is_measured = False

    def hear(self, votes: Mapping[str, Any], names: tuple[str, ...], stamp_ns: int) -> bool:
        """Take in what a frame's witnesses say; return whether they have moved the floor.

        Then it has voted by another height than it will, and what it has said counts no more.

        Args:
            votes: by name.
            names: of all witnesses, the most trusted one first; without motion among them nothing
                is known by it.
            stamp_ns: the frame's.

        """
        order = [name for name in names if name in JOINED]
        before = self._replaces_height()
        self._trusts_motion = order[:1] == ['motion']
        if 'motion' not in order:
            self._forget()
        motion, ground = votes.get('motion'), votes.get('ground')
        if isinstance(motion, Vote):
            self._vote, self._voted = motion, stamp_ns
            if motion.height is not None:
                self._measure(motion.height, stamp_ns)
            if _is_whole(motion) and _is_whole(ground):
                difference = apart(motion, ground)
                if difference is not None:
                    self._factor.add(difference, stamp_ns)
        if self._replaces_height() == before:
            return False
        self._factor = _Average(FACTOR_OFF, LASTS_S)
        return 'ground' in order

    def _measure(self, height, stamp_ns):
        known = height.known
        if self._known is not None and _ratio(known, self._known) >= ANOTHER:
            self._forget_height()
        self._known = known
        self._height.add(math.log(height.measured / known.height), stamp_ns)
        if self._height.is_off(stamp_ns) and self._height.seconds >= MEASURED_S:
            self._is_measured = True

    def floor(self, known: GroundPlane, stamp_ns: int) -> GroundPlane:
        """Return the floor that votes, given where it is known to be.

        The camera is as high over it as its way says, where that has contradicted the known height
        and is trusted more; else it is the known one. A known pose that is corrected while nothing
        is measured is believed, and what was held against the one before is forgotten.
        """
        if self._known is not None and self._is_corrected(known, stamp_ns):
            self._forget_height()
        if not self._replaces_height():
            return known
        # In steps of a hundredth, so that what is kept of a plane serves for several frames.
        return replace(known, height=known.height * round(self.height(stamp_ns), 2))

    def _is_corrected(self, known, stamp_ns):
        changed = _ratio(known, self._known)
        if self._height.age(stamp_ns) < STANDS_S:
            return changed >= ANOTHER
        return changed >= CORRECTED or known.angle_to(self._known) >= TURNED

    def _replaces_height(self):
        return self._trusts_motion and self._is_measured

    def together(
        self, votes: Mapping[str, Any], names: tuple[str, ...], stamp_ns: int
    ) -> Mapping[str, Any]:
        """Return a frame's votes with the floor's and motion's as one.

        Where both contradict each other, and no height takes the place of the known one, the less
        trusted one is left out, also where the other has nothing to say.

        Args:
            votes: by name, the most trusted one first.
            names: of all witnesses, likewise.
            stamp_ns: the frame's.

        """
        order = [name for name in names if name in JOINED]
        if len(order) < 2:
            return votes
        if self._contradicts(stamp_ns):
            return {name: vote for name, vote in votes.items() if name != order[1]}
        both = {**votes}
        if 'motion' not in both and self._is_fresh(stamp_ns):
            both['motion'] = self._vote
        if not all(_is_whole(both.get(name)) for name in order):
            return votes
        # In the place of the one that is trusted more.
        one = {','.join(order): joined(both['ground'], both['motion'])}
        result: dict[str, Any] = {}
        for name in names:
            if name in JOINED:
                result.update(one)
            elif name in votes:
                result[name] = votes[name]
        return result

    def _is_fresh(self, stamp_ns):
        return self._vote is not None and 0 <= (stamp_ns - self._voted) * 1e-9 <= FRESH_S

    def _contradicts(self, stamp_ns):
        is_high = self._height.is_off(stamp_ns) and not self._replaces_height()
        return is_high or self._factor.is_off(stamp_ns)

    def height(self, stamp_ns: int) -> Optional[float]:
        """Return the camera's height by motion over the known one; None where not known."""
        return self._height.ratio(stamp_ns)

    def confirms(self, stamp_ns: int) -> bool:
        """Return whether motion says that the floor that votes is right."""
        is_fine = any(one.is_fine(stamp_ns) for one in (self._height, self._factor))
        is_fine = is_fine or self._replaces_height()
        return is_fine and not self._contradicts(stamp_ns)

    def warnings(self, stamp_ns: int) -> tuple[str, ...]:
        """Return what is contradicted, in words."""
        remedy = (
            "correct the camera's height and pitch (TF, or camera.height and camera.pitch), or, "
            'if they are right, the odometry'
        )
        if self._height.is_off(stamp_ns):
            ratio = self.height(stamp_ns)
            metres = ratio * self._known.height
            used = '; this height is used until then' if self._replaces_height() else ''
            return (
                f'by the way that it went, the camera is {metres:.2f} m over the floor, '
                f'{ratio:.2f} times as high as its pose says: {remedy}{used}',
            )
        if self._factor.is_off(stamp_ns):
            return (
                f'by the way that the camera went, things are {self._factor.ratio(stamp_ns):.2f} '
                f'times as far away as by the floor: {remedy}',
            )
        return ()


def _ratio(plane: GroundPlane, other: GroundPlane) -> float:
    """Return how far two heights are apart, as a logarithm of at least 0."""
    return abs(math.log(plane.height / other.height))


def _is_whole(vote: Any) -> bool:
    """Return whether a vote has its samples, by which it can be joined to another."""
    return isinstance(vote, Vote) and vote.samples is not None
