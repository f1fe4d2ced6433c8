"""Depth that holds still where the camera and the scene do."""

from __future__ import annotations

from dataclasses import dataclass
import math
from typing import Optional

import cv2
from monodepth_ros.pipeline.postprocess import is_valid, LARGEST_DEPTH, SMALLEST_DEPTH
import numpy as np

LONGEST_GAP_S = 1.0
"""Time between two frames after which nothing is known of what has happened in between."""

BLUR = 5
"""Pixels, width of the square in which grey values are averaged against the camera's noise."""

CHANGE = 8
"""Grey levels, after `BLUR`, by which a pixel has to change to tell of motion: noise with a
deviation of 5 levels stays below, at 5.6 times its own."""

REACH = 1 / 10
"""Share of the image's width around a change in which nothing is held: the inside of a mover may
look alike while its edges move."""

CONTRAST = 16
"""Grey levels within `BLUR` pixels that make an edge, which shows motion where it is."""

FEWEST_EDGES, MOST_MOVED = 0.005, 0.3
"""Least share of the image that edges must be to tell that the camera stands still, and the share
of the edges that may have moved while it does."""

JUMP = 0.1
"""Step in log depth that is no flicker: the new depth holds at once."""

DRIFT, DRIFT_REACH = 0.04, 1 / 20
"""The same for the mean step in a square of this share of the image's width, which tells a plain
thing that comes nearer from flicker."""


@dataclass(frozen=True)
class _State:
    """What is kept of the frames so far: log metres, blurred grey, labels, time of the last."""

    logs: np.ndarray
    grey: np.ndarray
    label: np.ndarray
    stamp_ns: int


class SteadyDepth:
    """Average log depth over time, exponentially, wherever image and label stayed alike.

    The image's own average, over the same time, is what a new image is compared with: slow motion
    adds up in the difference before it can add up in the depth. When edges move all over the
    image, or there are none to tell, the camera may move, and everything begins anew; as it does
    after a pause, a jump back in time and at another size.
    """

    def __init__(self) -> None:
        """Begin with nothing."""
        self._state: Optional[_State] = None

    def update(
        self,
        depth: np.ndarray,
        image: np.ndarray,
        label: np.ndarray,
        stamp_ns: int,
        time_constant: float,
    ) -> np.ndarray:
        """Return the depth of a frame, steadied by those before.

        Args:
            depth: (h, w) float32 metres; left as it is.
            image: (h, w, 3) uint8 RGB of the same grid.
            label: (h, w) uint8 class index.
            stamp_ns: time of the frame in nanoseconds.
            time_constant: seconds after which a lasting change has come through by 63 %; above 0.

        Returns:
            (h, w) float32 metres; what is not valid is as in `depth`.

        """
        logs = _log(depth)
        grey = cv2.blur(cv2.cvtColor(image, cv2.COLOR_RGB2GRAY), (BLUR, BLUR))
        grey = grey.astype(np.float32)
        last, changed = self._state, None
        seconds = 0.0 if last is None else (stamp_ns - last.stamp_ns) * 1e-9
        if 0 < seconds <= LONGEST_GAP_S and last.logs.shape == logs.shape:
            changed = _changed(grey, last.grey)
        if changed is None:
            self._state = _State(logs, grey, label.copy(), stamp_ns)
            return depth
        held = ~changed & (label == last.label) & _flickers(logs - last.logs)
        share = 1 - math.exp(-seconds / time_constant)
        for new, kept in ((logs, last.logs), (grey, last.grey)):
            _average(new, kept, share, held)
        self._state = _State(last.logs, last.grey, label.copy(), stamp_ns)
        # OpenCV's masks are several times as fast as NumPy's.
        return cv2.copyTo(depth, (~held).view(np.uint8), cv2.exp(last.logs))


def _flickers(steps):
    """Return where steps of log depth are small, one by one and together, (h, w) bool."""
    # OpenCV is several times as fast as NumPy. A step from or to what is no depth is NaN, which
    # is in no range.
    small = cv2.inRange(steps, -JUMP, JUMP)
    steps = cv2.copyTo(steps, small, np.zeros_like(steps))
    width = 2 * round(DRIFT_REACH / 2 * steps.shape[1]) + 1
    small &= cv2.inRange(cv2.blur(steps, (width, width)), -DRIFT, DRIFT)
    return small > 0


def _average(new, kept, share, held):
    """Bring `kept` nearer to `new` by a share, in place, and to it where nothing is held."""
    cv2.accumulateWeighted(new, kept, share, held.view(np.uint8))
    cv2.copyTo(new, (~held).view(np.uint8), kept)


def _log(depth):
    logs = cv2.log(depth)
    # Two passes tell what is rare; NaN fails both comparisons.
    if not (depth.min() >= SMALLEST_DEPTH and depth.max() <= LARGEST_DEPTH):
        logs[~is_valid(depth)] = np.nan
    return logs


def _changed(grey, before):
    """Return around what has moved, (h, w) bool; None where the camera may have."""
    moved = (cv2.absdiff(grey, before) > CHANGE).view(np.uint8)
    near = np.ones((BLUR, BLUR), np.uint8)
    levels = cv2.convertScaleAbs(before)
    edges = (cv2.morphologyEx(levels, cv2.MORPH_GRADIENT, near) > CONTRAST).view(np.uint8)
    count = cv2.countNonZero(edges)
    if count < FEWEST_EDGES * grey.size or cv2.countNonZero(edges & moved) > MOST_MOVED * count:
        return None
    reach = 2 * round(REACH * grey.shape[1]) + 1
    return cv2.dilate(moved, np.ones((reach, reach), np.uint8)).view(bool)
