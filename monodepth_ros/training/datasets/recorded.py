"""Frames of videos and bags as images without truth: thinned, indexed once, kept as JPEG files."""

from __future__ import annotations

from dataclasses import asdict, dataclass
import errno
import hashlib
import json
import logging
from pathlib import Path
import tempfile
from typing import Iterator, Optional

import cv2
from monodepth_ros.camera import CameraModel, load_calibration, PinholeCamera, rectification_maps
from monodepth_ros.engines.cache import cache_folder
from monodepth_ros.errors import DatasetError, MonodepthError
from monodepth_ros.frames import Frame
from monodepth_ros.offline.jobs import Intrinsics
from monodepth_ros.offline.kinds import is_bag, is_video
from monodepth_ros.offline.sources import open_sources
from monodepth_ros.training.datasets.unlabelled import CALIBRATION, UnlabelledDataset
import numpy as np
from tqdm import tqdm

LOG = logging.getLogger(__name__)

LONGEST_SIDE = 1024
"""Pixels; larger frames are made smaller: no network here is trained at more, and they take time
to decode each time."""

JPEG_QUALITY = 95

THUMBNAIL = (32, 24)
"""Width and height at which frames are compared: noise is averaged away, and motion is not."""

MADE_BY = 1
"""Changes when other frames, or others of them, would be made of the same recording."""


@dataclass(frozen=True)
class Thinning:
    """Which frames of a recording are kept.

    Attributes:
        topic: of the images, in a bag; '' for the only one.
        every: each so many-th frame is looked at.
        min_change: mean difference of grey to the last frame that was kept, 0..1, that it takes;
            a still camera gives one frame.

    """

    topic: str = ''
    every: int = 1
    min_change: float = 0.01


def is_recording(path: Path) -> bool:
    """Return whether a path is a video or a bag."""
    return path.exists() and (is_bag(path) or (path.is_file() and is_video(path)))


def open_recording(
    path: Path,
    camera: Optional[CameraModel] = None,
    hfov: Optional[float] = None,
    thinning: Optional[Thinning] = None,
) -> UnlabelledDataset:
    """Return the frames of a video or bag, rectified, as a data set.

    The first time they are written to the user's cache folder, in `frames/`; they are made again
    once the recording or what is asked of it has changed.

    Args:
        path: a video, or a bag of ROS 1 or 2.
        camera: intrinsics; None for those of `hfov`, of camera.yaml beside the recording, or of
            the bag.
        hfov: horizontal field of view in degrees.
        thinning: which frames are kept.

    Raises:
        DatasetError: nothing can be read, there are no intrinsics, or no place for the frames.
        ConfigError: a topic that the bag lacks.
        CalibrationError: camera.yaml cannot be used.

    """
    beside = path.parent / CALIBRATION
    if camera is None and hfov is None and beside.is_file():
        camera = load_calibration(beside)
    thinning = thinning or Thinning()
    folder = cache_folder() / 'frames' / _key(path, camera, hfov, thinning)
    if not folder.is_dir():
        _write(path, Intrinsics(camera, hfov), thinning, folder)
    data = UnlabelledDataset(folder)
    LOG.info('%s: %d frames, kept in %s', path, len(data), folder)
    return data


def _key(path, camera, hfov, thinning) -> str:
    """Return a name for what is made of a recording in its present state."""
    files = [p for p in sorted(path.rglob('*')) if p.is_file()] if path.is_dir() else [path]
    state = [(str(p.resolve()), p.stat().st_size, p.stat().st_mtime_ns) for p in files]
    made_of = [MADE_BY, state, repr(camera), hfov, asdict(thinning)]
    return f'{path.stem}-{hashlib.sha256(json.dumps(made_of).encode()).hexdigest()[:16]}'


def _write(path, intrinsics, thinning, folder) -> None:
    """Write the frames and their camera; the folder is whole or not there."""
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(prefix='.', dir=folder.parent) as name:
            part = Path(name) / 'part'
            part.mkdir()
            _write_frames(path, intrinsics, thinning, part)
            try:
                part.rename(folder)
            except OSError as error:
                # Another process was faster.
                if error.errno not in (errno.EEXIST, errno.ENOTEMPTY):
                    raise
    except OSError as error:
        raise DatasetError(
            f'frames of {path} cannot be kept in {folder}: {error.strerror or error}; make room, '
            'or set XDG_CACHE_HOME'
        ) from None


