"""The interface that every inference engine has."""

from __future__ import annotations

from abc import ABC, abstractmethod

from monodepth_ros.errors import EngineError
from monodepth_ros.facts import ModelFacts
from monodepth_ros.frames import RawOutput
import numpy as np


class Engine(ABC):
    """Run the deployment graph (`networks/deploy.py`) on one device.

    Attributes:
        name: engine name as in the parameter `engine`, such as 'torch'.
        device: where it runs, in words for people, such as 'cpu (2 threads)'.
        facts: what the checkpoint says about its network.

    """

    name: str
    device: str
    facts: ModelFacts

    def infer(self, images: np.ndarray) -> RawOutput:
        """Return depth, label and confidence of a batch.

        Args:
            images: (N, h, w, 3) uint8 RGB, h and w multiples of 32.

        Raises:
            EngineError: the batch has another shape or type, or the device failed.

        """
        if images.dtype != np.uint8 or images.ndim != 4 or images.shape[3] != 3:
            raise EngineError(
                f'engine input is {images.dtype} {images.shape}, expected uint8 (N, h, w, 3)'
            )
        if images.shape[1] % 32 or images.shape[2] % 32 or 0 in images.shape:
            raise EngineError(
                f'engine input is {images.shape[2]} x {images.shape[1]} x {images.shape[0]}, '
                'expected sides that are positive multiples of 32'
            )
        return self._infer(images)

    @abstractmethod
    def _infer(self, images: np.ndarray) -> RawOutput:
        """Run the graph on a checked batch."""

    def warm_up(self, height: int, width: int) -> None:
        """Run once on a black image of this size, so that the first frame is as fast as later."""
        self.infer(np.zeros((1, height, width, 3), np.uint8))

    def close(self) -> None:  # noqa: B027 - engines that hold nothing have nothing to release
        """Release the device; the engine is of no use afterwards."""
