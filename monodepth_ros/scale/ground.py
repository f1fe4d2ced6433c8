"""Votes of the floor: where the floor is known, its pixels tell by how much the depth is off."""

from __future__ import annotations

from dataclasses import dataclass, replace
import math
from typing import Collection, Optional, Union

from monodepth_ros.camera import PinholeCamera
from monodepth_ros.errors import ScaleError
from monodepth_ros.masks import is_of
from monodepth_ros.scale.affine import AffineVote, vote_on
from monodepth_ros.scale.plane import GroundPlane
from monodepth_ros.scale.points import projected
from monodepth_ros.scale.robust import fading_weights, middle_and_spread
from monodepth_ros.scale.uprights import CLOSE, Lean, REACH
from monodepth_ros.scale.votes import Height, View, Vote
import numpy as np

SAMPLES = 5_000
"""Pixels looked at; more change no median by a percent, and cost time."""

LEAST_SHARE = 0.02
"""Part of the looked-at pixels that must be floor."""

LEAST_CONFIDENCE = 128
"""Of 255, probability one half: less is no floor to go by."""

LEAST_FALL = 0.1
"""Metres that a ray must fall on a metre of depth. Nearer to the horizon a degree of error in the
pose is a fifth of the distance and more."""

FEWEST_FLOOR = 8
"""Measured points of the floor by which the camera's height is judged."""

ROUGHEST = 0.12
"""Deviation of their heights, in the logarithm, up to which they are believed to be of one floor,
and measured well. Of a short way those are left that noise has moved most, which are too near."""

LEAN = 0.4
"""Share of the largest tilt from which on edges that lean contradict the pose."""

UPRIGHT_TILT = 45.0
"""Degrees in place of the largest tilt where edges agree with the pose: then it is the network
that tilts the floor, and not the pose that is wrong. On a robot's camera at 0.63 m, 23 degrees
down, that no training saw, its floor leans by 15 degrees in the median, and as much against a
pose that is 10 degrees wrong; the edges tell the two apart."""

ROUNDS, TOLERANCE = 4, 0.01
"""Of the fit to the floor that the network shows: rounds of re-weighting, and the least relative
error that counts as large."""


@dataclass(frozen=True)
class GroundSettings:
    """What counts as a witness.

    Attributes:
        labels: class indices of floors.
        max_tilt: degrees that the floor that the network shows may lean against the known one,
            where no edges agree with that.

    """

    labels: Collection[int]
    max_tilt: float = 15.0

    @property
    def max_lean(self) -> float:
        """Degrees that edges may lean against the floor: they are known better than floors are."""
        return LEAN * self.max_tilt

    @property
    def asks_edges(self) -> bool:
        """Whether edges can contradict the floor at all."""
        return bool(self.labels) and self.max_lean < REACH


def ground_vote(
    view: View, plane: GroundPlane, settings: GroundSettings, lean: Optional[Lean] = None
) -> Union[Vote, AffineVote]:
    """Return by how much the depth of the floor in view is off, or what makes metres of it.

    Args:
        view: what the network says.
        plane: where the floor is.
        settings: what counts as a witness.
        lean: what the image's edges say of the plane; None for nothing.

    Raises:
        ScaleError: 'no_labels', 'leaning' where the edges contradict the plane, 'no_floor' where
            too few confident pixels are floor, 'tilted' where the network's floor leans against
            the known one: either is wrong; as `fit_affine`, of a network that gives no metres.

    """
    if view.label is None or not settings.labels:
        raise ScaleError(
            'no_labels',
            'the model has none of the classes in scale.ground_classes, by which the floor is '
            'found; take a model that has, or scale.source points or motion',
        )
    if lean is not None and lean.exceeds(settings.max_lean):
        raise ScaleError(
            'leaning',
            f'the edges in the image lean by about {lean.degrees:.0f} degrees against the pose '
            'of the camera: correct pitch and roll (TF, or camera.pitch and camera.roll), or '
            'raise scale.max_tilt where things are built askew',
        )
    view = view.thinned(SAMPLES)
    chosen = _floor(view, plane, settings.labels)
    share = np.count_nonzero(chosen) / chosen.size
    if share < LEAST_SHARE:
        raise ScaleError(
            'no_floor', f'{share:.1%} of the image is floor for sure, expected {LEAST_SHARE:.0%}'
        )
    known = plane.depth(view.camera)[chosen]
    vote = vote_on(view, known, view.depth[chosen], np.nonzero(chosen)[1])
    depth = _in_metres(view, vote)
    floor = np.count_nonzero(chosen)
    chosen &= np.isfinite(depth)
    if 2 * np.count_nonzero(chosen) < floor:
        raise ScaleError(
            'no_fit',
            f'most of the floor would be farther than {view.relative.farthest:g} m; correct '
            'depth.farthest in the manifest, or the pose of the camera',
        )
    tilt = plane.angle_to(seen_plane(depth, chosen, view.camera))
    upright = lean is not None and not lean.exceeds(CLOSE)
    if tilt > (max(UPRIGHT_TILT, settings.max_tilt) if upright else settings.max_tilt):
        raise ScaleError(
            'tilted',
            f'the floor in the depth leans by {tilt:.0f} degrees against the known one, expected '
            f'at most {settings.max_tilt:.0f}; correct the pose of the camera (TF, or '
            'camera.pitch and camera.roll), or raise scale.max_tilt where the network is known to '
            'tilt such floors',
        )
    return replace(vote, tilt=tilt, upright=upright)


