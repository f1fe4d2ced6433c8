"""Image files as a source: each becomes one frame."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import Iterator, Mapping

from monodepth_ros.image_files import read_image_file
from monodepth_ros.offline.jobs import DEFAULT_FPS, Intrinsics, Job, Source, with_intrinsics


class ImageSource(Source):
    """Image files of any size.

    Args:
        names: for each file, the first part of the names of its results.
        intrinsics: what the user says about the camera, for the pixels as they are stored.

    """

    default_kinds = ('panel', 'depth', 'label', 'cloud')
    fps = DEFAULT_FPS

    def __init__(self, names: Mapping[Path, str], intrinsics: Intrinsics) -> None:
        self.name = 'images'
        self.calibrated = intrinsics.known
        self._names = names
        self._intrinsics = intrinsics

    def __len__(self) -> int:
        return len(self._names)

    def jobs(self) -> Iterator[Job]:
        for path, name in self._names.items():
            yield Job(name, str(path), partial(_load, path, self._intrinsics))


def _load(path, intrinsics):
    image, note = read_image_file(path)
    return with_intrinsics(image, intrinsics.camera(image.shape[1], image.shape[0]), note)
