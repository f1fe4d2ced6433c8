"""What `monodepth evaluate` does with recordings in place of annotated images."""

from __future__ import annotations

import argparse
import sys
from typing import Optional

from monodepth_ros.cli.dataset import make_options, open_recordings
from monodepth_ros.errors import DatasetError


def open_recording(options: argparse.Namespace, name: str):
    """Return a recording as a data set: its frames as they are, neither blurred nor dark left out.

    Raises:
        ConfigError, DatasetError: the recording cannot be used.

    """
    from monodepth_ros.fleet.recording_dataset import RecordingDataset

    ((path, short),) = open_recordings([name])
    hfov = options.hfov[0] or None
    usual = {'max_blur': 1.0, 'min_light': 0.0, 'test_share': 0.0}
    if options.sequence:
        usual['min_move'] = 0.0  # its camera stands still
    dataset = RecordingDataset(path, short, make_options(options, hfov=hfov, **usual))
    for remark in dataset.plan.remarks:
        print(f'{short}: {remark}', file=sys.stderr)
    if not len(dataset):
        reasons = '; '.join(dataset.plan.left_out.lines())
        raise DatasetError(f'{path}: no image is left to measure on: {reasons}')
    return dataset


def recordings_in(names) -> list[str]:
    """Return the bags that names stand for."""
    return [str(path) for path, _ in open_recordings(names)]


class RecordingMeasurement:
    """Goes through the frames of a recording, and measures its scale.

    Args:
        dataset: a RecordingDataset.
        facts: of the model.

    Attributes:
        good: numbers of the frames that could be used.

    """

    def __init__(self, dataset, facts) -> None:
        from monodepth_ros.fleet.gain import FLOOR, Gain

        self._dataset = dataset
        self._gain = Gain(dataset.max_depth)
        semantic = 'semantic' in facts.outputs and FLOOR in facts.classes
        self._floor: Optional[int] = facts.classes.index(FLOOR) if semantic else None
        self.good: list[int] = []

    def samples(self, numbers):
        """Yield the frames of some numbers, without those that cannot be used."""
        for number in numbers:
            try:
                sample = self._dataset[number]
            except DatasetError as error:
                self._dataset.plan.left_out.add(str(error), self._dataset.ids[number])
                continue
            self.good.append(number)
            yield sample

    def watch(self, sample, prediction) -> None:
        """Take in a frame and what was predicted for it."""
        from monodepth_ros.fleet.gain import grounded_depth
        from monodepth_ros.training.evaluate import crop_mask, depth_on_truth
        from monodepth_ros.training.metrics import MIN_DEPTH, valid_depth

        everywhere = crop_mask(sample.image.shape[:2], None)
        depth, target, mask = depth_on_truth(sample, prediction.depth, everywhere)
        valid = valid_depth(target, MIN_DEPTH, self._dataset.max_depth, mask)
        stand, grounded = self._dataset.stand(self.good[-1]), None
        if stand is not None and self._floor is not None:
            grounded = grounded_depth(prediction, self._floor, stand)
        if grounded is not None:
            grounded = depth_on_truth(sample, grounded, everywhere)[0][valid]
        self._gain.update(depth[valid], target[valid], grounded)

    def result(self) -> dict:
        """Return the figures of `Gain.compute`, and what was left out."""
        lines = self._dataset.plan.left_out.lines()
        for line in lines:
            print(line, file=sys.stderr)
        return {'scale_gain': self._gain.compute(), 'left_out': lines}

    def measured(self):
        """Return the frames that could be used, as a data set."""
        from monodepth_ros.training.datasets import Subset

        return Subset(self._dataset, self.good)