def _write_frames(path, intrinsics, thinning, folder) -> None:
    writer: Optional[_Writer] = None
    for number, frame in _kept(path, intrinsics, thinning):
        writer = writer or _Writer(path, frame, folder)
        writer.write(number, frame.image)


def _kept(path, intrinsics, thinning) -> Iterator[tuple[int, Frame]]:
    """Yield the frames that are kept, with their numbers; raise DatasetError if there are none."""
    source = open_sources([str(path)], intrinsics, thinning.topic)[0]
    before, found, failed, failure = None, 0, 0, ''
    jobs = tqdm(source.jobs(), f'index {path.name}', total=len(source), unit='img', leave=False)
    for number, job in enumerate(jobs):
        # What cannot be read is said, wherever it is; it has no name.
        if job.name and number % thinning.every:
            continue
        try:
            frame, _ = job.load()
        except MonodepthError as error:
            failed, failure = failed + 1, str(error)
            continue
        now = _thumbnail(frame.image)
        if before is None or np.abs(now - before).mean() >= thinning.min_change:
            before, found = now, found + 1
            yield number, frame
    if failed:
        LOG.warning('%s: %d frames cannot be read, the last one: %s', path, failed, failure)
    if not found:
        raise DatasetError(f'{path} has no image that can be read{failure and f": {failure}"}')


def _thumbnail(image):
    """Return a small grey picture, 0..1."""
    small = cv2.resize(image, THUMBNAIL, interpolation=cv2.INTER_AREA)
    return small.mean(axis=2) / 255


class _Writer:
    """Write frames of one camera, rectified and not too large, and camera.yaml beside them."""

    def __init__(self, path: Path, first: Frame, folder: Path) -> None:
        camera = first.camera
        if camera is None:
            raise DatasetError(
                f'{path} has no intrinsics; put {CALIBRATION} beside it, or set hfov, in degrees'
            )
        self._path, self._folder = path, folder
        grid = camera.rectified
        self._maps = rectification_maps(camera, grid) if camera.is_distorted else None
        shrink = min(1.0, LONGEST_SIDE / max(grid.width, grid.height))
        self._size = grid.width, grid.height
        self._grid = grid.resized(round(grid.width * shrink), round(grid.height * shrink))
        (folder / CALIBRATION).write_text(_calibration(self._grid))

    def write(self, number: int, image: np.ndarray) -> None:
        """Write (H, W, 3) uint8 RGB as it is stored; raise DatasetError if of another size."""
        if image.shape[1::-1] != self._size:
            raise DatasetError(
                f'{self._path}: frame {number} is {image.shape[1]} x {image.shape[0]}, the first '
                f'one {self._size[0]} x {self._size[1]}; a recording has one camera'
            )
        if self._maps is not None:
            image = cv2.remap(image, *self._maps, cv2.INTER_LINEAR)
        if self._size != (self._grid.width, self._grid.height):
            size = self._grid.width, self._grid.height
            image = cv2.resize(image, size, interpolation=cv2.INTER_AREA)
        quality = [cv2.IMWRITE_JPEG_QUALITY, JPEG_QUALITY]
        data = cv2.imencode('.jpg', image[..., ::-1], quality)[1]
        (self._folder / f'{number:07}.jpg').write_bytes(data.tobytes())


def _calibration(grid: PinholeCamera) -> str:
    """Return the text of a calibration file of a camera without distortion."""
    k = [grid.fx, 0.0, grid.cx, 0.0, grid.fy, grid.cy, 0.0, 0.0, 1.0]
    p = [*k[:3], 0.0, *k[3:6], 0.0, *k[6:], 0.0]
    matrices = {
        'camera_matrix': (3, 3, k),
        'distortion_coefficients': (1, 5, [0.0] * 5),
        'rectification_matrix': (3, 3, np.eye(3).ravel().tolist()),
        'projection_matrix': (3, 4, p),
    }
    lines = [
        f'{name}: {{rows: {rows}, cols: {columns}, data: {json.dumps(list(map(float, values)))}}}'
        for name, (rows, columns, values) in matrices.items()
    ]
    head = [f'image_width: {grid.width}', f'image_height: {grid.height}', 'camera_name: frames']
    return '\n'.join([*head, 'distortion_model: plumb_bob', *lines, ''])
