"""What flows through the package: one dataclass a stage, with shapes and units."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Optional, TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from monodepth_ros.camera import CameraModel, PinholeCamera
    from monodepth_ros.scale.plane import GroundPlane

UNLABELLED = 255
"""Label of a pixel that has no class."""


@dataclass(frozen=True)
class Frame:
    """One camera image as it came, before rectification.

    Attributes:
        image: (H, W, 3) uint8 RGB, C-contiguous.
        camera: intrinsics valid for this very image size, or None where unknown.
        stamp_ns: acquisition time in nanoseconds.
        frame_id: name of the optical frame (REP 103: z forward, x right, y down).

    """

    image: np.ndarray
    camera: Optional[CameraModel] = None
    stamp_ns: int = 0
    frame_id: str = ''


@dataclass(frozen=True)
class RawOutput:
    """What an engine returns for a batch, on the network's input grid.

    Attributes:
        depth: (N, h, w) float32 metres, as the training camera would see it.
        label: (N, h, w) uint8 class index.
        confidence: (N, h, w) uint8, 0..255 for the probability 0..1 of the label.
        error: (N, h, w) float32, the expected relative error of the depth; None from a network
            that does not predict it.
        relative: (N, h, w) float32, depth that is no metres, in the network's own unit (the
            manifest's `depth.kind`); None from a network that gives metres.

    """

    depth: np.ndarray
    label: np.ndarray
    confidence: np.ndarray
    error: Optional[np.ndarray] = None
    relative: Optional[np.ndarray] = None


@dataclass(frozen=True)
class Wanted:
    """Which maps of a prediction somebody needs; nothing is computed for the others."""

    depth: bool = True
    label: bool = True
    confidence: bool = True
    image: bool = True
    error: bool = False
    relative: bool = False


@dataclass(frozen=True)
class Prediction:
    """The result for one frame, all maps on one rectified pinhole grid.

    A map that was not `Wanted` is None.

    Attributes:
        depth: (H, W) float32 metres along the optical axis; NaN where invalid, -Inf below the
            minimum range and +Inf beyond the maximum (REP 117).
        label: (H, W) uint8 class index, `UNLABELLED` where there is none.
        confidence: (H, W) uint8, 0..255.
        image: (H, W, 3) uint8 RGB, the rectified image on the same grid.
        camera: the grid's pinhole intrinsics, or None where the camera is not calibrated.
        stamp_ns: the frame's stamp in nanoseconds, unchanged.
        frame_id: the frame's optical frame, unchanged.
        error: (H, W) float32, the expected relative error of the depth: what the network has
            learned of it, or a guess (`pipeline.depth_error`); NaN where it gave no depth.
        ground: the floor in the optical frame, where it was needed and is known.
        relative: (H, W) float32, from 0 for the nearest to 1 for the farthest pixel of this very
            image, NaN where unknown; None from a network that gives metres.

    """

    depth: Optional[np.ndarray]
    label: Optional[np.ndarray]
    confidence: Optional[np.ndarray]
    image: Optional[np.ndarray]
    camera: Optional[PinholeCamera] = None
    stamp_ns: int = 0
    frame_id: str = ''
    error: Optional[np.ndarray] = None
    ground: Optional[GroundPlane] = None
    relative: Optional[np.ndarray] = None
