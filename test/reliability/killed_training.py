"""Run `monodepth train` as it is, but for a state that is saved far more often."""

import sys

from monodepth_ros.cli.main import main
from monodepth_ros.training import trainer

SAVE_SECONDS = 1.0

if __name__ == '__main__':
    trainer.SAVE_SECONDS = SAVE_SECONDS
    sys.exit(main())
