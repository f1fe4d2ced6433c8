"""What frames come as: a source yields jobs in order; a job can go to another process."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from functools import partial
from itertools import islice
from pathlib import Path
import platform
from typing import Any, Callable, Hashable, Iterator, Optional

from monodepth_ros.camera import CameraModel
from monodepth_ros.errors import ConfigError, DatasetError
from monodepth_ros.frames import Frame
import numpy as np

DEFAULT_FPS = 10.0
"""Frames a second of a video that is made of frames without a rate."""


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

    def camera(self, width: int, height: int, aspect: float = 1.0) -> Optional[CameraModel]:
        """Return the intrinsics of an image of this size, or None.

        Args:
            width: columns of the image.
            height: rows of the image.
            aspect: width of a pixel by its height, which counts with `hfov`; a calibration has
                measured it.

        Raises:
            CalibrationError: they cannot be those of this size.

        """
        if self.hfov is None:
            return self.calibration and self.calibration.for_image(width, height)
        square = CameraModel.from_field_of_view(width, height, self.hfov)
        if aspect == 1:
            return square
        # Fewer of the pixels that are wider than high take up the same angle to the side.
        k = list(square.matrix)
        k[4] = k[0] * aspect
        return CameraModel.from_intrinsics(width, height, k=tuple(k), d=(), model='none')


def with_intrinsics(
    image: np.ndarray, camera: Optional[CameraModel], note: str = ''
) -> tuple[Frame, str]:
    """Return the frame of a (H, W, 3) uint8 RGB image, and the notes on it and its intrinsics."""
    notes = (note, *(camera.notes if camera else ()))
    return Frame(image, camera), '; '.join(filter(None, notes))


@dataclass(frozen=True)
class Job:
    """One frame to predict.

    Attributes:
        name: first part of the names of the files that are made of it.
        label: what people call it: a path, or a number in a video or bag.
        load: give the frame, and what is worth to know of it or ''; can be sent to another
            process; raises MonodepthError for a bad frame.
        time_ns: when a bag recorded it, in nanoseconds.

    """

    name: str
    label: str
    load: Callable[[], tuple[Frame, str]]
    time_ns: int = 0


class Held:
    """What a process keeps open from one stretch to the next: the last file that it read."""

    def __init__(self) -> None:
        self._key: Hashable = None
        self._thing: Any = None

    def get(self, key: Hashable, make: Callable[[], Any]) -> Any:
        """Return what `make` gave for this key; what was held for another is closed."""
        if key != self._key:
            self.close()
            self._thing = make()
            self._key = key
        return self._thing

    def close(self) -> None:
        """Let go of it."""
        thing, self._key, self._thing = self._thing, None, None
        if thing is not None:
            thing.close()


def check_here(path: Path) -> None:
    """Raise ConfigError where this machine does not see what another one told it to read."""
    if not path.exists():
        raise ConfigError(
            f'{path} is not there on {platform.node()}; every machine of a run must see it '
            'under this path'
        )


class Stretch(ABC):
    """Jobs of a source that follow each other, which another process reads by itself."""

    @abstractmethod
    def jobs(self, held: Held) -> Iterator[Job]:
        """Yield the jobs, as `Source.jobs` does; what they are read from stays in `held`.

        Raises:
            ConfigError: this machine does not see the source.

        """


@dataclass(frozen=True)
class Listed(Stretch):
    """Jobs that are sent as they are, since they are small.

    Attributes:
        listed: the jobs.

    """

    listed: tuple[Job, ...]

    def jobs(self, held: Held) -> Iterator[Job]:
        return iter(self.listed)


class Source(ABC):
    """Frames in order, from one place.

    Attributes:
        name: first part of the name of a video or bag that is made of all frames.
        fps: frames a second.
        calibrated: whether its frames have intrinsics.
        default_kinds: what is made of it where nothing is asked for.
        remark: what is worth to know of it before it is read, or ''.

    """

    name: str
    fps: float
    calibrated: bool
    default_kinds: tuple[str, ...]
    remark: str = ''

    @abstractmethod
    def __len__(self) -> int:
        """Return how many jobs there should be."""

    def poses(self) -> Optional[Callable[[str, int], Optional[np.ndarray]]]:
        """Return what gives a frame's (4, 4) pose at a time in nanoseconds; None for nothing."""
        return None

    @abstractmethod
    def jobs(self) -> Iterator[Job]:
        """Yield the jobs; damage of the source itself is a last job that fails."""

    def stretches(self, length: int) -> Iterator[Stretch]:
        """Yield stretches of about so many jobs, which together have all jobs in order."""
        jobs = self.jobs()
        while listed := tuple(islice(jobs, length)):
            yield Listed(listed)


def failing_job(label: str, message: str) -> Job:
    """Return a job that stands for what cannot be read; to load it raises DatasetError."""
    return Job('', label, partial(_fail, message))


def _fail(message):
    raise DatasetError(message)
