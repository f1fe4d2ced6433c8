"""The executable `monodepth_node`: what keeps it from starting is said in one line."""

from __future__ import annotations

import sys
from typing import Optional

HOW_TO_INSTALL = 'source a ROS 2 workspace (setup.bash), or: pip install monodepth_ros[pip-ros]'


def main(args: Optional[list[str]] = None) -> int:
    """Run the node until a signal ends it; return the exit code, 1 where it cannot start."""
    try:
        from monodepth_ros.ros.node import main as run
    except ImportError as error:
        if (error.name or '').partition('.')[0] == 'monodepth_ros':
            raise
        print(f'monodepth_node: {error}; {HOW_TO_INSTALL}', file=sys.stderr)
        return 1
    return run(args)


if __name__ == '__main__':
    sys.exit(main())
