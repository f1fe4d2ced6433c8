"""What scripts/demo becomes inside .venv."""

from __future__ import annotations

import signal
import sys

from demo_app.options import parse_options


def main() -> int:
    """Take over the signals that scripts/demo holds back, then run; return the exit status."""
    interrupts = []
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: interrupts.append(None))
    signal.pthread_sigmask(signal.SIG_UNBLOCK, (signal.SIGINT, signal.SIGTERM))
    # Only now, for these imports take a second, in which Ctrl-C would leave a traceback.
    from demo_app.supervisor import run_demo

    return run_demo(parse_options(), interrupts)


if __name__ == '__main__':
    sys.exit(main())
