"""Masks of pixels, many times as fast as by the obvious calls."""

from __future__ import annotations

from typing import Sequence

import cv2
import numpy as np


def is_of(label: np.ndarray, classes: Sequence[int]) -> np.ndarray:
    """Return where a label, (H, W) uint8, is one of some classes, few of them, (H, W) bool."""
    found = np.zeros(label.shape, bool)
    for index in classes:
        found |= label == index
    return found


def enlarged(mask: np.ndarray, step: int, shape: tuple[int, ...]) -> np.ndarray:
    """Return a mask with each pixel `step` times as wide and high.

    Args:
        mask: (h, w) bool.
        step: at least 1.
        shape: (H, W); what is larger than the enlarged mask goes on as its last row and column.

    Returns:
        (H, W) bool.

    """
    wide = cv2.merge([mask.view(np.uint8)] * step).reshape(len(mask), -1)
    large = np.repeat(wide, step, axis=0)
    short = max(0, shape[0] - large.shape[0]), max(0, shape[1] - large.shape[1])
    if any(short):
        large = cv2.copyMakeBorder(large, 0, short[0], 0, short[1], cv2.BORDER_REPLICATE)
    return large[: shape[0], : shape[1]].view(bool)
