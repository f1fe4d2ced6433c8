"""Look now and then, beside the frames, whether the scene stands upright in the camera's pose."""

from __future__ import annotations

import time
from typing import Callable, Optional

import cv2
from monodepth_ros.camera import PinholeCamera
from monodepth_ros.pipeline.predictor import Prepared
from monodepth_ros.pipeline.segments import line_segments
from monodepth_ros.pipeline.side_looks import SideLooks
from monodepth_ros.scale.uprights import Lean, Uprights

PAUSE_S = 0.5
"""Between two looks; each takes some 15 ms of a core."""

Up = tuple[float, float, float]
"""Unit vector in the optical frame, as the pose has it."""


def lean_of(prepared: Prepared, camera: PinholeCamera, up: Up) -> Optional[Lean]:
    """Return what the edges of one frame say of a pose; None for nothing.

    Args:
        prepared: the frame.
        camera: the grid of its image, as the view of it has it.
        up: as the pose has it.

    """
    return _look(Uprights(), prepared, camera, up)


def _look(uprights, prepared, camera, up):
    plan = prepared.plan
    segments = line_segments(prepared.image[plan.content], plan.unseen_content)
    return uprights.look(segments, camera, up)


class PoseCheck(SideLooks):
    """Check one camera's pose in a thread of its own, so that frames need not wait for it.

    Its methods are for one thread.

    Args:
        thread_name: what the thread's name begins with.
        clock: gives the time in seconds.

    """

    def __init__(
        self, thread_name: str = 'pose_check', clock: Callable[[], float] = time.monotonic
    ) -> None:
        super().__init__(thread_name, clock)
        self._uprights, self._lean = Uprights(), None
        self._camera: Optional[PinholeCamera] = None

    def show(self, prepared: Prepared, camera: PinholeCamera, up: Up) -> Optional[Lean]:
        """Give a frame, which is looked at where the last look is done and was a while ago.

        A camera's very first frame is waited for.

        Args:
            prepared: the frame, whose image nobody changes any more.
            camera: the grid of its image, as the view of it has it.
            up: as the pose has it.

        Returns:
            What is known by now; None for nothing, and once the check is closed.

        """
        if self._is_closed:
            return None
        self._collect()
        is_first = camera != self._camera
        if is_first:
            self._wait()
            self._uprights, self._lean, self._camera = Uprights(), None, camera
        if self._is_free() and (is_first or self._rested(PAUSE_S)):
            self._begin(_look, self._uprights, prepared, camera, up)
            if is_first:
                self._wait()
        return self._lean

    def _wait(self):
        if self._future is not None:
            self._future.exception()
            self._collect()

    def _collect(self):
        future = self._take_done()
        if future is None:
            return
        try:
            self._lean = future.result()
        # What only helps must not cost a frame.
        except (cv2.error, MemoryError):
            self._lean = None
