"""Straight edges of an image."""

from __future__ import annotations

from typing import Optional

import cv2
import numpy as np

SHORTEST = 0.06
"""Length, as a share of the image's shorter side, from which on an edge has a direction."""

BESIDE = 3
"""Pixels from what is unseen, within which an edge is its border."""


def line_segments(image: np.ndarray, unseen: Optional[np.ndarray] = None) -> np.ndarray:
    """Return the straight edges of an image, as LSD finds them.

    Reference: R. Grompone von Gioi, J. Jakubowicz, J.-M. Morel and G. Randall, "LSD: a Line
    Segment Detector", Image Processing On Line 2, 2012.

    Args:
        image: (H, W, 3) uint8 RGB.
        unseen: (H, W) bool, where the image shows nothing, as beyond a lens's view; the border of
            that is no edge. None for nowhere.

    Returns:
        (N, 4) float64 u, v of one end and of the other, in pixels.

    """
    # A detector works in itself, so that no two threads can share one; to make one takes no time.
    detector = cv2.createLineSegmentDetector(cv2.LSD_REFINE_STD)
    found = detector.detect(cv2.cvtColor(image, cv2.COLOR_RGB2GRAY))[0]
    if found is None:
        return np.zeros((0, 4))
    segments = found.reshape(-1, 4).astype(np.float64)
    lengths = np.hypot(*(segments[:, 2:] - segments[:, :2]).T)
    segments = segments[lengths >= SHORTEST * min(image.shape[:2])]
    return segments if unseen is None else segments[~_touches(segments, unseen)]


def _touches(segments, unseen):
    """Return (N,) bool: the middle is beside what is unseen."""
    near = cv2.dilate(unseen.astype(np.uint8), np.ones((2 * BESIDE + 1,) * 2, np.uint8))
    u, v = np.rint((segments[:, :2] + segments[:, 2:]) / 2).astype(int).T
    rows, columns = unseen.shape
    return near[v.clip(0, rows - 1), u.clip(0, columns - 1)].astype(bool)
