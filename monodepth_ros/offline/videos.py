"""Video files as a source: each frame as it is stored."""

from __future__ import annotations

from functools import partial
import math
from pathlib import Path
from typing import Iterator

import cv2
from monodepth_ros.errors import DatasetError
from monodepth_ros.image_files import format_of_file
from monodepth_ros.image_formats import VIDEO
from monodepth_ros.offline.jobs import (
    DEFAULT_FPS,
    failing_job,
    Intrinsics,
    Job,
    Source,
    with_intrinsics,
)
from monodepth_ros.video_files import codec_of, open_video, pixel_aspect

FRAMES_UNSURE = 0.02
"""Share of a video's frames by which the count in its header may be wrong: some containers have
none, and it is then worked out from the duration."""


class VideoSource(Source):
    """A video file, as OpenCV reads it.

    Raises:
        DatasetError: it cannot be opened, or has no frame.
        OSError: it cannot be read.

    """

    default_kinds = ('video',)

    def __init__(self, path: Path, intrinsics: Intrinsics) -> None:
        self.name = path.stem
        self.calibrated = intrinsics.known
        self._path = path
        self._intrinsics = intrinsics
        capture = self._open()
        fps = capture.get(cv2.CAP_PROP_FPS)
        self._count = int(max(0, capture.get(cv2.CAP_PROP_FRAME_COUNT)))
        self._aspect = pixel_aspect(capture)
        self._note = _turn_ignored(capture.get(cv2.CAP_PROP_ORIENTATION_META))
        readable, codec = capture.grab(), codec_of(capture)
        capture.release()
        if not readable:
            raise DatasetError(
                f'video {path} ({_described(path, codec)}) has no frame that can be read; it is '
                f'truncated, or this OpenCV lacks the codec: {_CONVERT}'
            )
        self.fps = fps if math.isfinite(fps) and fps > 0 else DEFAULT_FPS

    def _open(self):
        capture = open_video(self._path)
        if not capture.isOpened():
            raise DatasetError(
                f'video {self._path} cannot be opened; it is truncated, no video '
                f'({_described(self._path)}), or needs a codec that this OpenCV lacks: {_CONVERT}'
            )
        return capture

    def __len__(self) -> int:
        return self._count

    def jobs(self) -> Iterator[Job]:
        capture = self._open()
        index = 0
        try:
            while (found := capture.read())[0]:
                image = cv2.cvtColor(found[1], cv2.COLOR_BGR2RGB)
                load = partial(_load, image, self._intrinsics, self._aspect, self._note)
                yield Job(f'{self.name}_{index:06}', f'{self._path} frame {index}', load)
                index += 1
        finally:
            capture.release()
        if index < self._count * (1 - FRAMES_UNSURE) - 1:
            yield failing_job(
                f'{self._path} frame {index}',
                f'the video ends after {index} of {self._count} frames; is it truncated?',
            )


_CONVERT = 'ffmpeg -i FILE -c:v libx264 FILE.mp4'


def _load(image, intrinsics, aspect, note):
    camera = intrinsics.camera(image.shape[1], image.shape[0], aspect)
    return with_intrinsics(image, camera, note)


def _described(path, codec=''):
    form = format_of_file(path)
    named = form.name or 'format not known'
    return f'{codec} in {named}' if codec and form.kind == VIDEO else named


def _turn_ignored(degrees):
    """Return a word where the container says that its frames are to be turned, else ''."""
    if not degrees:
        return ''
    return (
        f'the stored pixels are used, although players turn them by {degrees:g} degrees: '
        'intrinsics are of the stored pixels; for upright results turn the pixels first: '
        'ffmpeg -i FILE FILE.mp4'
    )
