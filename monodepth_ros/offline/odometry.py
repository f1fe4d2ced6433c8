"""What a bag's odometry tells of the depth: points measured by the way that the camera went."""

from __future__ import annotations

from functools import partial
from typing import Any, Union

from monodepth_ros.errors import ConfigError, DatasetError, ScaleError
from monodepth_ros.pipeline.motion_watch import follow, points_of_way
from monodepth_ros.pipeline.predictor import Prepared
from monodepth_ros.pipeline.tracker import Tracker
from monodepth_ros.scale.affine import AffineVote
from monodepth_ros.scale.points import points_vote
from monodepth_ros.scale.pose import Pose
from monodepth_ros.scale.votes import View, Vote


class Odometry:
    """Votes of one bag's frames, which come in order."""

    def __init__(self, source: Any, frame: str) -> None:
        """
        Read the bag's TF.

        Args:
            source: the bag.
            frame: that stands still, such as odom.

        Raises:
            ConfigError: the source is no bag, or its TF does not have the frame.

        """
        if not hasattr(source, 'transforms'):
            raise ConfigError(
                f'{source.name} is no bag, which alone has odometry; give --height or --places'
            )
        self._frame = frame
        self._tracker = Tracker()
        self._transforms = source.transforms()
        known = self._transforms.frames
        if frame.lstrip('/') not in known:
            raise ConfigError(
                f'--odom-frame is {frame}, which the TF of {source.name} does not have; its '
                f'frames: {", ".join(known) or "none"}'
            )

    def follow(self, prepared: Prepared) -> None:
        """Take a frame in that does not vote; without it the next one is too far away."""
        follow(self._tracker, prepared)

    def vote(self, view: View, prepared: Prepared) -> Union[Vote, AffineVote]:
        """
        Return the vote of the next frame.

        Raises:
            ScaleError: 'no_motion', 'no_transform', or as `points_vote`.

        """
        pose_at = partial(self._pose, prepared.frame.frame_id)
        return points_vote(view, points_of_way(self._tracker, prepared, view, pose_at))

    def _pose(self, name, stamp_ns, waits):  # all is known already
        try:
            matrix = self._transforms.lookup(self._frame, name, stamp_ns)
        except DatasetError as error:
            raise ScaleError('no_transform', str(error)) from None
        return Pose.from_matrix(matrix)
