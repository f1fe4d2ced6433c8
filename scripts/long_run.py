"""What the long runs of reliability share: their surroundings, and a line a minute."""

from __future__ import annotations

import os
from pathlib import Path
import random
import sys
import time

ROOT = Path(__file__).resolve().parents[1]
LINE_S = 60.0


def enter_surroundings() -> None:
    """Find the tests' modules, and keep apart from other runs and robots; before any node."""
    sys.path[:0] = [str(ROOT / 'test' / name) for name in ('', 'ros', 'reliability')]
    # Domains up to 101 keep clear of the ports that Linux gives out by itself.
    os.environ.setdefault('ROS_DOMAIN_ID', str(random.randint(1, 101)))
    os.environ.setdefault('ROS_AUTOMATIC_DISCOVERY_RANGE', 'LOCALHOST')


def say(text: str) -> None:
    """Print a line at once, whatever it is printed to."""
    print(text, flush=True)


class Progress:
    """Print a line a minute, and each failure."""

    def __init__(self) -> None:
        self._begun = self._printed = time.monotonic()

    def __call__(self, text: str) -> None:
        """Print a line where the last one was long ago."""
        now = time.monotonic()
        if now - self._printed >= LINE_S or text.startswith('FAILED'):
            self._printed = now
            say(f'{now - self._begun:.0f} s: {text}')
