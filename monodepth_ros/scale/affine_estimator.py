"""One camera's way from relative depth to metres: who votes, and what is to be said about it."""

from __future__ import annotations

from typing import Optional

from monodepth_ros.scale.affine import AffineVote
from monodepth_ros.scale.affine_filter import AffineFilter
from monodepth_ros.scale.estimator import (
    DOUBTFUL,
    doubts_of_tilt,
    FEWEST_TO_JUDGE,
    ScaleEstimator,
)
import numpy as np

LEAST_IN_RANGE = 0.25
"""Share of the image that must get a depth between the nearest and the farthest that the network
knows: sky and a shift that is a little off leave out much, and not nearly all."""


class AffineEstimator(ScaleEstimator):
    """Estimate scale and shift of one camera, as `ScaleEstimator` does a factor.

    `ScaleSettings.prior` and `limits` say nothing of it, since the network's unit is not known.
    """

    def __init__(self) -> None:
        super().__init__()
        self._view = None
        self._ends: Optional[tuple[float, float]] = None

    def update(self, view, *args, **options):
        """Take a frame's votes in and return the scale and shift for it."""
        self._view = view
        return super().update(view, *args, **options)

    def _new_filter(self, settings):
        return AffineFilter(settings.time_constant)

    def _beyond(self, vote: AffineVote, settings) -> str:
        self._ends = vote.ends
        relative = vote.relative
        depth = relative.metres(self._view.thinned(5_000).depth, vote.scale, vote.shift)
        with np.errstate(invalid='ignore'):
            share = float(np.mean((depth >= relative.nearest) & (depth <= relative.farthest)))
        if share >= LEAST_IN_RANGE:
            return ''
        return (
            f'with {vote} only {share:.0%} of the image would be {relative.nearest:g} to '
            f'{relative.farthest:g} m away, expected {LEAST_IN_RANGE:.0%}: correct the pose of '
            'the camera or sensor, or depth.nearest and depth.farthest in the manifest'
        )

    def _doubts(self, state, settings):
        return doubts_of_tilt(state, settings)

    def _held(self, estimate) -> str:
        if not estimate.votes:
            return 'there are no metres yet'
        return f'scale {estimate.factor:.3g} and shift {estimate.shift:.3g} are held'

    def _disagreement(self):
        found = {n: f for n, f in self._beside.items() if f.estimate.votes >= FEWEST_TO_JUDGE}
        if len(found) < 2 or self._ends is None:
            return ()
        one, other = found.values()
        if not one.disagrees(other, self._ends, DOUBTFUL):
            return ()
        said = ', '.join(
            f'{name} {f.estimate.factor:.3g} and {f.estimate.shift:.3g}'
            for name, f in sorted(found.items())
        )
        return (
            f'the sources of scale and shift disagree ({said}): correct the pose of the camera, '
            'or of the sensor of scale.points_topic, in TF',
        )
