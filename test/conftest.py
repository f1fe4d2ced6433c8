"""Skip what lacks a package, and only for known reasons."""

from skip_kit import (  # noqa: F401 - pytest finds them by their names here
    pytest_pycollect_makemodule,
    pytest_sessionfinish,
    pytest_terminal_summary,
)
