"""Process that runs the package's node: `python -m monodepth_ros.benchmark.ros.our_node`."""

import sys

from monodepth_ros.ros.node import main

if __name__ == '__main__':
    sys.exit(main())
