"""A recording as a data set, decoded as it is asked for: nothing is written."""

from __future__ import annotations

from pathlib import Path
from typing import Optional

import cv2
from monodepth_ros.camera import CameraModel
from monodepth_ros.errors import DatasetError, MonodepthError
from monodepth_ros.fleet.frame import make_frame
from monodepth_ros.fleet.options import Options
from monodepth_ros.fleet.parts import Part, parts_of, read_pairs
from monodepth_ros.fleet.plan import make_plan, RecordingPlan
from monodepth_ros.fleet.poses import Stand
from monodepth_ros.frames import UNLABELLED
from monodepth_ros.training.datasets import Dataset, DatasetFacts, Sample
import numpy as np

AHEAD = 10
"""Frames that are read at once: a bag is read best in its order."""


class RecordingDataset(Dataset):
    """
    The frames of a recording, without labels.

    Args:
        path: a bag.
        name: what its frames' names begin with.
        options: which frames, and how they are paired.

    Attributes:
        plan: what there is in the recording, and what is left out.

    Raises:
        ConfigError: topics or frames that are not there.
        DatasetError: the recording cannot be read, or nothing in it belongs together.

    """

    def __init__(self, path: Path, name: str, options: Options) -> None:
        self.plan: RecordingPlan = make_plan(path, name, options)
        facts = DatasetFacts(max_depth=options.max_depth, own_cameras=True)
        super().__init__('recording', path, [frame.name for frame in self.plan.frames], facts)
        self._options = options
        self._ready: dict[str, tuple[bytes, bytes]] = {}

    def stand(self, index: int) -> Optional[Stand]:
        """Return how the camera of a frame stands over the floor, None where it is not known."""
        return self.plan.frames[index].stand

    def load(self, index: int) -> Sample:
        """Return a frame; raise DatasetError that names it and says what is wrong."""
        frame = self.plan.frames[index]
        if frame.name not in self._ready:
            end = index + AHEAD
            frames = self.plan.frames[index:end]
            self._ready = {f.name: pair for f, *pair in read_pairs(self._part(frames))}
        pair = self._ready.pop(frame.name, None)
        if pair is None:
            raise DatasetError('not found again in the recording')
        try:
            made = make_frame(frame, self.plan.kinds, *pair, self._options)
        except (MonodepthError, cv2.error) as error:
            raise DatasetError(' '.join(str(error).split())) from None
        grid = made.camera
        camera = CameraModel(grid.width, grid.height, tuple(grid.matrix().ravel().tolist()))
        label = np.full(made.image.shape[:2], UNLABELLED, np.uint8)
        height = frame.stand and frame.stand.height
        return Sample(frame.name, made.image, made.depth, label, camera, height)

    def _part(self, frames) -> Part:
        (first, *_) = parts_of(self.plan)
        return Part(
            first.path, '', first.recording, first.fixed_frame, first.topics, first.kinds, frames
        )
