"""What is wrong with the scale at a site, and what would mend it: one factor, or the floor."""

from __future__ import annotations

from functools import partial
from typing import NamedTuple, Optional

from monodepth_ros.errors import ScaleError
from monodepth_ros.fleet.poses import Stand
from monodepth_ros.frames import Prediction
from monodepth_ros.scale.estimator import ScaleEstimator, ScaleSettings
from monodepth_ros.scale.ground import ground_vote, GroundSettings
from monodepth_ros.scale.plane import GroundPlane
from monodepth_ros.scale.votes import View
from monodepth_ros.training.one_factor import Logs, logs_of, one_factor, shifted_errors
import numpy as np

FLOOR = 'floor'


class _Image(NamedTuple):
    """One image: its depth as it is, and by the floor or None."""

    plain: Logs
    grounded: Optional[Logs]


def grounded_depth(prediction: Prediction, floor: int, stand: Stand) -> Optional[np.ndarray]:
    """
    Return the depth as the floor corrects it at a first frame; None where it gives no vote.

    Args:
        prediction: depth, labels and their confidence.
        floor: index of the class.
        stand: of the camera over the floor.

    Returns:
        (H, W) float32 metres.

    """
    maps = prediction.label, prediction.confidence
    view = View(prediction.depth, prediction.camera, *maps)
    try:
        plane = GroundPlane.from_camera(stand.height, -stand.pitch, stand.roll)
    except ScaleError:
        return None
    witness = partial(ground_vote, plane=plane, settings=GroundSettings((floor,)))
    state = ScaleEstimator().update(view, 0, {'ground': witness}, ScaleSettings())
    estimate = state.estimate
    if not estimate.votes:
        return None
    return np.float32(estimate.factor) * prediction.depth * estimate.bend.factors(prediction.depth)


class Gain:
    """Errors as they are, with one factor for all images, and as the floor corrects them.

    Args:
        max_depth: metres; the range of predictions.

    """

    def __init__(self, max_depth: float) -> None:
        self._max_depth = max_depth
        self._images: list[_Image] = []

    def update(
        self, depth: np.ndarray, target: np.ndarray, grounded: Optional[np.ndarray]
    ) -> None:
        """Add an image: (n,) predicted and true metres, and those by the floor or None."""
        if not target.size:
            return
        by_floor = None if grounded is None else logs_of(grounded, target)
        self._images.append(_Image(logs_of(depth, target), by_floor))

    def compute(self) -> dict:
        """
        Return the figures, as plain JSON types; empty without images.

        Returns:
            as_it_is: abs_rel and delta1, means over images. factor: `one_factor`. ground: of
            those images whose floor votes, how many they are, abs_rel and delta1 as they are and
            by the floor; None where there is none. by_image: with each image's own factor, the
            best that any scale can do.

        """
        if not self._images:
            return {}
        plain = [image.plain for image in self._images]
        seen = [image for image in self._images if image.grounded is not None]
        return {
            'as_it_is': self._errors(plain),
            'factor': one_factor(plain, self._max_depth),
            'ground': seen
            and {
                'n_images': len(seen),
                'before': self._errors([image.plain for image in seen]),
                **self._errors([image.grounded for image in seen]),
            }
            or None,
            'by_image': self._errors(plain, [image.factor for image in plain]),
        }

    def _errors(self, images, shifts=None):
        shifts = np.zeros(len(images)) if shifts is None else np.array(shifts)
        return shifted_errors(images, shifts, self._max_depth)


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
