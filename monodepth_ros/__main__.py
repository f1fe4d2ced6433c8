"""Run `monodepth` as `python -m monodepth_ros`."""

import sys

from monodepth_ros.cli.main import main

if __name__ == '__main__':
    sys.exit(main())
