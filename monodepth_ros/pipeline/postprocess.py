"""Bring the network's maps back to the output grid and mark what is not valid."""

from __future__ import annotations

from functools import lru_cache
import math
from typing import Optional

import cv2
from monodepth_ros.frames import UNLABELLED
from monodepth_ros.pipeline.preprocess import InputPlan
from monodepth_ros.scale.bend import Bend
import numpy as np

SMALLEST_DEPTH = float(np.finfo(np.float32).tiny)
"""Zero and negative distances are never valid (REP 117, REP 118)."""

LARGEST_DEPTH = float(np.finfo(np.float32).max)


ROUNDING = 1e-6
"""Relative error of what is interpolated."""


def is_valid(depth: np.ndarray) -> np.ndarray:
    """Return where depth, any shape of float32 metres, is a distance: finite and above 0."""
    return (depth >= SMALLEST_DEPTH) & (depth <= LARGEST_DEPTH)


def are_distances(depth: np.ndarray, low: float = 0.0, high: float = math.inf) -> bool:
    """Return whether all of a depth is valid, and at least `low` and at most `high` metres.

    It is several times as fast as `is_valid`, and what is not valid is rare.
    """
    # NaN fails both comparisons.
    return bool(
        depth.min() >= max(low, SMALLEST_DEPTH) and depth.max() <= min(high, LARGEST_DEPTH)
    )


def depth_on_grid(
    depth: np.ndarray,
    plan: InputPlan,
    out: np.ndarray,
    min_range: float = 0.0,
    max_range: float = math.inf,
    factor: float = 1.0,
    bend: Optional[Bend] = None,
) -> np.ndarray:
    """Write the network's depth to the rectified grid in metres.

    Args:
        depth: (h, w) float32 metres, as the training camera would see it; left as it is.
        plan: how the image became the network's input.
        out: (H, W) float32 C-contiguous, of the raw image's size or of the content's.
        min_range: depth below this, in metres, becomes -Inf (REP 117); what is not finite or not
            above 0 becomes NaN.
        max_range: depth above this, in metres, becomes +Inf (REP 117).
        factor: what the depth is multiplied by besides `plan.depth_scale`; the ranges are of the
            product.
        bend: what the factor gains from place to place in the image; None for nothing.

    Returns:
        `out`; NaN where the raw image shows nothing.

    """
    scaled = depth[plan.content] * np.float32(plan.depth_scale * factor)
    if bend is not None:
        scaled *= bend.scaled(factor).factors(scaled)
    if scaled.shape == out.shape:
        out[:] = scaled
    else:
        # What is no distance must not be mixed with its neighbours into what looks like one.
        if not are_distances(scaled):
            scaled[~is_valid(scaled)] = np.nan
        cv2.resize(scaled, out.shape[::-1], out, interpolation=cv2.INTER_LINEAR)
    # Between two numbers all is within their range, but for rounding.
    if not are_distances(scaled, min_range * (1 + ROUNDING), max_range * (1 - ROUNDING)):
        invalid = ~is_valid(out)
        if min_range > 0:
            np.copyto(out, -np.inf, where=out < min_range)
        if max_range < math.inf:
            np.copyto(out, np.inf, where=out > max_range)
        np.copyto(out, np.nan, where=invalid)
    return _hide(out, plan, np.nan)


def error_on_grid(
    error: np.ndarray, depth: np.ndarray, plan: InputPlan, out: np.ndarray
) -> np.ndarray:
    """Write the expected relative error of the depth to the rectified grid.

    Args:
        error: (h, w) float32; left as it is.
        depth: (h, w) float32, the network's; where it is no distance, there is no error either.
        plan: how the image became the network's input; a depth's scale changes no relative error.
        out: (H, W) float32 C-contiguous, of the raw image's size or of the content's.

    Returns:
        `out`; NaN where the raw image shows nothing.

    """
    known, depth = error[plan.content], depth[plan.content]
    if not are_distances(depth):
        known = np.where(is_valid(depth), known, np.float32(np.nan))
    if known.shape == out.shape:
        out[:] = known
    else:
        cv2.resize(known, out.shape[::-1], out, interpolation=cv2.INTER_LINEAR)
    return _hide(out, plan, np.nan)


