"""What the Rerun viewer is given of a frame: small, and ready to be sent to another process."""

from __future__ import annotations

from dataclasses import dataclass, field
import math
from typing import Optional

import cv2
from monodepth_ros.camera import PinholeCamera
from monodepth_ros.facts import ModelFacts
from monodepth_ros.frames import Prediction, UNLABELLED
from monodepth_ros.image_encodings import to_millimetres
from monodepth_ros.pipeline.postprocess import is_valid
import numpy as np

MOST_POINTS = 20_000
"""Points of a frame: rows and columns are left out until it has no more, so that a minute of
video stays below a gigabyte and turns smoothly."""

JPEG = (cv2.IMWRITE_JPEG_QUALITY, 90)

Class = tuple[int, str, tuple[int, int, int]]
"""Label, name, and (r, g, b) 0..255."""


@dataclass(frozen=True)
class RerunFrame:
    """One frame of a recording for the viewer.

    Attributes:
        jpeg: the colour image.
        depths: (H, W) uint16 millimetres, 0 where unknown, by name: 'depth' or 'truth'.
        label: (H, W) uint8 class index, or None.
        classes: what the labels mean.
        points: (N, 3) float32 metres in the optical frame.
        colors: (N, 3) uint8 RGB of the points.
        camera: intrinsics of all images, or None.
        scalars: numbers to plot, by name.
        stamp_ns: nanoseconds; 0 where there is no stamp.
        frame_id: the optical frame.

    """

    jpeg: bytes
    depths: dict[str, np.ndarray]
    label: Optional[np.ndarray] = None
    classes: tuple[Class, ...] = ()
    points: np.ndarray = field(default_factory=lambda: np.empty((0, 3), np.float32))
    colors: np.ndarray = field(default_factory=lambda: np.empty((0, 3), np.uint8))
    camera: Optional[PinholeCamera] = None
    scalars: dict[str, float] = field(default_factory=dict)
    stamp_ns: int = 0
    frame_id: str = ''


def frame_of_prediction(
    prediction: Prediction, facts: ModelFacts, stride: int = 1, scale: float = 1.0
) -> RerunFrame:
    """
    Return what the viewer is given of a prediction.

    Args:
        prediction: without a camera it has no points, without metres no depth either.
        facts: class names and colours.
        stride: every n-th row and column at most becomes a point.
        scale: what the depth was multiplied by.

    """
    depths, scalars, cloud = {}, {}, {}
    if prediction.relative is None:
        depths['depth'] = to_millimetres(prediction.depth)
        scalars = {'scale': scale, **figures(prediction.depth)}
        if prediction.camera is not None:
            seen = prediction.depth, prediction.image, prediction.camera
            cloud = dict(zip(('points', 'colors'), thin_cloud(*seen, stride)))
    return RerunFrame(
        jpeg=cv2.imencode('.jpg', prediction.image[..., ::-1], JPEG)[1].tobytes(),
        depths=depths,
        label=prediction.label if facts.classes else None,
        classes=_classes(facts),
        camera=prediction.camera,
        scalars=scalars,
        stamp_ns=prediction.stamp_ns,
        frame_id=prediction.frame_id,
        **cloud,
    )


def figures(depth: np.ndarray) -> dict[str, float]:
    """Return median and share of the known depths of (H, W) metres, where any is known."""
    known = depth[is_valid(depth)]
    if not known.size:
        return {'known_share': 0.0}
    return {'median_depth': float(np.median(known)), 'known_share': known.size / depth.size}


def thin_cloud(
    depth: np.ndarray, image: np.ndarray, camera: PinholeCamera, stride: int = 1
) -> tuple[np.ndarray, np.ndarray]:
    """
    Return the points of the known pixels, of every n-th row and column as `MOST_POINTS` asks.

    Args:
        depth: (H, W) float32 metres, not finite or 0 where unknown.
        image: (H, W, 3) uint8 RGB.
        camera: the grid's.
        stride: the least n.

    Returns:
        (N, 3) float32 metres in the optical frame, and (N, 3) uint8 RGB.

    """
    known = is_valid(depth)
    # Sparse depth, of a lidar, has few points, which stay.
    step = max(stride, math.ceil(math.sqrt(np.count_nonzero(known) / MOST_POINTS)))
    known = known[::step, ::step]
    z = depth[::step, ::step][known]
    rays = camera.rays()[::step, ::step][known]
    points = np.column_stack((rays * z[:, None], z)).astype(np.float32)
    return points, image[::step, ::step][known]


def _classes(facts):
    named = zip(range(len(facts.classes)), facts.classes, facts.colors)
    return (*named, (UNLABELLED, 'unlabelled', (0, 0, 0))) if facts.classes else ()
