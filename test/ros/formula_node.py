"""Run the node as its executable does, with a formula in place of the network."""

import sys

from doubles import FormulaEngine
from monodepth_ros.ros.node import main

if __name__ == '__main__':
    sys.exit(main(create_engine=lambda *_: FormulaEngine()))
