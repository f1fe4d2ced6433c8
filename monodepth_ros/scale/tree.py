"""A tree of frames, as TF messages tell it, for recordings."""

from __future__ import annotations

from monodepth_ros.errors import ScaleError
from monodepth_ros.scale.pose import Pose


class FrameTree:
    """Where frames are in each other, by the latest that was said of each."""

    def __init__(self) -> None:
        self._parents: dict[str, tuple[str, Pose]] = {}

    def put(self, frame: str, parent: str, pose: Pose) -> None:
        """Say where a frame is in its parent."""
        self._parents[_plain(frame)] = _plain(parent), pose

    def pose(self, frame: str, within: str) -> Pose:
        """Return where a frame is in another one.

        Raises:
            ScaleError: 'no_transform' where they are in no common tree.

        """
        up, down = self._to_root(_plain(frame)), self._to_root(_plain(within))
        common = next((name for name in up if name in down), None)
        if common is None:
            known = ', '.join(sorted({*self._parents, *(p for p, _ in self._parents.values())}))
            raise ScaleError(
                'no_transform',
                f'TF does not know where {frame or "a frame without a name"} is in {within}; its '
                f'frames: {known or "none"}',
            )
        return down[common].inverse().after(up[common])

    def _to_root(self, frame):
        """Return the frame's pose in itself and each of its ancestors, by name, in order."""
        poses = {frame: Pose()}
        while frame in self._parents:
            parent, pose = self._parents[frame]
            if parent in poses:
                break
            poses[parent] = pose.after(poses[frame])
            frame = parent
        return poses


def _plain(name):
    return name.lstrip('/')