def _in_metres(view, vote):
    if view.relative is None:
        return view.depth
    return view.relative.metres(view.depth, vote.scale, vote.shift)


def _floor(view, plane, labels):
    """Return (H, W) bool: confident floor that is seen steeply enough and has a depth."""
    chosen = is_of(view.label, labels)
    chosen &= view.confidence >= LEAST_CONFIDENCE
    chosen &= plane.climb(view.camera) < -LEAST_FALL
    return chosen & view.usable()


def height_by(
    points: np.ndarray, view: View, plane: GroundPlane, labels: Collection[int]
) -> Optional[Height]:
    """Return how high the camera is over measured points of the floor.

    It is no network's depth that tells, but what the points are measured by; a network only says
    which of them are floor.

    Args:
        points: (n, 3) metres in the optical frame.
        view: has the labels.
        plane: where the floor is known to be.
        labels: class indices of floors.

    Returns:
        The median over the points on confident floor that is seen steeply enough; None where they
        are too few, or differ too much.

    """
    if view.label is None:
        return None
    rows, columns, depth, seen = projected(points, view.camera)
    below = -(points[seen] @ plane.up)
    floor = is_of(view.label[rows, columns], labels)
    floor &= view.confidence[rows, columns] >= LEAST_CONFIDENCE
    floor &= below > LEAST_FALL * depth
    if np.count_nonzero(floor) < FEWEST_FLOOR:
        return None
    log, spread = middle_and_spread(np.log(below[floor]))
    return Height(math.exp(log), plane) if spread <= ROUGHEST else None


def seen_plane(depth: np.ndarray, chosen: np.ndarray, camera: PinholeCamera) -> GroundPlane:
    """Return the plane through the points of some pixels, whatever a minority of them does.

    Args:
        depth: (H, W) float32 metres.
        chosen: (H, W) bool, pixels with a depth.
        camera: the grid.

    Returns:
        The plane p with points . p = -1 that has the least relative error in depth, by least
        squares with weights that fall with the error (Cauchy's, squared).

    """
    z = depth[chosen].astype(np.float64)
    points = np.vstack([camera.rays()[chosen].T * z, z])
    weights = np.ones(z.size)
    for _ in range(ROUNDS):
        weighted = points * weights
        normal = np.linalg.lstsq(weighted @ points.T, -weighted.sum(axis=1), rcond=None)[0]
        weights = fading_weights(np.abs(normal @ points + 1), TOLERANCE)
    length = max(float(np.linalg.norm(normal)), 1e-12)
    return GroundPlane(tuple((normal / length).tolist()), 1 / length)


def label_indices(names: Collection[str], classes: Collection[str]) -> tuple[int, ...]:
    """Return the indices of the classes that have one of these names, whatever the case."""
    wanted = {name.strip().lower() for name in names}
    return tuple(i for i, name in enumerate(classes) if name.lower() in wanted)
