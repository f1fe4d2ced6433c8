"""Freed memory stays in the process, where the C library is glibc."""

import ctypes
import platform
import subprocess
import sys

from monodepth_ros.ros import memory
from monodepth_ros.ros import node as node_module
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

RESIDENT = """
import sys, threading
from monodepth_ros.ros.memory import keep_freed_memory
if sys.argv[1] == 'keep':
    assert keep_freed_memory()

def resident():
    return next(int(line.split()[1]) for line in open('/proc/self/status') if 'VmRSS' in line)

def work(turn, done):
    turn.wait()
    blocks = [bytearray(100_000) for _ in range(300)]
    del blocks
    done.set()
    end.wait()

before, end = resident(), threading.Event()
pairs = [(threading.Event(), threading.Event()) for _ in range(8)]
threads = [threading.Thread(target=work, args=pair) for pair in pairs]
for thread in threads:
    thread.start()
for turn, done in pairs:
    turn.set()
    done.wait()
print((resident() - before) // 1000)
end.set()
"""

GIVEN_BACK = """
from monodepth_ros.ros.memory import give_back_freed_memory, keep_freed_memory
keep_freed_memory()

def resident():
    return next(int(line.split()[1]) for line in open('/proc/self/status') if 'VmRSS' in line)

before = resident()
blocks = [bytearray(100_000) for _ in range(1000)]
last = bytearray(100_000)
del blocks
kept = resident() - before
assert give_back_freed_memory()
print(kept // 1000, (resident() - before) // 1000)
"""


glibc = pytest.mark.skipif(platform.libc_ver()[0] != 'glibc', reason='another C library')


@glibc
def test_memory_that_was_freed_is_used_again():
    faults = {
        what: int(subprocess.check_output([sys.executable, '-c', FAULTS, what], text=True))
        for what in ('keep', 'default')
    }
    # Six blocks of a thousand pages, ten times.
    assert faults['keep'] < 100 < faults['default']


@glibc
def test_threads_one_after_the_other_use_the_same_memory():
    kept = int(subprocess.check_output([sys.executable, '-c', RESIDENT, 'keep'], text=True))
    # Thirty MB a thread, and eight threads; memory of a thread that has given it back is kept.
    assert kept < 2 * 30 + 10


@glibc
def test_freed_memory_is_given_back_when_asked():
    output = subprocess.check_output([sys.executable, '-c', GIVEN_BACK], text=True)
    kept, left = map(int, output.split())
    assert kept > 90 and left < 10


@pytest.mark.parametrize('platform_name, library', [('linux', object()), ('darwin', None)])
def test_without_glibc_nothing_happens(monkeypatch, platform_name, library):
    monkeypatch.setattr(memory.sys, 'platform', platform_name)
    monkeypatch.setattr(ctypes, 'CDLL', lambda name: library)
    assert not memory.keep_freed_memory()
    assert not memory.give_back_freed_memory()


def test_the_node_gives_memory_back_once_a_network_is_loaded_or_gone(make_bench, monkeypatch):
    bench, given_back = make_bench(), []
    monkeypatch.setattr(
        node_module,
        'give_back_freed_memory',
        lambda: given_back.append('loaded' if bench.node._engine else 'gone'),
    )
    bench.run(bench.node.trigger_configure)
    assert given_back[-1] == 'loaded'
    bench.run(bench.node.trigger_cleanup)
    assert given_back[-1] == 'gone'
