"""The bend of a frame from its vote and those just before."""

from __future__ import annotations

import math
from typing import Optional

from monodepth_ros.scale.bend import Bend
from monodepth_ros.scale.deviation import MEMORY_S

FIRST_SHARE = 0.7
"""Of the first vote's bend that is believed."""

SMOOTHING_S = 0.083
"""Seconds between two votes in which 1/e of the bend before is left in that of the frame."""


class BendFilter:
    """Follow the bends of votes; like all that is a frame's own it is forgotten soon."""

    def __init__(self) -> None:
        self._bend: Optional[Bend] = None
        self._stamp = 0

    def at(self, stamp_ns: int) -> Optional[Bend]:
        """Return the bend of a frame, given its stamp; None where there was no vote."""
        if self._bend is None:
            return None
        return self._bend.times(math.exp(-self._seconds_to(stamp_ns) / MEMORY_S))

    def add(self, bend: Bend, stamp_ns: int) -> None:
        """Take a vote's bend in."""
        before = self.at(stamp_ns)
        if before is None:
            self._bend = bend.times(FIRST_SHARE)
        else:
            left = math.exp(-self._seconds_to(stamp_ns) / SMOOTHING_S)
            self._bend = bend.times(1 - left).plus(before.times(left))
        self._stamp = stamp_ns

    def _seconds_to(self, stamp_ns):
        return abs(stamp_ns - self._stamp) * 1e-9
