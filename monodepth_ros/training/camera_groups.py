"""Figures of groups of images: by the height of the camera, and by its focal length."""

from __future__ import annotations

from collections.abc import Sequence
import math
from typing import Optional

from monodepth_ros.training.datasets import Sample
import numpy as np

HEIGHTS = (0.0, 0.5, 1.2, math.inf)
"""Metres: robots close to the floor, tables and larger robots, people."""
FOCAL_LENGTHS = (0.0, 0.55, 0.75, 1.0, math.inf)
"""Image widths: fields of view above 85, 67, 53 degrees, and below."""
LOW = 0.7
"""Metres; below it the floor is seen so flat that networks took it for a wall."""
FIGURES = ('delta1', 'rmse', 'abs_rel', 'delta1_scaled', 'median_ratio', 'pixel_accuracy')
FLOOR, WALL = 'floor', 'wall'


def camera_facts(sample: Sample) -> dict[str, float]:
    """Return what is known: camera_height in metres, focal_length in image widths."""
    facts = {}
    if sample.camera_height is not None:
        facts['camera_height'] = float(sample.camera_height)
    if sample.camera is not None:
        grid = sample.camera.rectified
        facts['focal_length'] = float(grid.fx / grid.width)
    return facts


def floor_counts(
    label: np.ndarray, target: np.ndarray, mask: np.ndarray, classes: Sequence[str]
) -> dict[str, int]:
    """Return how many floor pixels an image has, and how many are labelled floor and wall.

    Args:
        label: (H, W) uint8 predicted class index.
        target: (H, W) uint8 true one.
        mask: (H, W) bool, the pixels that count.
        classes: their names; without a floor there are no counts.

    """
    if FLOOR not in classes:
        return {}
    found = label[(target == classes.index(FLOOR)) & mask]
    counts = {
        'floor_pixels': found.size,
        'floor_as_floor': int((found == classes.index(FLOOR)).sum()),
    }
    if WALL in classes:
        counts['floor_as_wall'] = int((found == classes.index(WALL)).sum())
    return counts


def by_camera(images: Sequence[dict]) -> dict:
    """Return the figures of groups of images, as plain JSON types.

    Args:
        images: records of `Evaluation.images`, with what `camera_facts` and `floor_counts` gave.

    Returns:
        by_camera_height and by_focal_length, lists of groups with their limits, and low_floor of
        cameras below `LOW`; each only where there are such images, by_focal_length only where
        they differ.

    """
    result: dict = {}
    heights = [i for i in images if 'camera_height' in i]
    if heights:
        result['by_camera_height'] = _groups(heights, 'camera_height', HEIGHTS)
        low = [i for i in heights if i['camera_height'] < LOW]
        if any(i.get('floor_pixels') for i in low):
            result['low_floor'] = {'below_m': LOW, 'n_images': len(low), **_floor(low)}
    lengths = [i for i in images if 'focal_length' in i]
    if len({i['focal_length'] for i in lengths}) > 1:
        result['by_focal_length'] = _groups(lengths, 'focal_length', FOCAL_LENGTHS)
    return result


def _groups(images, key, limits):
    groups = []
    for low, high in zip(limits, limits[1:]):
        chosen = [i for i in images if low <= i[key] < high]
        ends = {'from': low, 'to': high if math.isfinite(high) else None}
        groups.append({**ends, 'n_images': len(chosen), **_means(chosen), **_floor(chosen)})
    return groups


def _means(images):
    values = {name: [i[name] for i in images if name in i] for name in FIGURES}
    return {name: float(np.mean(v)) for name, v in values.items() if v}


def _floor(images) -> dict[str, Optional[float]]:
    """Return which share of the floor's pixels is labelled floor and wall, over all images."""
    pixels = sum(i.get('floor_pixels', 0) for i in images)
    keys = ('floor_as_floor', 'floor_as_wall')
    present = [k for k in keys if any(k in i for i in images)]
    return {k: sum(i.get(k, 0) for i in images) / pixels for k in present} if pixels else {}
