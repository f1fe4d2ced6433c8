"""What is wrong with the scale at a site, and what would mend it: one factor, or the floor."""

from __future__ import annotations

from typing import NamedTuple, Optional

from monodepth_ros.camera import PinholeCamera
from monodepth_ros.fleet.poses import Stand
from monodepth_ros.frames import Prediction
from monodepth_ros.training.metrics import DELTA, into_range, MIN_DEPTH
import numpy as np

MOST_PIXELS = 4000
"""Of an image, evenly spread."""
FLOOR = 'floor'
FEWEST_FLOOR = 0.01
"""Share of the pixels: of less floor the median is no witness."""
BELOW = 0.05
"""Slope of a ray down to the floor, from which the distance to it is known well."""


class _Image(NamedTuple):
    """One image: its log ratios of true by predicted depth, and the floor's factor or None."""

    ratios: np.ndarray
    ground: Optional[float]


def ground_factor(
    prediction: Prediction, floor: int, camera: PinholeCamera, stand: Stand
) -> Optional[float]:
    """
    Return the factor by which the floor is farther than predicted, None where little is seen.

    Args:
        prediction: depth and labels.
        floor: index of the class.
        camera: grid of the prediction.
        stand: of the camera over the floor.

    """
    pitch, roll = np.radians([stand.pitch, stand.roll])
    # The direction down in camera axes (x right, y down, z forward).
    down = (np.sin(roll) * np.cos(pitch), np.cos(roll) * np.cos(pitch), -np.sin(pitch))
    rays = camera.rays().astype(np.float64)
    slope = rays[..., 0] * down[0] + rays[..., 1] * down[1] + down[2]
    depth = prediction.depth
    counts = (prediction.label == floor) & (slope > BELOW) & np.isfinite(depth) & (depth > 0)
    if counts.sum() < FEWEST_FLOOR * counts.size:
        return None
    return float(np.median(stand.height / slope[counts] / depth[counts]))


class Gain:
    """Errors as they are, with one factor for all images, and with the factor of the floor.

    Args:
        max_depth: metres; the range of predictions.

    """

    def __init__(self, max_depth: float) -> None:
        self._max_depth = max_depth
        self._images: list[_Image] = []

    def update(self, depth: np.ndarray, target: np.ndarray, ground: Optional[float]) -> None:
        """Add an image: (n,) predicted and true metres, and the factor of the floor or None."""
        if not target.size:
            return
        step = max(1, target.size // MOST_PIXELS)
        found = into_range(depth[::step], MIN_DEPTH, self._max_depth).astype(np.float64)
        self._images.append(_Image(np.log(target[::step] / found), ground))

    def compute(self) -> dict:
        """
        Return the figures, as plain JSON types; empty without images.

        Returns:
            as_it_is: abs_rel and delta1, means over images. factor: of one factor for all, which
            is found on every second image and measured on the others: its value, the deviation of
            the images' own factors in percent, abs_rel and delta1. ground: of those images whose
            floor is seen, how many they are, abs_rel and delta1 as they are and with the floor's
            factor; None where there is none. by_image: with each image's own factor, the best
            that any scale can do.

        """
        if not self._images:
            return {}
        own = np.array([np.median(image.ratios) for image in self._images])
        chosen, others = own[::2], self._images[1::2] or self._images
        factor = float(np.median(chosen))
        seen = [image for image in self._images if image.ground]
        return {
            'as_it_is': _errors(self._images, np.zeros(len(self._images))),
            'factor': {
                'value': float(np.exp(factor)),
                'spread_percent': float(100 * np.std(own)),
                **_errors(others, np.full(len(others), factor)),
            },
            'ground': seen
            and {
                'n_images': len(seen),
                'before': _errors(seen, np.zeros(len(seen))),
                **_errors(seen, np.log([image.ground for image in seen])),
            }
            or None,
            'by_image': _errors(self._images, own),
        }


def _errors(images, shifts) -> dict[str, float]:
    """Return means over images of the errors after each prediction's logarithm is shifted."""
    relative, hits = [], []
    for image, shift in zip(images, shifts):
        left = image.ratios - shift
        relative.append(np.abs(np.exp(-left) - 1).mean())
        hits.append((np.abs(left) < np.log(DELTA)).mean())
    return {'abs_rel': float(np.mean(relative)), 'delta1': float(np.mean(hits))}


def gain_lines(gain: dict) -> list[str]:
    """Return in words what the figures say."""
    if not gain:
        return ['no image has truth in the range']
    before, factor, ground = gain['as_it_is'], gain['factor'], gain['ground']
    way = 'too near' if factor['value'] > 1 else 'too far'
    off = abs(1 / factor['value'] - 1)
    lines = [
        f'as it is: delta1 {before["delta1"]:.3f}, abs_rel {before["abs_rel"]:.3f}',
        f'in the median {off:.0%} {way}: with one factor of {factor["value"]:.3f} delta1 '
        f'{factor["delta1"]:.3f}, abs_rel {factor["abs_rel"]:.3f}; images differ by '
        f'{factor["spread_percent"]:.0f} %',
    ]
    if ground:
        own = ground['before']
        lines.append(
            f'with the floor ({ground["n_images"]} images): delta1 {own["delta1"]:.3f} to '
            f'{ground["delta1"]:.3f}, abs_rel {own["abs_rel"]:.3f} to {ground["abs_rel"]:.3f}'
        )
    else:
        lines.append('with the floor: unknown, since no pose over it or no floor is seen')
    best = gain['by_image']
    lines.append(f'at best with any scale: delta1 {best["delta1"]:.3f}; more takes training')
    return lines
