"""One camera's scale: who votes, what is made of it, and what is to be said about it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any, Callable, Mapping, Optional, Union

from monodepth_ros.errors import ScaleError
from monodepth_ros.scale.affine import AffineVote
from monodepth_ros.scale.filter import Estimate, ScaleFilter, VoteFilter
from monodepth_ros.scale.motion_check import MotionCheck
from monodepth_ros.scale.plane import GroundPlane
from monodepth_ros.scale.votes import View, Vote

Witness = Callable[[View], Union[Vote, AffineVote]]
"""Gives a frame's vote; raises ScaleError where there is none, with the reason."""

SOURCES = ('ground', 'points', 'motion')
"""Names of the witnesses."""

OUT_OF_VIEW = ('no_floor', 'few_points', 'one_depth', 'no_motion', 'between_looks')
"""Reasons that are no fault: what could be measured by is not in view, or does not move."""

PATIENCE_S = 1.0
"""Time without a vote, and with a reason that is a fault, after which it is worth a warning."""

DOUBTFUL = 1.15
"""Factor, up or down, that few networks need on a camera like their training one: the light
network's deviation on NYU Depth v2 is 0.1 in the logarithm. A height that is wrong shows as such a
factor too, and as nothing else, so it is applied, and said."""

DOUBTFUL_TILT = 0.6
"""Share of the largest tilt that is worth a look, on average, where no edges tell: wrong height
and pitch can cancel in the factor, but not in the floor's slope."""

SMOOTHING = 0.2
"""Share of a frame's tilt in the average of them."""

FEWEST_TO_JUDGE = 5
"""Votes of a source before its estimate is worth a warning."""


@dataclass(frozen=True)
class ScaleSettings:
    """What a scale is held against.

    Attributes:
        prior: factor that the user has found; where there are no votes, the scale is this.
        limits: smallest and largest factor that a vote may have, relative to the prior.
        time_constant: seconds after which a vote counts 1/e in the filter's mean.
        max_tilt: degrees, as the floor's `ground.GroundSettings` have it.
        bends: whether estimates have the bend of votes, or a factor alone.

    """

    prior: float = 1.0
    limits: tuple[float, float] = (0.4, 2.5)
    time_constant: float = 30.0
    max_tilt: float = 15.0
    bends: bool = True


@dataclass(frozen=True)
class ScaleState:
    """A frame's scale, and all that is known of it.

    Attributes:
        estimate: what the frame's depth is multiplied by, and how sure that is.
        stamp_ns: the frame's stamp.
        source: those of `SOURCES` that voted last, joined by commas; '' where none has.
        tilt: degrees between the floor in the depth and the known one, averaged over the last
            votes; None where the last one was not the floor's.
        upright: whether the image's edges agreed with the known floor at the last vote.
        height: how high the camera is over the floor by the way that it went, as a share of what
            its pose says, averaged over votes; None where that is not known.
        reason: why this frame had no vote, one of `errors.SCALE_REASONS`; '' where it had one.
        problem: the same in words.
        warnings: what a person has to look into.

    """

    estimate: Estimate = Estimate(1.0, 0.0)
    stamp_ns: int = 0
    source: str = ''
    tilt: Optional[float] = None
    upright: bool = False
    height: Optional[float] = None
    reason: str = ''
    problem: str = ''
    warnings: tuple[str, ...] = ()

    @property
    def age_s(self) -> Optional[float]:
        """Seconds from the last vote to the frame; None where there is no vote."""
        voted = self.estimate.voted_ns
        return None if voted is None else max(0, self.stamp_ns - voted) * 1e-9


