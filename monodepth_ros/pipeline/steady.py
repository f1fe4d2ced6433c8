"""Depth that holds still where the camera and the scene do."""

from __future__ import annotations

from dataclasses import dataclass
import math
from typing import Optional

import cv2
from monodepth_ros.masks import enlarged
from monodepth_ros.pipeline.postprocess import are_distances, is_valid
import numpy as np

LONGEST_GAP_S = 1.0
"""Time between two frames after which nothing is known of what has happened in between."""

BLUR = 3
"""Pixels of the halved image, width of the square in which grey values are averaged against the
camera's noise: of the image twice as many."""

CHANGE = 8
"""Grey levels, after `BLUR`, by which a pixel has to change to tell of motion: noise with a
deviation of 5 levels stays below, at 6.8 times its own."""

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
    """What is kept of the frames so far: log metres, halved grey, labels, time of the last."""

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
        logs, grey = _log(depth), _halved_grey(image)
        last, changed = self._state, None
        seconds = 0.0 if last is None else (stamp_ns - last.stamp_ns) * 1e-9
        if 0 < seconds <= LONGEST_GAP_S and last.logs.shape == logs.shape:
            changed = _changed(grey, last.grey)
        if changed is None:
            self._state = _State(logs, grey, label.copy(), stamp_ns)
            return depth
        steps = cv2.subtract(logs, last.logs)
        held = (label == last.label) & _flickers(steps, changed)
        share = 1 - math.exp(-seconds / time_constant)
        _average(grey, last.grey, share, changed)
        # Of the steps of what is held, the others being 0, all but the share is taken back.
        steps = cv2.copyTo(steps, held.view(np.uint8), np.zeros_like(steps))
        steps *= np.float32(share - 1)
        logs += steps
        self._state = _State(logs, last.grey, label.copy(), stamp_ns)
        return depth * cv2.exp(steps, steps)


def _halved_grey(image):
    """Return the grey values of an image, blurred, (h / 2, w / 2) float32."""
    height, width = image.shape[:2]
    size = max(1, width // 2), max(1, height // 2)
    grey = cv2.cvtColor(image, cv2.COLOR_RGB2GRAY)
    grey = cv2.resize(grey, size, interpolation=cv2.INTER_AREA)
    return cv2.blur(grey.astype(np.float32), (BLUR, BLUR))


def _flickers(steps, changed):
    """Return where steps of log depth are small, one by one and together, (h, w) bool.

    Args:
        steps: (h, w) float32.
        changed: (h / 2, w / 2) bool, where it does not matter.

    """
    # A step from or to what is no depth is NaN, which is in no range.
    # OpenCV is several times as fast as NumPy.
    small = cv2.inRange(steps, -JUMP, JUMP)
    steps = cv2.copyTo(steps, small, np.zeros_like(steps))
    steps = cv2.resize(steps, changed.shape[::-1], interpolation=cv2.INTER_AREA)
    width = 2 * round(DRIFT_REACH / 2 * steps.shape[1]) + 1
    still = np.abs(cv2.blur(steps, (width, width))) <= DRIFT
    still &= ~changed
    return enlarged(still, 2, small.shape) & (small > 0)


def _average(grey, kept, share, changed):
    """Bring `kept` nearer to `grey` by a share, in place, and to it where that has changed."""
    cv2.accumulateWeighted(grey, kept, share, (~changed).view(np.uint8))
    cv2.copyTo(grey, changed.view(np.uint8), kept)


def _log(depth):
    logs = cv2.log(depth)
    if not are_distances(depth):
        logs[~is_valid(depth)] = np.nan
    return logs


def _changed(grey, before):
    """Return around what has moved, (h, w) bool; None where the camera may have."""
    moved = (cv2.absdiff(grey, before) > CHANGE).view(np.uint8)
    levels = cv2.convertScaleAbs(before)
    near = np.ones((BLUR, BLUR), np.uint8)
    edges = (cv2.morphologyEx(levels, cv2.MORPH_GRADIENT, near) > CONTRAST).view(np.uint8)
    count = cv2.countNonZero(edges)
    if count < FEWEST_EDGES * grey.size or cv2.countNonZero(edges & moved) > MOST_MOVED * count:
        return None
    reach = 2 * round(REACH * grey.shape[1]) + 1
    return cv2.dilate(moved, np.ones((reach, reach), np.uint8)).view(bool)
