"""What a data set is made of recordings by, as the command's options say it."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field

from monodepth_ros.offline.jobs import Intrinsics

CLOCKS = ('stamp', 'recording')
SPLITS = ('auto', 'place', 'time')


@dataclass(frozen=True)
class Options:
    """How recordings become a data set.

    Attributes:
        image_topic: of the images; '' for the only one.
        truth_topic: of depth images, a LaserScan or a PointCloud2; '' for the only one.
        intrinsics: what the user says about the image's camera.
        registered: depth images are aligned with the images, whatever their frames say.
        clock: pair by the stamps of the messages, or by the time of recording.
        tolerance: seconds between an image and its truth, at most.
        every: of the pairs, one in so many.
        min_move: metres since the last frame, below which a frame is left out.
        min_turn: degrees since the last frame, from which it is kept all the same.
        fixed_frame: that the robot moves in; '' for the first of `FIXED_FRAMES`.
        ground_frame: whose z = 0 is the floor; '' for the first of `GROUND_FRAMES`.
        max_blur: of `quality.blur`, above which an image is left out.
        min_light: of `quality.light`, below which an image is left out.
        max_depth: metres; truth beyond it is left out.
        split: 'place', 'time', or 'auto' for place where there are poses.
        test_share: of the frames, for the test list.

    """

    image_topic: str = ''
    truth_topic: str = ''
    intrinsics: Intrinsics = field(default_factory=Intrinsics)
    registered: bool = False
    clock: str = 'stamp'
    tolerance: float = 0.02
    every: int = 1
    min_move: float = 0.1
    min_turn: float = 5.0
    fixed_frame: str = ''
    ground_frame: str = ''
    max_blur: float = 0.6
    min_light: float = 20.0
    max_depth: float = 10.0
    split: str = 'auto'
    test_share: float = 0.2

    def to_dict(self) -> dict:
        """Return plain JSON types, by which a later run is known to be the same."""
        return {**asdict(self), 'intrinsics': str(self.intrinsics)}


FACTS = 'facts.json'
"""File of a data set that says how it was made."""
GROUND_FRAMES = ('base_footprint', 'map', 'odom', 'world')
"""Frames whose z = 0 is the floor: REP 120's footprint, and what robots on wheels move in."""
