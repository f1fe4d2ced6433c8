"""Points that a moving camera measures by itself, where the robot knows how far it has moved.

What is tracked from one image to another moves in it by the camera's turn, which says nothing of
distances, and by the way that it went over the distance of each thing (Longuet-Higgins and
Prazdny, Proc. R. Soc. B 208, 1980). Odometry knows the way within a few per cent, and the turn not
well enough: 0.3 degrees, as a robot's body nods, are as much as a few centimetres of way. So turn
and direction are corrected until all tracks lie on their epipolar lines (Hartley and Zisserman,
Multiple View Geometry, 2004, sections 9.2 and 11.4.3), and only the length is the odometry's.
"""

from __future__ import annotations

from dataclasses import dataclass
import math
from typing import NamedTuple, Sequence

from monodepth_ros.camera import PinholeCamera
from monodepth_ros.errors import ScaleError
from monodepth_ros.scale.pose import Pose
import numpy as np

FEWEST_TRACKS = 20
"""Tracks since one image below which nothing is to be learned from that."""

FEWEST_POINTS = 30
"""Points below which a frame has measured nothing."""

SHORTEST_WAY = 0.03
"""Metres; of less, errors of odometry and of its stamps are too large a part."""

TURN_ERROR, DIRECTION_ERROR = math.radians(0.7), math.radians(1.5)
"""Deviations of the turn about each axis, and of the way's direction, that odometry, nodding and
the mounting of the camera are taken to have."""

PIXEL_ERROR = 0.3
"""Deviation of a track across its epipolar line, pixels; such tracks count half."""

TRACK_ERROR = 0.4
"""Deviation of a track along its epipolar line, pixels."""

MOST_OFF = 1.0
"""Pixels off its epipolar line from which on a track is another thing, or moves by itself."""

LEAST_PARALLAX = 2.0
"""Pixels by which a thing must have moved other than by the turn."""

WAY_ERROR = 0.005
"""Deviation of where odometry has the camera, metres, besides a share of the way; stamps that are
off make it."""

MOST_DOUBT = 0.12
"""Deviation of a point's distance, relative, up to which it counts."""

NEAREST, FARTHEST = 0.1, 30.0
"""Metres, of the points."""

ROUNDS = 4
STEP = 1e-6
"""Of the derivatives, radians."""


@dataclass(frozen=True)
class Tracks:
    """What was followed from one image to another.

    Attributes:
        stamp_ns: of the first image.
        first: (n, 2) columns and rows in it.
        second: (n, 2) columns and rows in the other one.

    """

    stamp_ns: int
    first: np.ndarray
    second: np.ndarray


class _Way(NamedTuple):
    """From the first camera to the second: p_second = turn p_first + length direction.

    Attributes:
        turn: (..., 3, 3), a rotation.
        direction: (..., 3), of length 1.
        sides: (2, 3), two unit vectors across the direction of odometry.

    """

    turn: np.ndarray
    direction: np.ndarray
    sides: np.ndarray

    def corrected(self, change: np.ndarray) -> _Way:
        """Return the way turned by a rotation vector, its direction moved to both sides."""
        direction = self.direction + change[3:] @ self.sides
        turn = _rotation(change[:3]) @ self.turn
        return _Way(turn, direction / np.linalg.norm(direction), self.sides)


def measured_points(
    tracks: Sequence[Tracks], poses: Sequence[Pose], camera: PinholeCamera
) -> np.ndarray:
    """Return where what was tracked is, (m, 3) metres in the second optical frame.

    Args:
        tracks: since several images up to the same one.
        poses: of each of their cameras in the frame of that one, by odometry.
        camera: the grid of all images.

    Raises:
        ScaleError: 'no_motion' where the camera has hardly moved, or too little was tracked.

    """
    found = [
        _measured(_rays(one.first, camera), _rays(one.second, camera), pose, camera.fx)
        for one, pose in zip(tracks, poses, strict=True)
        if len(one.first) >= FEWEST_TRACKS and math.hypot(*pose.translation) >= SHORTEST_WAY
    ]
    points = np.concatenate([np.empty((0, 3)), *found])
    if len(points) < FEWEST_POINTS:
        raise ScaleError(
            'no_motion',
            f'{len(points)} points are measured by the way that the camera went, expected '
            f'{FEWEST_POINTS}',
        )
    return points


def _rays(pixels, camera):
    """Return (n, 3) directions, 1 along the optical axis."""
    x, y = pixels.astype(np.float64).T
    return np.column_stack(
        [(x - camera.cx) / camera.fx, (y - camera.cy) / camera.fy, np.ones(len(x))]
    )


