"""Whether an image is worth learning from: neither blurred nor dark."""

from __future__ import annotations

import cv2
import numpy as np

SIDE = 640
"""Pixels of the longer side that an image is looked at with: blur that vanishes there is none."""
WINDOW = 9
"""Pixels of the blur that an image is compared with (Crete et al., 2007, section 3)."""


def blur(image: np.ndarray) -> float:
    """
    Return how blurred an image is, 0 to 1, whatever its contrast.

    An image that is sharp changes much when it is blurred, one that is blurred hardly (Crete et
    al., "The Blur Effect", SPIE 6492, 2007). It is the worse of the two directions: motion blurs
    along one.

    Args:
        image: (H, W, 3) uint8 RGB.

    """
    grey = _small(image)
    return max(_blur_along(grey), _blur_along(np.ascontiguousarray(grey.T)))


def light(image: np.ndarray) -> float:
    """Return the grey level, 0 to 255, that nine of ten pixels of an RGB image do not exceed."""
    return float(np.percentile(_small(image), 90))


def _small(image):
    grey = cv2.cvtColor(image, cv2.COLOR_RGB2GRAY)
    scale = SIDE / max(grey.shape)
    if scale < 1:
        grey = cv2.resize(grey, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
    return grey.astype(np.float32)


def _blur_along(grey):
    """Return the blur along the rows of a (H, W) float32 image."""
    blurred = cv2.blur(grey, (WINDOW, 1))
    own = np.abs(np.diff(grey, axis=1))
    lost = np.maximum(0, own - np.abs(np.diff(blurred, axis=1)))
    total = float(own.sum())
    return 1.0 - float(lost.sum()) / total if total > 0 else 1.0
