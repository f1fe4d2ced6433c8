"""The floor of images with true depth and labels, as a robot would know it."""

from __future__ import annotations

import argparse
import math
from typing import Optional

from monodepth_ros.masks import is_of
from monodepth_ros.scale.ground import seen_plane
from monodepth_ros.scale.plane import GroundPlane
from monodepth_ros.training.datasets import Sample
import numpy as np


def add_pose_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options that say how wrong the known pose is."""
    parser.add_argument(
        '--degrees', type=float, default=1.0, help='error of the pose (default: %(default)s)'
    )
    parser.add_argument(
        '--height-error',
        type=float,
        default=0.02,
        help='error of the height, relative (default: %(default)s)',
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
    step = sample.image.shape[0] // sample.depth.shape[0]
    floor = is_of(sample.label[::step, ::step], labels) & (sample.depth > 0)
    if np.mean(floor) < least:
        return None
    plane = seen_plane(sample.depth, floor, sample.camera.rectified.every(step))
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
