"""The process ends whatever hangs or fails at its end."""

import subprocess
import sys

import pytest

PROGRAM = """
import os, signal, sys, threading, time
from monodepth_ros.ros import signals

class Executor:
    def spin_once(self): time.sleep(0.01)
    def create_task(self, task): pass

def hang(): threading.Event().wait()
def fail(): raise ValueError('cannot be taken down')

signals.LONGEST_END_S = 0.5
pipe = signals.catch_signals()
if sys.argv[2] == 'thread':
    threading.Thread(target=hang, name=signals.THREADS, daemon=True).start()
os.kill(os.getpid(), signal.SIGTERM)
ends = {'hangs': hang, 'fails': fail, 'ends': lambda: None}
signals.spin_until_signal(Executor(), pipe, lambda: None, ends[sys.argv[1]])
"""


@pytest.mark.parametrize('thread', ['thread', 'none'])
@pytest.mark.parametrize(('end', 'code'), [('ends', 0), ('hangs', 0), ('fails', 1)])
def test_exit_code(end, code, thread):
    command = [sys.executable, '-c', PROGRAM, end, thread]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60)
    assert done.returncode == code
    assert ('cannot be taken down' in done.stderr) == (end == 'fails')
