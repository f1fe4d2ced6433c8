"""What processes that were killed have left in shared memory, where nobody else cleans it up."""

from __future__ import annotations

import fcntl
import os
from pathlib import Path
import re
import stat
import time

SHARED_MEMORY = Path('/dev/shm')

_LOCK = re.compile(r'(fast(?:dds|rtps)_[0-9a-f]{16})_el')
"""Fast DDS 3, and Fast DDS 2 of Humble and Jazzy; the owner of a segment holds its lock."""

_YOUNG_S = 10.0
"""A lock file of this age may not be locked yet by the process that made it."""


def remove_left_over_segments(folder: Path = SHARED_MEMORY) -> int:
    """
    Remove the segments of Fast DDS whose owner is dead; return how many.

    Fast DDS removes a dead process's segment only where another process lives that has read from
    it. When a whole launch is killed, 35 MB a process stay for ever, and soon fill the memory.
    """
    locks = (path for path in folder.glob('fast*_el') if _LOCK.fullmatch(path.name))
    return sum(_remove(lock) for lock in locks)


def _remove(lock: Path) -> bool:
    try:
        # Anybody may put anything there: a pipe would block, a link leads elsewhere.
        file = os.open(lock, os.O_RDONLY | os.O_NONBLOCK | os.O_NOFOLLOW | os.O_CLOEXEC)
    except OSError:
        return False
    try:
        status = os.fstat(file)
        if not stat.S_ISREG(status.st_mode) or time.time() - status.st_mtime < _YOUNG_S:
            return False
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        lock.with_name(_LOCK.fullmatch(lock.name)[1]).unlink(missing_ok=True)
        lock.unlink()
    # Its owner lives, it is another user's, or another process was faster.
    except OSError:
        return False
    finally:
        os.close(file)
    return True
