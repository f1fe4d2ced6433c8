"""How wrong depth is likely to be: a guess where the network says nothing, and confidence."""

from __future__ import annotations

from typing import Optional

import cv2
from monodepth_ros.pipeline.postprocess import are_distances, LARGEST_DEPTH, SMALLEST_DEPTH
import numpy as np

LEAST, BY_DOUBT, BY_STEP, BY_DISTANCE = 0.108, 0.084, 0.158, 0.051
"""Least squares over 60 NYU Depth v2 test images and the smallest shipped network: its error
|ln d - ln d*| at its best, and what a label without confidence, a depth step around the pixel and
a distance unlike the usual one add. On 60 others its rank correlation with the error is 0.14, and
the mean is right to 1 %; a learned error knows more."""

USUAL_DEPTH = 2.8
"""Metres, as the training camera sees it, at which the error is least."""

STEP_REACH, LARGEST_STEP = 9, 0.5
"""Pixels of the square in which depth steps are looked for, and the log step that counts most."""

NO_LABEL = 0.4
"""Doubt, 0..1, of the label of a network that gives none: the mean of one that does."""

ERROR_OF_NONE = 0.51
"""Relative error at which the confidence of depth, mono8, comes to 0: a step is 0.2 %."""


def likely_error(depth: np.ndarray, confidence: Optional[np.ndarray] = None) -> np.ndarray:
    """Return a guess of the relative error of a network's depth.

    Args:
        depth: (h, w) float32 metres, as the training camera would see it.
        confidence: (h, w) uint8, 0..255 for the probability of the label; None without labels.

    Returns:
        (h, w) float32; where the depth is not valid, it means nothing.

    """
    if not are_distances(depth):
        depth = np.nan_to_num(depth, nan=1.0).clip(SMALLEST_DEPTH, LARGEST_DEPTH)
    # Several times as fast as NumPy's.
    logs = cv2.log(depth)
    square = np.ones((STEP_REACH, STEP_REACH), np.uint8)
    steps = cv2.dilate(logs, square)
    steps -= cv2.erode(logs, square)
    error = np.minimum(steps, np.float32(LARGEST_STEP), out=steps)
    error *= np.float32(BY_STEP)
    logs -= np.float32(np.log(USUAL_DEPTH))
    error += np.float32(BY_DISTANCE) * np.abs(logs, out=logs)
    if confidence is None:
        error += np.float32(LEAST + BY_DOUBT * NO_LABEL)
    else:
        error += np.float32(LEAST + BY_DOUBT)
        cv2.scaleAdd(confidence.astype(np.float32), -BY_DOUBT / 255, error, error)
    return error


def depth_confidence(error: np.ndarray, out: Optional[np.ndarray] = None) -> np.ndarray:
    """Return relative errors as confidence: 255 for none, 0 from `ERROR_OF_NONE` on or if NaN.

    Args:
        error: (H, W) float32; `(255 - confidence) / 500` is the error again.
        out: (H, W) uint8 array to write to, or None for a new one.

    """
    values = error * np.float32(-255 / ERROR_OF_NONE)
    values += np.float32(255)
    # fmax takes 0 in place of NaN.
    np.rint(np.fmax(values, np.float32(0), out=values), out=values)
    if out is None:
        out = np.empty(error.shape, np.uint8)
    np.copyto(out, values, casting='unsafe')
    return out
