"""Thin a stream of frames to a rate, by their stamps."""

from __future__ import annotations

from typing import Optional

_EARLY = 0.25
"""Share of the period that a frame may be early: cameras jitter, and must not lose every second
frame where the limit is their own rate."""


class RateLimit:
    """
    Let through at most so many frames a second; the first after a jump in time always.

    Frames are due at even times, not at a period after the one before: at a limit of 20 Hz, two of
    three frames of a 30 Hz camera pass.
    """

    def __init__(self) -> None:
        self._due: Optional[float] = None
        self._last = 0

    def accepts(self, stamp_ns: int, hertz: float) -> bool:
        """
        Return whether a frame passes.

        Args:
            stamp_ns: its time in nanoseconds.
            hertz: the limit that holds now; 0 for none.

        """
        back = stamp_ns < self._last
        self._last = stamp_ns
        if hertz == 0:
            self._due = None
            return True
        period = 1e9 / hertz
        early = _EARLY * period
        due = self._due
        # A bag that looped, a changed limit, or a pause, which is not made up for.
        if due is None or back or not -period - early <= stamp_ns - due <= period:
            due = stamp_ns
        if stamp_ns < due - early:
            self._due = due
            return False
        self._due = due + period
        return True
