"""
The checks of what reads files, in a process of their own.

One of them has a signal (SIGALRM) end what hangs, and in the process of all tests any signal can
be a segmentation fault: OpenVINO gives the thread that loads it a stack for signals, and unmaps it
when another thread lets go of the last engine (SigAltStackSetup in its intel_cpu plugin).
"""

from pathlib import Path
import subprocess
import sys

import pytest

FOLDER = Path(__file__).parent


@pytest.mark.parametrize('name', ['check_bombs.py', 'check_fuzz_files.py'])
def test_readers_in_a_process_of_their_own(name):
    command = [sys.executable, '-m', 'pytest', '-q', '-p', 'no:cacheprovider', FOLDER / name]
    done = subprocess.run(command, cwd=FOLDER.parents[1], capture_output=True, text=True)
    assert done.returncode == 0, done.stdout[-5000:] + done.stderr[-2000:]
