"""What holds for all tests: reasons to skip, Ctrl-C, and a domain of ROS 2 for each worker.

A worker is one of the processes of pytest-xdist, in which tests run beside each other.
"""

import os
import signal

from skip_kit import (  # noqa: F401 - pytest finds them by their names here
    pytest_pycollect_makemodule,
    pytest_sessionfinish,
    pytest_terminal_summary,
)

# A shell starts background jobs deaf to Ctrl-C, and child processes inherit it.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)

# In one domain the nodes of all workers would meet; those of another run are likely elsewhere.
if worker := os.environ.get('PYTEST_XDIST_WORKER', '').removeprefix('gw'):
    given = int(os.environ.get('ROS_DOMAIN_ID') or os.getppid())
    os.environ['ROS_DOMAIN_ID'] = str((5 * given + int(worker)) % 101 + 1)
