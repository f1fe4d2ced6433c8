"""Skip what lacks a package, and only for known reasons; let child processes be interrupted."""

import signal

from skip_kit import (  # noqa: F401 - pytest finds them by their names here
    pytest_pycollect_makemodule,
    pytest_sessionfinish,
    pytest_terminal_summary,
)

# A shell starts background jobs deaf to Ctrl-C, and child processes inherit it.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)
