"""Freed memory stays in the process, where the C library is glibc."""

import ctypes
import platform
import subprocess
import sys

from monodepth_ros.ros import memory
import pytest

FAULTS = """
import resource, sys
from monodepth_ros.ros.memory import keep_freed_memory
if sys.argv[1] == 'keep':
    assert keep_freed_memory()

def faults():
    return resource.getrusage(resource.RUSAGE_SELF).ru_minflt

for _ in range(3):
    blocks = [bytearray(4_000_000) for _ in range(6)]
    blocks.clear()
before = faults()
for _ in range(10):
    blocks = [bytearray(4_000_000) for _ in range(6)]
    blocks.clear()
print(faults() - before)
"""


@pytest.mark.skipif(platform.libc_ver()[0] != 'glibc', reason='another C library')
def test_memory_that_was_freed_is_used_again():
    faults = {
        what: int(subprocess.check_output([sys.executable, '-c', FAULTS, what], text=True))
        for what in ('keep', 'default')
    }
    # Six blocks of a thousand pages, ten times.
    assert faults['keep'] < 100 < faults['default']


@pytest.mark.parametrize('platform_name, library', [('linux', object()), ('darwin', None)])
def test_without_glibc_nothing_happens(monkeypatch, platform_name, library):
    monkeypatch.setattr(memory.sys, 'platform', platform_name)
    monkeypatch.setattr(ctypes, 'CDLL', lambda name: library)
    assert not memory.keep_freed_memory()
