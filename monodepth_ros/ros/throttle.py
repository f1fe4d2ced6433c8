"""Say the same thing at most once in a while."""

from __future__ import annotations

import time
from typing import Callable


class Throttle:
    """Let one occurrence of each reason through every `period` seconds."""

    def __init__(self, period: float = 5.0, clock: Callable[[], float] = time.monotonic) -> None:
        self._period = period
        self._clock = clock
        self._last: dict[str, float] = {}

    def ready(self, reason: str) -> bool:
        """Return whether `reason` may be reported now, and note that it was."""
        now = self._clock()
        if now - self._last.get(reason, float('-inf')) < self._period:
            return False
        self._last[reason] = now
        return True