class ScaleEstimator:
    """Estimate the scale of one camera; use it from one thread.

    Attributes:
        watch: called with each frame's vote before it is judged, such as by a calibration; None
            for nobody.

    """

    def __init__(self) -> None:
        self.watch: Optional[Callable[[Vote], None]] = None
        self._key: Any = None
        self._state = ScaleState()
        self._filter: VoteFilter = self._new_filter(ScaleSettings())
        self._beside: dict[str, VoteFilter] = {}
        self._silent_since: Optional[int] = None
        self._motion = MotionCheck()
        self._faults: dict[str, tuple[int, str]] = {}

    def update(
        self,
        view: View,
        stamp_ns: int,
        witnesses: Mapping[str, Witness],
        settings: ScaleSettings,
        of: Any = None,
    ) -> ScaleState:
        """Take a frame's votes in and return the scale for it.

        Args:
            view: what the network says of the frame.
            stamp_ns: the frame's stamp.
            witnesses: by name, the most trusted one first; all are heard, and the first that
                votes counts, the floor and motion together.
            settings: what the scale is held against. With a new prior it starts anew.
            of: what the scale belongs to, such as camera and input size; with a new one it
                starts anew.

        """
        self._restart_for((of, settings.prior), settings)
        if stamp_ns < self._state.stamp_ns:
            for one in (self._filter, *self._beside.values()):
                one.restart_clock(stamp_ns)
        votes, faults = _hear(witnesses, view)
        reason, problem = _worst(faults)
        self._keep(faults, stamp_ns)
        self._compare(votes, stamp_ns, settings, len(witnesses))
        names = tuple(witnesses)
        if self._motion.hear(votes, names, stamp_ns):
            votes.pop('ground', None)
            self._beside.pop('ground', None)
            if self._state.source != 'points':
                self._filter = self._new_filter(settings)
        votes = self._motion.together(votes, names, stamp_ns)
        if votes:
            source, vote = next(iter(votes.items()))
            if self.watch is not None:
                self.watch(vote)
            reason, problem = self._take(vote, stamp_ns, settings)
            tilt = _averaged(self._state.tilt, vote.tilt)
            self._state = replace(self._state, source=source, tilt=tilt, upright=vote.upright)
        estimate = self._filter.at(stamp_ns)
        self._state = replace(
            self._state,
            estimate=estimate if settings.bends else replace(estimate, bend=None),
            stamp_ns=stamp_ns,
            height=self._motion.height(stamp_ns),
            reason=reason,
            problem=problem,
        )
        self._state = replace(self._state, warnings=self._warnings(settings))
        return self._state

    def floor(self, known: GroundPlane, stamp_ns: int) -> GroundPlane:
        """Return the floor by which a frame is to be judged, as `MotionCheck.floor`."""
        return self._motion.floor(known, stamp_ns)

    def _restart_for(self, key, settings):
        if key != self._key:
            # Another prior has nothing to do with how high the camera is.
            is_same = self._key is not None and key[0] == self._key[0]
            self._motion = self._motion if is_same else MotionCheck()
            self._key = key
            self._filter = self._new_filter(settings)
            self._beside = {}
            self._silent_since = None
            self._state = ScaleState()
            self._faults = {}
        self._filter.time_constant = settings.time_constant

    def _new_filter(self, settings) -> VoteFilter:
        return ScaleFilter(settings.prior, settings.time_constant)

    def _take(self, vote, stamp_ns, settings):
        """Give a vote to the filter; return the reason, and words, where it does not count."""
        if problem := self._beyond(vote, settings):
            return 'beyond_limits', problem
        begins = not self._filter.estimate.factor > 0
        if not self._filter.add(vote, stamp_ns):
            return 'outlier', (
                'votes that agree with each other are awaited'
                if begins
                else f'a vote of {vote} is far from the estimate'
            )
        return '', ''

    def _beyond(self, vote, settings) -> str:
        """Return why a vote is beyond the limits; '' where it is not."""
        relative = vote.factor / settings.prior
        low, high = settings.limits
        if low <= relative <= high:
            return ''
        return (
            f'the depth would have to be multiplied by {relative:.3g}, expected '
            f'{low:g}..{high:g} of scale.limits: correct the pose of the camera; if it is '
            'right, call ~/calibrate_scale, or widen the limits'
        )

    def _compare(self, votes, stamp_ns, settings, count):
        """Keep an estimate of each source that measures the same factor, where there are several.

        Points by motion are all over the image, whose factor is not the floor's: see
        `motion_check`.
        """
        for name, vote in votes.items() if count > 1 else ():
            if name == 'motion':
                continue
            one = self._beside.setdefault(name, self._new_filter(settings))
            one.time_constant = settings.time_constant
            one.add(vote, stamp_ns)

    def _warnings(self, settings):
        state = self._state
        warnings = []
        if self._lasts(state) and state.reason not in OUT_OF_VIEW:
            warnings.append(f'{self._held(state.estimate)}: {state.problem}')
        if 'ground' in state.source.split(',') and state.estimate.votes >= FEWEST_TO_JUDGE:
            warnings += self._doubts(state, settings)
        warnings += self._silent_sources(state)
        return (*warnings, *self._disagreement(), *self._motion.warnings(state.stamp_ns))

    def _held(self, estimate) -> str:
        return f'without votes the scale is {estimate.factor:.3g} now'

    def _doubts(self, state, settings):
        """Return what speaks against the pose of the camera by which the floor has voted."""
        usual = self._filter.estimate.factor / settings.prior
        # A height that the way confirms is right, however far off the network is.
        confirmed = self._motion.confirms(state.stamp_ns)
        of_factor = () if confirmed else _doubts_of_factor(usual)
        return [*of_factor, *doubts_of_tilt(state, settings)]

    def _keep(self, faults, stamp_ns):
        """Keep since when each witness has had a fault, whether others vote or not."""
        self._faults = {
            name: (min(self._faults.get(name, (stamp_ns,))[0], stamp_ns), str(error))
            for name, error in faults.items()
            if error.reason not in OUT_OF_VIEW
        }

    def _silent_sources(self, state):
        """Return which sources have a fault for a while although another votes."""
        if state.reason:
            return []
        return [
            f'{name} has no vote: {problem}'
            for name, (since, problem) in self._faults.items()
            if (state.stamp_ns - since) * 1e-9 >= PATIENCE_S
        ]

    def _lasts(self, state):
        """Return whether there has been no vote for a while."""
        since = self._silent_since
        if not state.reason:
            self._silent_since = None
        elif since is None or state.stamp_ns < since:
            self._silent_since = state.stamp_ns
        else:
            return (state.stamp_ns - since) * 1e-9 >= PATIENCE_S
        return False

    def _disagreement(self):
        found = {
            name: one.estimate.factor
            for name, one in self._beside.items()
            if one.estimate.votes >= FEWEST_TO_JUDGE
        }
        if len(found) < 2 or max(found.values()) <= DOUBTFUL * min(found.values()):
            return ()
        said = ', '.join(f'{name} {factor:.3g}' for name, factor in sorted(found.items()))
        return (
            f'the sources of the scale disagree ({said}): correct the pose of the camera, or of '
            'the sensor of scale.points_topic, in TF',
        )


