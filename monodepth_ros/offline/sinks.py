"""What is made of predictions: files of each frame, or one video, bag or .rrd file of all."""

from __future__ import annotations

from dataclasses import dataclass, replace
import os
from pathlib import Path
from typing import Any, Optional

import cv2
from monodepth_ros.errors import ConfigError
from monodepth_ros.facts import ModelFacts
from monodepth_ros.frames import Prediction
from monodepth_ros.image_encodings import to_millimetres
from monodepth_ros.offline.rerun_frame import frame_of_prediction
from monodepth_ros.pipeline.cloud import make_cloud, write_ply
from monodepth_ros.pipeline.visualize import panel
from monodepth_ros.video_files import name_for_opencv, open_video
import numpy as np

FILES = {
    'panel': '_panel.png',
    'depth': '_depth.png',
    'label': '_label.png',
    'cloud': '_cloud.ply',
}
"""Kinds of files that each frame gets, and the ends of their names."""

STREAMS = ('video', 'bag', 'rrd')
"""Kinds of files that all frames of a source share."""

KINDS = (*FILES, *STREAMS)

IN_METRES = ('depth', 'cloud')
"""Files that a network gives nothing for whose depth is no metres."""


@dataclass(frozen=True)
class Products:
    """Make the results of one frame; can be sent to another process.

    Attributes:
        folder: where the files of the frames go.
        kinds: which results, of `KINDS`.
        stride: every n-th row and column becomes a point of the clouds.
        with_labels: whether the points of a bag have label and confidence.
        with_overlay: whether a bag has the overlay's topic.
        calibrated: whether the frames should have intrinsics, and so a cloud.
        skip_complete: whether frames that have all their files are left alone.
        scale: what the depth was multiplied by, to plot it.

    """

    folder: Path
    kinds: tuple[str, ...]
    stride: int = 1
    with_labels: bool = False
    with_overlay: bool = False
    calibrated: bool = False
    skip_complete: bool = False
    scale: float = 1.0

    def of_model(self, facts: ModelFacts) -> Products:
        """Return what there is of these from a model: files in metres only where it gives some."""
        if 'relative' not in facts.outputs:
            return self
        return replace(self, kinds=tuple(kind for kind in self.kinds if kind not in IN_METRES))

    def are_complete(self, name: str) -> bool:
        """Return whether the frame has all its files; without intrinsics it has no cloud."""
        return all(
            (self.folder / f'{name}{FILES[kind]}').exists()
            for kind in self.kinds
            if kind in FILES and (self.calibrated or kind != 'cloud')
        )

    def make(self, name: str, prediction: Prediction, facts: ModelFacts) -> dict[str, Any]:
        """
        Write the frame's files, and return what is to be added to video, bag and recording.

        Args:
            name: first part of the files' names.
            prediction: the frame's result.
            facts: class names and colours.

        Returns:
            Where wanted a panel, (H, W, 3) uint8 RGB, as 'video', the messages as 'bag', and a
            RerunFrame as 'rrd'.

        Raises:
            ConfigError: the folder cannot be written to.

        """
        for kind in self.kinds:
            if kind in FILES and (kind != 'cloud' or prediction.camera is not None):
                path = self.folder / f'{name}{FILES[kind]}'
                _replace(path, kind, prediction, facts, self.stride)
        payloads: dict[str, Any] = {}
        if 'video' in self.kinds:
            payloads['video'] = panel(prediction, facts, facts.max_depth, fixed=True)
        if 'bag' in self.kinds:
            from monodepth_ros.offline.messages import make_messages

            payloads['bag'] = make_messages(
                prediction, facts, self.stride, self.with_labels, self.with_overlay
            )
        if 'rrd' in self.kinds:
            payloads['rrd'] = frame_of_prediction(prediction, facts, self.stride, self.scale)
        return payloads


