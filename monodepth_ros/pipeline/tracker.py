"""Follow corners from image to image (Lucas and Kanade; Shi and Tomasi, CVPR 1994)."""

from __future__ import annotations

from typing import Optional

import cv2
from monodepth_ros.scale.motion import FEWEST_TRACKS, Tracks
import numpy as np

CORNERS = 150
"""That are looked for in an image."""

SPACING = 6.0
"""Pixels between two of them, at least."""

QUALITY = 0.005
"""Of the best corner's, that a corner has at least."""

WINDOW, LEVELS = (15, 15), 4
"""Pixels that are compared, and how often the image is halved, so that far moves are found."""

RETURN = 0.5
"""Pixels by which a track, followed back again, may miss where it came from."""

MARGIN = 2
"""Pixels at the image's edge where corners are cut off."""

BEGIN_S, SOON_S, LEFT = 0.8, 0.2, 0.6
"""Seconds after which corners are looked for again, and after which they are where less than this
share of the latest ones is left, as of a fast camera."""

MOST_BEGINNINGS = 6
"""Images whose corners are followed at the same time; the earliest go first."""

LONGEST_S = 3.0
"""Seconds after which tracks are given up; what odometry drifts in them is still little."""

PAUSE_S = 0.6
"""Seconds between two images after which nothing is found again: a camera with fewer images than
two a second measures nothing."""


class Tracker:
    """Follow corners through the images of one camera, from several of them at the same time.

    As the camera goes on, those from long ago have moved most, those from just before are most.
    """

    def __init__(self) -> None:
        self._last: Optional[np.ndarray] = None
        self._stamp = 0
        self._tracks: list[Tracks] = []
        self._begun = 0

    def update(
        self, image: np.ndarray, stamp_ns: int, unseen: Optional[np.ndarray] = None
    ) -> list[Tracks]:
        """Follow what is known into an image, and look for new corners there now and then.

        Args:
            image: (H, W, 3) uint8 RGB.
            stamp_ns: its stamp. One that is not after the last one's, or long after it, begins
                anew, as an image of another size does.
            unseen: (H, W) bool, pixels that the lens does not show, whose edge is no corner; None
                for none.

        Returns:
            Tracks from earlier images into this one, of the earliest first.

        """
        grey = cv2.cvtColor(np.ascontiguousarray(image), cv2.COLOR_RGB2GRAY)
        pause = (stamp_ns - self._stamp) * 1e-9
        if self._last is None or self._last.shape != grey.shape or not 0 < pause <= PAUSE_S:
            self._tracks = []
        found = self._followed(grey, stamp_ns) if self._tracks else []
        self._tracks, self._last, self._stamp = list(found), grey, stamp_ns
        if self._are_few(stamp_ns):
            self._begin(grey, stamp_ns, unseen)
        return found

    def _are_few(self, stamp_ns):
        if not self._tracks:
            return True
        latest = self._tracks[-1]
        since = (stamp_ns - latest.stamp_ns) * 1e-9
        return since >= BEGIN_S or (since >= SOON_S and len(latest.first) < LEFT * self._begun)

    def _begin(self, grey, stamp_ns, unseen):
        mask = None if unseen is None else _far_from(unseen)
        corners = cv2.goodFeaturesToTrack(grey, CORNERS, QUALITY, SPACING, mask=mask)
        if corners is not None:
            self._tracks.append(Tracks(stamp_ns, corners[:, 0], corners[:, 0]))
            self._tracks = self._tracks[-MOST_BEGINNINGS:]
            self._begun = len(corners)

    def _followed(self, grey, stamp_ns):
        before = np.concatenate([one.second for one in self._tracks])
        settings = {'winSize': WINDOW, 'maxLevel': LEVELS}
        now, found, _ = cv2.calcOpticalFlowPyrLK(self._last, grey, before, None, **settings)
        back, also, _ = cv2.calcOpticalFlowPyrLK(grey, self._last, now, None, **settings)
        # Not a number fails both comparisons.
        with np.errstate(invalid='ignore'):
            good = (np.abs(back - before).max(axis=1) < RETURN) & (found & also)[:, 0].astype(bool)
            most = np.array(grey.shape[::-1]) - 1 - MARGIN
            good &= ((now >= MARGIN) & (now <= most)).all(axis=1)
        followed, at = [], 0
        for one in self._tracks:
            part = slice(at, at + len(one.first))
            at, kept = part.stop, good[part]
            is_fresh = (stamp_ns - one.stamp_ns) * 1e-9 <= LONGEST_S
            if is_fresh and np.count_nonzero(kept) >= FEWEST_TRACKS:
                followed.append(Tracks(one.stamp_ns, one.first[kept], now[part][kept]))
        return followed


def _far_from(unseen):
    """Return where windows have none of some pixels in them, (H, W) uint8, 255 or 0."""
    grown = cv2.dilate(unseen.astype(np.uint8), np.ones(WINDOW, np.uint8))
    return np.where(grown, np.uint8(0), np.uint8(255))
