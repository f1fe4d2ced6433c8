"""Look now and then, beside the frames, whether the scene stands upright in the camera's pose."""

from __future__ import annotations

from concurrent.futures import Future, ThreadPoolExecutor
from typing import Optional

from monodepth_ros.camera import PinholeCamera
from monodepth_ros.pipeline.segments import line_segments
from monodepth_ros.scale.uprights import Lean, Uprights
import numpy as np

PAUSE_NS = 500_000_000
"""Between two looks; each takes some 15 ms of a core."""


class PoseCheck:
    """Check one camera's pose in a thread of its own, so that frames need not wait for it.

    Its methods are for one thread.
    """

    def __init__(self) -> None:
        self._lean: Optional[Lean] = None
        self._uprights = Uprights()
        self._pool: Optional[ThreadPoolExecutor] = None
        self._look: Optional[Future[Optional[Lean]]] = None
        self._last: Optional[int] = None
        self._camera: Optional[PinholeCamera] = None

    def show(
        self,
        image: np.ndarray,
        camera: PinholeCamera,
        up: tuple[float, float, float],
        stamp_ns: int,
        unseen: Optional[np.ndarray] = None,
    ) -> Optional[Lean]:
        """Give a frame, which is looked at where the last look is done and was a while ago.

        The very first one is waited for.

        Args:
            image: (H, W, 3) uint8 RGB, rectified.
            camera: its grid.
            up: unit vector in the optical frame, as the pose has it.
            stamp_ns: of the frame.
            unseen: (H, W) bool, where the image shows nothing; None for nowhere.

        Returns:
            What is known by now; None for nothing.

        """
        self._collect()
        is_first = self._last is None or camera != self._camera
        if is_first:
            self.close()
            self._camera = camera
        if self._look is None and (is_first or not 0 <= stamp_ns - self._last < PAUSE_NS):
            self._last = stamp_ns
            self._pool = self._pool or ThreadPoolExecutor(1, 'pose_check')
            self._look = self._pool.submit(self._see, image.copy(), camera, up, unseen)
            if is_first:
                self._look.exception()
                self._collect()
        return self._lean

    def _see(self, image, camera, up, unseen):
        return self._uprights.look(line_segments(image, unseen), camera, up)

    def _collect(self):
        if self._look is not None and self._look.done():
            self._lean, self._look = self._look.result(), None

    def close(self) -> None:
        """End the thread and forget; twice is safe."""
        if self._pool is not None:
            self._pool.shutdown()
        self.__init__()
