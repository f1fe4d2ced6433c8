"""The lens test: how much the network's depth changes when only the lens does.

A scene seen through a lens of k times the focal length is k times larger in the picture. A network
that knows the focal length only by the picture gives k times less depth then, which its scaling
rule turns back. One that holds on to the distances it saw in training gives less than that.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

import cv2
from monodepth_ros.camera import CameraModel
from monodepth_ros.errors import DatasetError
from monodepth_ros.frames import Frame
from monodepth_ros.pipeline.predictor import Predictor
from monodepth_ros.training.datasets import Sample
import numpy as np

FACTOR = 1.6
"""Between the lenses of a pair that is made of one image."""


def zoomed(sample: Sample, factor: float) -> Sample:
    """Return the image that a lens of `factor` times the focal length gives: its middle, larger.

    Raises:
        DatasetError: the camera is unknown.

    """
    if sample.camera is None:
        raise DatasetError(f'image {sample.name!r} has no camera, which the lens test needs')
    grid = sample.camera.rectified
    size = (grid.width, grid.height)
    middle = [(side - 1) / 2.0 for side in size]
    small = 1.0 / factor
    to_wide = np.array([[small, 0, middle[0] * (1 - small)], [0, small, middle[1] * (1 - small)]])
    flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
    image = cv2.warpAffine(sample.image, to_wide, size, flags=flags)
    cx, cy = (factor * (c - m) + m for c, m in zip((grid.cx, grid.cy), middle))
    k = (factor * grid.fx, 0.0, cx, 0.0, factor * grid.fy, cy, 0.0, 0.0, 1.0)
    camera = CameraModel.from_intrinsics(*size, k=k, d=(), model='none')
    return replace(sample, image=image, camera=camera)


def ordered(first: Sample, second: Sample) -> tuple[Sample, Sample]:
    """Return two views, that of the shorter lens first; raise DatasetError without a camera."""
    for sample in (first, second):
        if sample.camera is None:
            raise DatasetError(f'image {sample.name!r} has no camera, which the lens test needs')
    return tuple(sorted((first, second), key=_focal_length))


def _focal_length(sample):
    """Return the focal length in image widths."""
    grid = sample.camera.rectified
    return grid.fx / grid.width


def lens_ratio(predictor: Predictor, wide: Sample, tele: Sample) -> tuple[float, float]:
    """Return how much the network's depth differs between two lenses, and how much it should.

    Args:
        predictor: the model; `metric_scaling` has to be 'none', so that depth is the network's.
        wide: a view.
        tele: a view from the same place in the same direction, through a longer lens.

    Returns:
        the median ratio of the depths over the pixels that both see, wide over tele, and the ratio
        of the focal lengths, both in image widths.

    Raises:
        DatasetError: the two see no pixel in common.

    """
    grids = [sample.camera.rectified for sample in (wide, tele)]
    of_wide, of_tele = (predictor.predict(Frame(s.image, s.camera)).depth for s in (wide, tele))
    to_wide = grids[0].matrix() @ np.linalg.inv(grids[1].matrix())
    size = (grids[1].width, grids[1].height)
    flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
    nothing = float('nan')
    seen = cv2.warpPerspective(of_wide, to_wide, size, flags=flags, borderValue=nothing)
    ratio = seen / of_tele
    ratio = ratio[np.isfinite(ratio) & (ratio > 0)]
    if not ratio.size:
        raise DatasetError(f'images {wide.name!r} and {tele.name!r} show nothing in common')
    return float(np.median(ratio)), _focal_length(tele) / _focal_length(wide)


def lens_test(predictor: Predictor, pairs: Iterable[tuple[Sample, Sample]]) -> dict:
    """Return the figures of pairs of views, as plain JSON types.

    Args:
        predictor: as for `lens_ratio`.
        pairs: each wide and tele.

    Returns:
        n_images: pairs. ratio and true_ratio: geometric means of what `lens_ratio` gave.
        exponent: ln ratio / ln true_ratio, 1 for a network that knows the focal length wholly and
        0 for one that does not at all. spread: standard deviation of ln ratio - ln true_ratio.

    """
    found = np.log([lens_ratio(predictor, *pair) for pair in pairs]).reshape(-1, 2)
    if not len(found):
        return {'n_images': 0}
    mean, truth = found.mean(axis=0)
    return {
        'n_images': len(found),
        'ratio': float(np.exp(mean)),
        'true_ratio': float(np.exp(truth)),
        'exponent': float(mean / truth),
        'spread': float((found[:, 0] - found[:, 1]).std()),
    }
