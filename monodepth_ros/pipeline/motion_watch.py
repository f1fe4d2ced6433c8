"""Look now and then, beside the frames, what the camera's way tells of the depth."""

from __future__ import annotations

import time
from typing import Any, Callable

import cv2
from monodepth_ros.errors import ScaleError
from monodepth_ros.pipeline.predictor import Prepared
from monodepth_ros.pipeline.side_looks import SideLooks
from monodepth_ros.pipeline.tracker import Tracker
from monodepth_ros.scale.motion import measured_points, Tracks
from monodepth_ros.scale.pose import Pose
from monodepth_ros.scale.votes import View
import numpy as np

PAUSE_S = 0.08
"""Between two looks, a little less than the time between two images of many cameras; each takes
some 15 ms of a core."""

PoseAt = Callable[[int, bool], Pose]
"""Gives the camera's pose in a frame that stands still, by the stamp, and whether to wait for it;
raises ScaleError."""

Judge = Callable[[View, np.ndarray], Any]
"""Makes a vote of a view and (n, 3) points in its optical frame; raises ScaleError."""


def follow(tracker: Tracker, prepared: Prepared) -> list[Tracks]:
    """Follow corners into a frame, as `Tracker.update`."""
    plan, stamp_ns = prepared.plan, prepared.frame.stamp_ns
    return tracker.update(prepared.image[plan.content], stamp_ns, plan.unseen_content)


def points_of_way(tracker: Tracker, prepared: Prepared, view: View, pose_at: PoseAt) -> np.ndarray:
    """Follow a frame's corners, and return the points that are measured by the camera's way.

    Args:
        tracker: has followed the frames before.
        prepared: the frame.
        view: what the network says of it.
        pose_at: as above; it is waited for the frame's, and what began where it knows no pose
            does not count.

    Returns:
        (n, 3) metres in the frame's optical frame.

    Raises:
        ScaleError: 'no_motion', or what `pose_at` raises of the frame.

    """
    tracks = follow(tracker, prepared)
    here = pose_at(prepared.frame.stamp_ns, True).inverse()
    known, poses = [], []
    for one in tracks:
        try:
            poses.append(here.after(pose_at(one.stamp_ns, False)))
        except ScaleError:
            continue
        known.append(one)
    return measured_points(known, poses, view.camera)


class MotionWatch(SideLooks):
    """Measure points by one camera's way, in a thread of its own: frames need not wait for it.

    Its methods are for one thread.

    Args:
        thread_name: what the thread's name begins with.
        clock: gives the time in seconds.

    """

    def __init__(
        self, thread_name: str = 'motion_watch', clock: Callable[[], float] = time.monotonic
    ) -> None:
        super().__init__(thread_name, clock)
        self._tracker, self._key = Tracker(), None
        self._future_key: Any = None
        # No exception: one that is raised again keeps all that its callers hold.
        self._why = ('no_motion', 'no image was looked at yet')

    def show(self, prepared: Prepared, view: View, pose_at: PoseAt, judge: Judge) -> Any:
        """Give a frame, which is looked at where the last look is done and was a while ago.

        Args:
            prepared: the frame, whose image nobody changes any more.
            view: what the network says of it.
            pose_at: gives poses, see above.
            judge: makes a vote.

        Returns:
            The vote of the last frame that was looked at, once.

        Raises:
            ScaleError: why it gave none; 'between_looks' where the next one is not done yet;
                'no_motion', 'no_transform', 'bad_pose', or what `judge` raises.

        """
        key = prepared.plan.camera, prepared.plan.depth_scale, view.camera
        if key != self._key:
            self._tracker, self._key = Tracker(), key
            self._why = ('no_motion', 'the camera is another one since the last image')
        vote = self._collect()
        if self._is_free() and self._rested(PAUSE_S):
            self._future_key = key
            self._begin(_look, self._tracker, prepared, view, pose_at, judge)
        if vote is None:
            raise ScaleError(*self._why)
        return vote

    def _collect(self):
        """Return the vote of a look that is done, at the camera as it is; None for none."""
        future = self._take_done()
        if future is None or self._future_key != self._key:
            return None
        vote, self._why = future.result()
        return vote


def _look(
    tracker: Tracker, prepared: Prepared, view: View, pose_at: PoseAt, judge: Judge
) -> tuple[Any, tuple[str, str]]:
    """Return a frame's vote, None for none, and why there is none after it."""
    try:
        vote = judge(view, points_of_way(tracker, prepared, view, pose_at))
    except ScaleError as error:
        return None, (error.reason, str(error))
    # What only helps must not cost a frame.
    except (cv2.error, np.linalg.LinAlgError, MemoryError) as error:
        return None, ('no_motion', f'the image could not be followed: {error}')
    return vote, ('between_looks', 'the next look is under way')
