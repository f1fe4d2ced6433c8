"""Processor time and memory of a process, as Linux tells them (proc(5))."""

from __future__ import annotations

import os
from pathlib import Path

_UTIME, _STIME = 11, 12
"""Places of user and system time behind the name of the program in /proc/PID/stat."""


def cpu_seconds(pid: int) -> float:
    """Return the processor time that a process has taken in all its threads."""
    # The name may hold spaces and parentheses; what follows the last one does not.
    fields = Path(f'/proc/{pid}/stat').read_text().rpartition(')')[2].split()
    ticks = int(fields[_UTIME]) + int(fields[_STIME])
    return ticks / os.sysconf('SC_CLK_TCK')


def resident_mb(pid: int | str = 'self') -> float:
    """Return the memory that a process has in RAM, in MB of 10^6 bytes."""
    lines = Path(f'/proc/{pid}/status').read_text().splitlines()
    kilobytes = next(line.split()[1] for line in lines if line.startswith('VmRSS:'))
    return int(kilobytes) * 1024 / 1e6
