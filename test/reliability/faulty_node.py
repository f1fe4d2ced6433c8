"""Run the node as its executable does, with an engine that hangs where the environment says so."""

import os
import sys

import cv2
from doubles import FormulaEngine
from monodepth_ros.ros.node import main
import numpy as np

HANGS = 'MONODEPTH_TEST_HANGS'
"""Environment variable: 'load', 'frame' or nothing."""


def hang():
    """Work for ever inside a library, as an engine does; it dies where the interpreter ends."""
    image = np.zeros((480, 640, 3), np.uint8)
    while True:
        cv2.GaussianBlur(image, (9, 9), 0)


class HangingEngine(FormulaEngine):
    """Never return from a frame, once warmed up."""

    def _infer(self, images):
        if self.calls:
            sys.stderr.write('the frame hangs\n')
            hang()
        return super()._infer(images)


def create_engine(*_):
    """Return the engine, or hang."""
    if os.environ.get(HANGS) == 'load':
        sys.stderr.write('the load hangs\n')
        hang()
    return HangingEngine() if os.environ.get(HANGS) == 'frame' else FormulaEngine()


if __name__ == '__main__':
    sys.exit(main(create_engine=create_engine))
