"""What a data set gives."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Optional

from monodepth_ros.camera import CameraModel
import numpy as np


@dataclass(frozen=True)
class Sample:
    """One annotated image.

    Attributes:
        name: id within the data set, for messages and reports.
        image: (H, W, 3) uint8 RGB.
        depth: (h, w) float32 metres along the optical axis, 0 where unknown. H / h and W / w are
            the same whole number r; depth pixel (u, v) belongs to image pixel (r u, r v).
        label: (H, W) uint8 class index, 255 where unknown.
        camera: intrinsics for the image's size, or None where unknown.

    """

    name: str
    image: np.ndarray
    depth: np.ndarray
    label: np.ndarray
    camera: Optional[CameraModel] = None