def _replace(path, kind, prediction, facts, stride):
    """Write a file under another name first: a file with the right name is complete."""
    partial = path.with_name(f'.{path.name}.partial')
    try:
        try:
            _WRITERS[kind](partial, prediction, facts, stride)
            os.replace(partial, path)
        finally:
            partial.unlink(missing_ok=True)
    except OSError as error:
        raise ConfigError(f'cannot write {path}: {error.strerror}') from None


def _write_panel(path, prediction, facts, stride):
    _write_png(path, panel(prediction, facts)[..., ::-1])


def _write_depth(path, prediction, facts, stride):
    _write_png(path, to_millimetres(prediction.depth))


def _write_label(path, prediction, facts, stride):
    _write_png(path, prediction.label)


def _write_cloud(path, prediction, facts, stride):
    rays = prediction.camera.rays()
    write_ply(path, make_cloud(prediction.depth, prediction.image, rays, stride))


def _write_png(path, picture):
    # cv2.imwrite says neither why it fails nor, on a full disk, that it did.
    path.write_bytes(cv2.imencode('.png', picture)[1].tobytes())


_WRITERS = {
    'panel': _write_panel,
    'depth': _write_depth,
    'label': _write_label,
    'cloud': _write_cloud,
}


class VideoWriter:
    """
    Write an MPEG-4 video that has its name only once it is complete.

    Args:
        path: file ending in .mp4.
        fps: frames a second.

    """

    def __init__(self, path: Path, fps: float) -> None:
        self._path = path
        self._partial = path.with_name(f'{path.stem}.partial{path.suffix}')
        self._fps = fps
        self._writer: Optional[cv2.VideoWriter] = None
        self._size = (0, 0)
        self._count = 0

    def add(self, time_ns: int, picture: np.ndarray) -> None:
        """
        Add a picture; one of another size than the first is fitted into that size.

        Args:
            time_ns: not used; a video has a constant rate.
            picture: (H, W, 3) uint8 RGB.

        Raises:
            ConfigError: the video cannot be written.

        """
        if self._writer is None:
            # The codec halves the colours' resolution, so it takes even sides only.
            self._size = tuple(side + side % 2 for side in picture.shape[1::-1])
            codec = cv2.VideoWriter_fourcc(*'mp4v')
            with name_for_opencv(self._partial) as name:
                self._writer = cv2.VideoWriter(name, codec, self._fps, self._size)
            if not self._writer.isOpened():
                raise self._failure()
        self._writer.write(_fitted(picture, self._size)[..., ::-1])
        self._count += 1

    def finish(self) -> None:
        """Complete the video and give it its name; one with no frame is none at all."""
        if self._writer is None:
            return
        self._writer.release()
        # OpenCV does not say when a frame could not be written, so see what has come of them.
        if _count_frames(self._partial) != self._count:
            raise self._failure()
        self._writer = None
        os.replace(self._partial, self._path)

    def _failure(self):
        return ConfigError(
            f'cannot write video {self._path}: the disk is full, the folder cannot be written to, '
            'or this OpenCV has no encoder for mp4v'
        )

    def abort(self) -> None:
        """Remove what has been written of a video that is not finished."""
        if self._writer is not None:
            self._writer.release()
            self._partial.unlink(missing_ok=True)


def _fitted(picture, size):
    """Return the picture at the upper left of a white sheet, shrunk where it is too large."""
    scale = min(1.0, size[0] / picture.shape[1], size[1] / picture.shape[0])
    if scale < 1:
        picture = cv2.resize(picture, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
    right, below = size[0] - picture.shape[1], size[1] - picture.shape[0]
    return cv2.copyMakeBorder(
        picture, 0, max(below, 0), 0, max(right, 0), cv2.BORDER_CONSTANT, value=(255, 255, 255)
    )


def _count_frames(path):
    capture = open_video(path)
    count = int(capture.get(cv2.CAP_PROP_FRAME_COUNT)) if capture.isOpened() else 0
    capture.release()
    return count
