"""Bring the network's maps back to the output grid and mark what is not valid."""

from __future__ import annotations

import math

import cv2
from monodepth_ros.frames import RawOutput, UNLABELLED
from monodepth_ros.pipeline.preprocess import InputPlan
import numpy as np

SMALLEST_DEPTH = float(np.finfo(np.float32).tiny)
"""Zero and negative distances are never valid (REP 117, REP 118)."""


def to_output_grid(
    raw: RawOutput,
    index: int,
    plan: InputPlan,
    size: tuple[int, int],
    min_range: float = 0.0,
    max_range: float = math.inf,
    confidence_threshold: float = 0.0,
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return depth, label and confidence of one image of a batch on the rectified grid.

    Args:
        raw: the engine's output.
        index: place of the image in the batch.
        plan: how the image became the network's input.
        size: (width, height) of the output grid, which shows the whole rectified image.
        min_range: depth below this, in metres, becomes NaN, as does what is not finite or not
            above 0.
        max_range: depth above this, in metres, becomes +Inf (REP 117).
        confidence_threshold: label of less confidence than this, 0..1, becomes `UNLABELLED`.

    Returns:
        (H, W) float32 metres, (H, W) uint8 class, (H, W) uint8 confidence 0..255. Where the raw
        image shows nothing they are NaN, `UNLABELLED` and 0.

    """
    depth = raw.depth[index][plan.content] * np.float32(plan.depth_scale)
    if depth.shape != size[::-1]:
        depth = cv2.resize(depth, size, interpolation=cv2.INTER_LINEAR)
    label = _nearest(raw.label[index][plan.content], size)
    confidence = _nearest(raw.confidence[index][plan.content], size)
    invalid = ~np.isfinite(depth)
    invalid |= depth < max(min_range, SMALLEST_DEPTH)
    if max_range < math.inf:
        depth[depth > max_range] = np.inf
    if confidence_threshold > 0:
        label[confidence < confidence_threshold * 255] = UNLABELLED
    if plan.unseen is not None:
        unseen = _nearest(plan.unseen.view(np.uint8), size).view(bool)
        invalid |= unseen
        label[unseen] = UNLABELLED
        confidence[unseen] = 0
    depth[invalid] = np.nan
    return depth, label, confidence


def _nearest(values, size):
    """Return `values` at `size`, each pixel from the one whose centre is nearest; never a view."""
    if values.shape == size[::-1]:
        return values.copy()
    # INTER_NEAREST takes the upper left neighbour, which shifts the map by up to half a pixel.
    return cv2.resize(values, size, interpolation=cv2.INTER_NEAREST_EXACT)