def _measured(first, second, pose, focal_length):
    """Return the points, (m, 3), of rays from a camera of this pose and of those in the second."""
    length = math.hypot(*pose.translation)
    direction = np.array(pose.translation) / length
    way = _Way(np.array(pose.rotation), direction, _across(direction))
    errors = [TURN_ERROR] * 3 + [math.hypot(DIRECTION_ERROR, WAY_ERROR / length)] * 2
    way, covariance = _fitted(way, first, second, focal_length, errors)
    depth, parallax = _triangulated(way, first, second, length)
    off = np.abs(_off_lines(way, first, second)[0]) * focal_length
    steps = [way.corrected(step) for step in STEP * np.eye(5)]
    beside = _Way(*(np.array(parts) for parts in zip(*steps)))
    there = (second * depth[:, None] - length * way.direction) @ way.turn
    with np.errstate(all='ignore'):
        slopes = np.log(_triangulated(beside, first, second, length)[0] / depth) / STEP
        doubt = np.einsum('in,ij,jn->n', slopes, covariance, slopes)
        doubt += (TRACK_ERROR / focal_length / parallax) ** 2 + (WAY_ERROR / length) ** 2
        # NaN fails every comparison.
        good = (depth > NEAREST) & (depth < FARTHEST) & (doubt < MOST_DOUBT**2)
        good &= (off < MOST_OFF) & (parallax * focal_length > LEAST_PARALLAX)
        good &= there[:, 2] > NEAREST
    return second[good] * depth[good, None]


def _fitted(way, first, second, focal_length, errors):
    """Return the way on which the tracks agree best, and the covariance of its correction.

    Gauss and Newton's method on the distances to the epipolar lines, with weights that fall with
    the distance, so that what moves by itself counts little, and what odometry says as a prior.
    """
    prior = np.diag(np.array(errors) ** -2)
    change = np.zeros(5)
    for _ in range(ROUNDS):
        off, slopes = _off_lines(way.corrected(change), first, second)
        off, slopes = off * focal_length, slopes * focal_length
        weights = (1 + (off / PIXEL_ERROR) ** 2) ** -2 / PIXEL_ERROR**2
        information = (slopes * weights) @ slopes.T + prior
        change -= np.linalg.solve(information, slopes @ (weights * off) + prior @ change)
    return way.corrected(change), np.linalg.inv(information)


def _off_lines(way, first, second):
    """Return how far tracks are from their epipolar lines, at the depth 1, and its slopes.

    Returns:
        Sampson's distance, (n,), and its change with each part of a correction, (5, n), as if
        the lines' steepness stayed.

    """
    across = _cross_matrix(way.direction)
    essential = across @ way.turn
    here, there = first @ essential.T, second @ essential
    steepness = np.hypot(np.hypot(here[:, 0], here[:, 1]), np.hypot(there[:, 0], there[:, 1]))
    steepness = np.maximum(steepness, 1e-12)
    changes = [across @ _cross_matrix(axis) @ way.turn for axis in np.eye(3)]
    changes += [_cross_matrix(side) @ way.turn for side in way.sides]
    # (5, n, 3) of what each part adds to the lines in the second image.
    slopes = np.einsum('knj,nj->kn', first @ np.array(changes).transpose(0, 2, 1), second)
    return np.einsum('ni,ni->n', second, here) / steepness, slopes / steepness


def _triangulated(way, first, second, length):
    """Return depth in the second camera, and the sine of the angle between both rays, (..., n).

    z turn^T second - turn^T length direction is along the first ray; z is what makes the part
    across that least.
    """
    along = second @ way.turn
    back = length * (way.direction[..., None, :] @ way.turn)
    across = np.cross(along, first)
    squares = (across * across).sum(-1)
    depth = (np.cross(back, first) * across).sum(-1) / np.maximum(squares, 1e-12)
    lengths = np.linalg.norm(along, axis=-1) * np.linalg.norm(first, axis=-1)
    return depth, np.sqrt(squares) / lengths


def _cross_matrix(v):
    return np.array([[0, -v[2], v[1]], [v[2], 0, -v[0]], [-v[1], v[0], 0]])


def _across(direction):
    """Return two unit vectors across a direction, (2, 3)."""
    helper = np.eye(3)[np.argmin(np.abs(direction))]
    first = np.cross(direction, helper)
    first /= np.linalg.norm(first)
    return np.array([first, np.cross(direction, first)])


def _rotation(vector):
    """Return the rotation by a vector's length in radians about it (Rodrigues)."""
    angle = math.hypot(*vector)
    if angle < 1e-12:
        return np.eye(3) + _cross_matrix(vector)
    axis = _cross_matrix(vector / angle)
    return np.eye(3) + math.sin(angle) * axis + (1 - math.cos(angle)) * axis @ axis
