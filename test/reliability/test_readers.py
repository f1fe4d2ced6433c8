"""
The checks of what reads files, in a process of their own.

They watch memory by tracemalloc. In the process of all tests, with threads of libraries left over
from others, that has ended in a segmentation fault; alone it never has.
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
