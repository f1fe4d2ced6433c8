"""The floor of images with true depth and labels, as a robot would know it."""

from __future__ import annotations

import math
from typing import Optional

from monodepth_ros.camera import PinholeCamera
from monodepth_ros.scale.ground import seen_plane
from monodepth_ros.scale.plane import GroundPlane
from monodepth_ros.training.datasets import Sample
import numpy as np


def true_grid(sample: Sample) -> tuple[int, PinholeCamera]:
    """Return how many pixels of the image one of the true depth is, and the grid of the latter."""
    step = sample.image.shape[0] // sample.depth.shape[0]
    camera = sample.camera.rectified
    return step, PinholeCamera(
        sample.depth.shape[1],
        sample.depth.shape[0],
        *(value / step for value in (camera.fx, camera.fy, camera.cx, camera.cy)),
    )


def true_plane(sample: Sample, labels: tuple[int, ...], least: float) -> Optional[GroundPlane]:
    """Return the floor of an annotated image.

    Args:
        sample: depth and labels.
        labels: class indices of floors.
        least: share of the image that it has to be.

    Returns:
        The plane through it; None where less is in view, or what it is leans like a wall.

    """
    step, part = true_grid(sample)
    floor = np.isin(sample.label[::step, ::step], labels) & (sample.depth > 0)
    if np.mean(floor) < least:
        return None
    plane = seen_plane(sample.depth, floor, part)
    # What leans more is a wall by its label, or a bed.
    return plane if plane.up[1] < -0.3 else None


def wrong(plane: GroundPlane, degrees: float, height: float, seed: int) -> GroundPlane:
    """Return a plane turned by so much about an axis by chance, the height off by a share."""
    rng = np.random.default_rng(seed)
    up = np.array(plane.up)
    axis = np.cross(up, rng.normal(size=3))
    axis /= np.linalg.norm(axis)
    angle = math.radians(degrees)
    turned = up * math.cos(angle) + np.cross(axis, up) * math.sin(angle)
    return GroundPlane(tuple(turned.tolist()), plane.height * (1 + height * rng.choice((-1, 1))))
