"""Video files as a source: each frame as it is stored."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
import math
from pathlib import Path
from typing import Iterator, Optional

import cv2
from monodepth_ros.errors import DatasetError
from monodepth_ros.image_files import format_of_file
from monodepth_ros.image_formats import VIDEO
from monodepth_ros.offline.jobs import (
    check_here,
    DEFAULT_FPS,
    failing_job,
    Held,
    Intrinsics,
    Job,
    Source,
    Stretch,
    with_intrinsics,
)
from monodepth_ros.video_files import codec_of, open_video, pixel_aspect
import numpy as np

FRAMES_UNSURE = 0.02
"""Share of a video's frames by which the count in its header may be wrong: some containers have
none, and it is then worked out from the duration."""


class OpenVideo:
    """A video that is open; a place in it is found by reading up to there, which alone is exact.

    Raises:
        DatasetError: it cannot be opened.

    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self.capture = _open(path)
        self.position = 0

    def go_to(self, index: int) -> None:
        """Go on to a frame, or to the end where that comes before."""
        if index < self.position:
            self.close()
            self.capture, self.position = _open(self._path), 0
        while self.position < index and self.capture.grab():
            self.position += 1

    def frame(self) -> Optional[np.ndarray]:
        """Return the next frame, (H, W, 3) uint8 RGB, or None at the end."""
        found, image = self.capture.read()
        if not found:
            return None
        self.position += 1
        return cv2.cvtColor(image, cv2.COLOR_BGR2RGB)

    def close(self) -> None:
        """Close it."""
        self.capture.release()


def _open(path):
    capture = open_video(path)
    if not capture.isOpened():
        raise DatasetError(
            f'video {path} cannot be opened; it is truncated, no video ({_described(path)}), or '
            f'needs a codec that this OpenCV lacks: {_CONVERT}'
        )
    return capture


@dataclass(frozen=True)
class VideoStretch(Stretch):
    """Frames of a video that follow each other.

    Attributes:
        path: of the video.
        name: what the names of the jobs begin with.
        intrinsics: what the user says about the camera.
        aspect: width of a pixel by its height.
        note: of every frame, or ''.
        count: frames that the whole video should have.
        first: index of the first frame.
        stop: index after the last one; None for the end of the video, wherever that is.

    """

    path: Path
    name: str
    intrinsics: Intrinsics
    aspect: float
    note: str
    count: int
    first: int = 0
    stop: Optional[int] = None

    def jobs(self, held: Held) -> Iterator[Job]:
        check_here(self.path)
        try:
            video = held.get(self.path, lambda: OpenVideo(self.path))
            video.go_to(self.first)
        except (DatasetError, OSError) as error:
            yield failing_job(f'{self.path} frame {self.first}', str(error))
            return
        while self.stop is None or video.position < self.stop:
            index, image = video.position, video.frame()
            if image is None:
                break
            load = partial(_load, image, self.intrinsics, self.aspect, self.note)
            yield Job(f'{self.name}_{index:06}', f'{self.path} frame {index}', load)
        if self.stop is None and video.position < self.count * (1 - FRAMES_UNSURE) - 1:
            yield failing_job(
                f'{self.path} frame {video.position}',
                f'the video ends after {video.position} of {self.count} frames; is it truncated?',
            )


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
        capture = _open(path)
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

    def __len__(self) -> int:
        return self._count

    def jobs(self) -> Iterator[Job]:
        held = Held()
        try:
            yield from self._stretch(0, None).jobs(held)
        finally:
            held.close()

    def stretches(self, length: int) -> Iterator[Stretch]:
        # What the container says of their number may be wrong: the last one goes on to the end.
        starts = range(0, max(1, self._count - length + 1), length)
        for first in starts:
            yield self._stretch(first, first + length if first != starts[-1] else None)

    def _stretch(self, first, stop):
        known = (self._intrinsics, self._aspect, self._note, self._count)
        return VideoStretch(self._path, self.name, *known, first, stop)


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
