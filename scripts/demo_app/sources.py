"""Where the demo's frames come from: a folder of images, a video, a camera."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Iterator

import cv2
from demo_app.plan import Plan
from monodepth_ros.errors import ConfigError
import numpy as np

SUFFIXES = ('.jpg', '.jpeg', '.png')


@dataclass(frozen=True)
class SourceFrame:
    """
    One frame of a source.

    Attributes:
        image: (H, W, 3) uint8 RGB.
        truth: path of the depth image, uint16 millimetres with 0 unknown, or ''.

    """

    image: np.ndarray
    truth: str = ''


class FolderSource:
    """The `length` images of a folder in the order of their names; they have no rate."""

    rate = 0.0

    def __init__(self, folder: str):
        self._truths = Path(folder).resolve().parent / 'depth'
        self._paths = sorted(p for p in Path(folder).iterdir() if p.suffix.lower() in SUFFIXES)
        self.length = len(self._paths)
        if not self._paths:
            raise ConfigError(f'{folder} holds no image; expected files {", ".join(SUFFIXES)}')

    def frames(self) -> Iterator[SourceFrame]:
        """Yield each image once."""
        for path in self._paths:
            # As stored: the depth beside it, which is the truth, is not turned by a tag either.
            image = cv2.imread(str(path), cv2.IMREAD_COLOR | cv2.IMREAD_IGNORE_ORIENTATION)
            if image is None:
                raise ConfigError(f'{path} is no image that OpenCV can read; take it away')
            truth = self._truths / f'{path.stem}.png'
            yield SourceFrame(
                cv2.cvtColor(image, cv2.COLOR_BGR2RGB), str(truth) if truth.is_file() else ''
            )


class VideoSource:
    """A video file or a camera, at its own rate where it tells one; `length` 0 means endless."""

    def __init__(self, source: str | int):
        self._source = source
        capture = self._open()
        is_file = isinstance(source, str)
        self.rate = (capture.get(cv2.CAP_PROP_FPS) or 30.0) if is_file else 0.0
        self.length = max(0, int(capture.get(cv2.CAP_PROP_FRAME_COUNT))) if is_file else 0
        capture.release()

    def frames(self) -> Iterator[SourceFrame]:
        """Yield each frame until the source ends."""
        capture = self._open()
        try:
            while True:
                found, image = capture.read()
                if not found:
                    return
                yield SourceFrame(cv2.cvtColor(image, cv2.COLOR_BGR2RGB))
        finally:
            capture.release()

    def _open(self):
        capture = cv2.VideoCapture(self._source)
        if not capture.isOpened():
            what = 'video' if isinstance(self._source, str) else 'camera'
            raise ConfigError(
                f'{what} {self._source} cannot be opened; check that it exists, that OpenCV '
                'reads its format and that no other program holds it'
            )
        # Intrinsics are of the frames as they are stored.
        capture.set(cv2.CAP_PROP_ORIENTATION_AUTO, 0)
        return capture


def open_source(plan: Plan) -> FolderSource | VideoSource:
    """Return the plan's source; raise ConfigError where it cannot be opened."""
    if plan.kind == 'images':
        return FolderSource(plan.source)
    return VideoSource(plan.source if plan.kind == 'video' else int(plan.source))
