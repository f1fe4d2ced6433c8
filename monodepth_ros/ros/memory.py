"""Keep the memory of big messages in the process."""

from __future__ import annotations

import ctypes
import sys
from typing import Callable, Optional

# From malloc.h of glibc.
_M_TRIM_THRESHOLD, _M_MMAP_THRESHOLD, _M_ARENA_MAX = -1, -3, -8

_LARGEST_MMAP_THRESHOLD = 32 * 1024 * 1024
"""What older versions take on 64 bits; larger blocks keep coming from the system."""

_KEPT = 512 * 1024 * 1024
"""Bytes of free memory above which some is given back."""

_ARENAS = 2
"""Pools that threads take memory from. One would do, but threads then wait for each other."""


def keep_freed_memory() -> bool:
    """
    Have malloc keep freed memory for the next message; return whether it does.

    By default glibc gives memory back as soon as a few images' worth is free, and so every message
    gets new pages, which the kernel clears one by one: of the 2.5 ms of a core that it takes to
    receive a 640 x 480 image in Python, that is 1.5 ms, and of the 12 ms at 1920 x 1080 it is 9.5
    ms.

    What is freed stays in the pool that it was taken from. By default there are up to eight pools
    a core, and the threads of each activation take whichever are free: in the end each pool would
    hold what loading a network or a change of the image's size needs once.

    With another C library nothing changes. For the whole process, hence for its start.
    """
    mallopt = _function_of_glibc('mallopt')
    if mallopt is None:
        return False
    trims_late = mallopt(_M_TRIM_THRESHOLD, _KEPT)
    maps_little = mallopt(_M_MMAP_THRESHOLD, _LARGEST_MMAP_THRESHOLD)
    shares_pools = mallopt(_M_ARENA_MAX, _ARENAS)
    return bool(trims_late and maps_little and shares_pools)


def give_back_freed_memory() -> bool:
    """
    Have malloc give back what is free now, and return whether it does.

    For the end of what takes much memory once and rarely, such as loading a network.
    """
    malloc_trim = _function_of_glibc('malloc_trim')
    return malloc_trim is not None and bool(malloc_trim(0))


def _function_of_glibc(name: str) -> Optional[Callable]:
    return getattr(ctypes.CDLL(None), name, None) if sys.platform == 'linux' else None