def _averaged(before, value):
    return value if None in (value, before) else before + SMOOTHING * (value - before)


def _doubts_of_factor(relative):
    if not 1 / DOUBTFUL <= relative <= DOUBTFUL:
        yield (
            f'the floor has the depth multiplied by {relative:.3g}, which is much: check the '
            "camera's height and pitch (TF, or camera.height and camera.pitch); if they are "
            'right, call ~/calibrate_scale once'
        )


def doubts_of_tilt(state, settings):
    """Yield what the slope of the floor in the depth says against the pose of the camera."""
    # Edges know better than the network's floor.
    if not state.upright and state.tilt > DOUBTFUL_TILT * settings.max_tilt:
        yield (
            f'the floor in the depth leans by {state.tilt:.0f} degrees against the known one: '
            "check the camera's pitch and roll (TF, or camera.pitch and camera.roll), or raise "
            'scale.max_tilt where the network is known to tilt such floors'
        )


def _hear(witnesses, view):
    """Return the votes, and why those gave none who did not, by name."""
    votes: dict[str, Union[Vote, AffineVote]] = {}
    faults: dict[str, ScaleError] = {}
    for name, witness in witnesses.items():
        try:
            votes[name] = witness(view)
        except ScaleError as error:
            faults[name] = error
    return votes, faults


def _worst(faults):
    """Return the first reason with its words; a fault says more than that it is out of view."""
    real = {name: error for name, error in faults.items() if error.reason not in OUT_OF_VIEW}
    for name, error in (real or faults).items():
        return error.reason, f'{name}: {error}'
    return '', ''