def label_on_grid(
    label: np.ndarray,
    confidence: np.ndarray,
    plan: InputPlan,
    out: np.ndarray,
    confidence_threshold: float = 0.0,
    shown: Optional[InputPlan] = None,
) -> np.ndarray:
    """Write the network's labels to the rectified grid, each pixel's from the nearest centre.

    Args:
        label: (h, w) uint8 class; left as it is.
        confidence: (h, w) uint8, 0..255.
        plan: how the image became the network's input.
        out: (H, W) uint8 C-contiguous, of the raw image's size or of the content's.
        confidence_threshold: label of less confidence than this, 0..1, becomes `UNLABELLED`.
        shown: plan whose grid `out` has, where labels are another network's; None for `plan`.

    Returns:
        `out`; `UNLABELLED` where the raw image shows nothing.

    """
    label = label[plan.content]
    if confidence_threshold > 0:
        unsure = confidence[plan.content] < confidence_threshold * 255
        label = np.where(unsure, np.uint8(UNLABELLED), label)
    return _hide(_nearest(label, out), shown or plan, UNLABELLED)


def confidence_on_grid(
    confidence: np.ndarray, plan: InputPlan, out: np.ndarray, shown: Optional[InputPlan] = None
) -> np.ndarray:
    """Write confidence, (h, w) uint8, to `out` as `label_on_grid` does labels; 0 if unseen."""
    return _hide(_nearest(confidence[plan.content], out), shown or plan, 0)


def relative_on_grid(
    relative: np.ndarray, plan: InputPlan, out: np.ndarray, is_inverse: bool
) -> np.ndarray:
    """Write depth that is no metres to the rectified grid, from 0 for the nearest to 1.

    Args:
        relative: (h, w) float32 in any unit; left as it is.
        plan: how the image became the network's input.
        out: (H, W) float32 C-contiguous, of the raw image's size or of the content's.
        is_inverse: whether what is near has the larger values.

    Returns:
        `out`; NaN where the raw image shows nothing, or the network says nothing.

    """
    values = relative[plan.content]
    known = values[np.isfinite(values)]
    low, high = (known.min(), known.max()) if known.size else (0.0, 0.0)
    if is_inverse:
        low, high = high, low
    normal = (values - low) / (high - low if high != low else 1.0)
    cv2.resize(normal, out.shape[::-1], out, interpolation=cv2.INTER_LINEAR)
    out[~np.isfinite(out)] = np.nan
    return _hide(out, plan, np.nan)


def _nearest(values, out):
    if values.shape == out.shape:
        out[:] = values
        return out
    # INTER_NEAREST takes the upper left neighbour, which shifts the map by up to half a pixel.
    # Whole rows are faster copied than resized.
    size = out.shape[1], values.shape[0]
    wide = cv2.resize(values, size, interpolation=cv2.INTER_NEAREST_EXACT)
    return np.take(wide, _nearest_rows(len(values), len(out)), axis=0, out=out, mode='clip')


@lru_cache(maxsize=8)
def _nearest_rows(height, rows):
    """Return for each of some rows the number of the nearest of `height`, (rows,) int64."""
    numbers = np.arange(height, dtype=np.uint16)[:, np.newaxis]
    return cv2.resize(numbers, (1, rows), interpolation=cv2.INTER_NEAREST_EXACT)[:, 0].astype(int)


def _hide(out, plan, value):
    """Mark in `out` what the raw image does not show."""
    if plan.unseen is not None:
        full = out.shape == plan.unseen.shape
        np.copyto(out, value, where=plan.unseen if full else plan.unseen_content)
    return out
