"""Where frames come from. A source yields jobs in order; a job can go to another process."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from functools import partial
import math
from pathlib import Path
from typing import Callable, Iterator, Optional, Sequence

import cv2
from monodepth_ros.camera import CameraModel
from monodepth_ros.errors import ConfigError, DatasetError, ImageError
from monodepth_ros.frames import Frame
import numpy as np

IMAGE_SUFFIXES = ('.jpg', '.jpeg', '.png', '.bmp', '.tif', '.tiff', '.webp')
VIDEO_SUFFIXES = ('.mp4', '.avi', '.mov', '.mkv', '.webm', '.m4v', '.mpg', '.mpeg')
BAG_SUFFIXES = ('.mcap', '.db3')
BAG_METADATA = 'metadata.yaml'

IMAGES_FPS = 10.0
"""Frames a second of a video that is made of single images."""

FRAMES_UNSURE = 0.02
"""Share of a video's frames by which the count in its header may be wrong: some containers have
none, and it is then worked out from the duration."""


@dataclass(frozen=True)
class Intrinsics:
    """What the user says about the camera; nothing by default.

    Attributes:
        calibration: intrinsics of one image size, or None.
        hfov: horizontal field of view in degrees, or None.

    """

    calibration: Optional[CameraModel] = None
    hfov: Optional[float] = None

    @property
    def known(self) -> bool:
        """Whether there are any."""
        return self.calibration is not None or self.hfov is not None

    def camera(self, width: int, height: int) -> Optional[CameraModel]:
        """Return the intrinsics of an image of this size, or None; raise CalibrationError."""
        if self.hfov is not None:
            return CameraModel.from_field_of_view(width, height, self.hfov)
        return self.calibration and self.calibration.for_image(width, height)


@dataclass(frozen=True)
class Job:
    """One frame to predict.

    Attributes:
        name: first part of the names of the files that are made of it.
        label: what people call it: a path, or a number in a video or bag.
        load: give the frame, and '' or what is wrong with its intrinsics; can be sent
            to another process; raises MonodepthError for a bad frame.
        time_ns: when a bag recorded it, in nanoseconds.

    """

    name: str
    label: str
    load: Callable[[], tuple[Frame, str]]
    time_ns: int = 0


class Source(ABC):
    """Frames in order, from one place.

    Attributes:
        name: first part of the name of a video or bag that is made of all frames.
        fps: frames a second.
        calibrated: whether its frames have intrinsics.
        default_kinds: what is made of it where nothing is asked for.

    """

    name: str
    fps: float
    calibrated: bool
    default_kinds: tuple[str, ...]

    @abstractmethod
    def __len__(self) -> int:
        """Return how many jobs there should be."""

    @abstractmethod
    def jobs(self) -> Iterator[Job]:
        """Yield the jobs; damage of the source itself is a last job that fails."""


def failing_job(label: str, message: str) -> Job:
    """Return a job that stands for what cannot be read; to load it raises DatasetError."""
    return Job('', label, partial(_fail, message))


def _fail(message):
    raise DatasetError(message)


class ImageSource(Source):
    """Image files of any size."""

    default_kinds = ('panel', 'depth', 'label', 'cloud')
    fps = IMAGES_FPS

    def __init__(self, paths: Sequence[Path], intrinsics: Intrinsics) -> None:
        self.name = 'images'
        self.calibrated = intrinsics.known
        self._paths = paths
        self._intrinsics = intrinsics

    def __len__(self) -> int:
        return len(self._paths)

    def jobs(self) -> Iterator[Job]:
        for path in self._paths:
            yield Job(path.stem, str(path), partial(_load_image, path, self._intrinsics))


def _load_image(path, intrinsics):
    try:
        data = np.fromfile(path, np.uint8)
    except OSError as error:
        raise DatasetError(f'cannot be read: {error.strerror}') from None
    image = cv2.imdecode(data, cv2.IMREAD_COLOR) if data.size else None
    if image is None:
        raise ImageError('short_data', f'{data.size} bytes that are no whole image')
    return _with_intrinsics(cv2.cvtColor(image, cv2.COLOR_BGR2RGB), intrinsics)


def _with_intrinsics(image, intrinsics):
    camera = intrinsics.camera(image.shape[1], image.shape[0])
    return Frame(image, camera), '; '.join(camera.notes if camera else ())


class VideoSource(Source):
    """A video file, as OpenCV reads it.

    Raises:
        DatasetError: it cannot be opened, or has no frame.

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
        readable = capture.grab()
        capture.release()
        if not readable:
            raise DatasetError(f'video {path} has no frame that can be read; is it truncated?')
        self.fps = fps if math.isfinite(fps) and fps > 0 else IMAGES_FPS

    def _open(self):
        capture = cv2.VideoCapture(str(self._path))
        if not capture.isOpened():
            raise DatasetError(
                f'video {self._path} cannot be opened; it is truncated, no video, or needs a '
                'codec that this OpenCV lacks'
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
                load = partial(_with_intrinsics, image, self._intrinsics)
                yield Job(f'{self.name}_{index:06}', f'{self._path} frame {index}', load)
                index += 1
        finally:
            capture.release()
        if index < self._count * (1 - FRAMES_UNSURE) - 1:
            yield failing_job(
                f'{self._path} frame {index}',
                f'the video ends after {index} of {self._count} frames; is it truncated?',
            )


def open_sources(
    names: Sequence[str],
    intrinsics: Intrinsics,
    image_topic: str = '',
    camera_info_topic: str = '',
) -> list[Source]:
    """
    Return the sources that the names stand for: all images in one, each video and bag in its own.

    Args:
        names: image files, folders of images, videos, and bags (folders with a metadata.yaml, or
            .mcap and .db3 files).
        intrinsics: what the user says about the camera; comes before what a bag says.
        image_topic: which images of a bag; '' for its only image topic.
        camera_info_topic: which intrinsics of a bag; '' for those beside the images.

    Raises:
        ConfigError: a name that does not exist, nothing to read, names that would overwrite each
            other's results, or an unknown topic.
        DatasetError: a video or bag that cannot be read.

    """
    images: dict[Path, str] = {}
    sequences: dict[Path, Source] = {}
    for path in map(Path, names):
        if not path.exists():
            raise ConfigError(f'{path} does not exist; expected an image, folder, video or bag')
        try:
            if _is_bag(path):
                sequences[path] = _bag_source()(path, intrinsics, image_topic, camera_info_topic)
            elif path.suffix.lower() in VIDEO_SUFFIXES and not path.is_dir():
                sequences[path] = VideoSource(path, intrinsics)
            else:
                images.update((image, image.stem) for image in _images(path))
        except OSError as error:
            raise DatasetError(f'{path} cannot be read: {error.strerror}') from None
    _check_names(images)
    _check_names({path: source.name for path, source in sequences.items()})
    single = [ImageSource(list(images), intrinsics)] if images else []
    return [*single, *sequences.values()]


def _bag_source():
    try:
        from monodepth_ros.offline.bags import BagSource
    except ModuleNotFoundError as error:
        raise ConfigError(
            f'bags need the library rosbags ({error}); install it: pip install "rosbags>=0.11.9"'
        ) from None
    return BagSource


def _is_bag(path):
    if path.suffix == '.bag' and path.is_file():
        raise ConfigError(
            f'{path} is a bag of ROS 1; convert it first: rosbags-convert --src {path} --dst '
            f'{path.stem}'
        )
    if path.is_dir():
        return (path / BAG_METADATA).exists() or any(
            p.suffix in BAG_SUFFIXES for p in path.iterdir()
        )
    return path.suffix in BAG_SUFFIXES


def _images(path):
    """Return the images directly in a folder, sorted; or the file itself, whatever its ending."""
    if not path.is_dir():
        return [path]
    found = sorted(
        p for p in path.iterdir() if p.suffix.lower() in IMAGE_SUFFIXES and not p.is_dir()
    )
    if not found:
        raise ConfigError(
            f'no images and no bag in {path}; known endings: '
            f'{", ".join(IMAGE_SUFFIXES + BAG_SUFFIXES)}'
        )
    return found


def _check_names(names):
    first: dict[str, Path] = {}
    for path, name in names.items():
        if name in first:
            raise ConfigError(
                f'results of {path} would replace those of {first[name]}; predict them one by one '
                'into two --out folders'
            )
        first[name] = path
