"""The camera's intrinsics as the node knows them: from CameraInfo messages or from a file."""

from __future__ import annotations

from functools import partial
import os
from pathlib import Path
import threading
from typing import Callable, Optional
from urllib.parse import unquote, urlsplit

from monodepth_ros.camera import CameraModel, HOW_TO_CALIBRATE, load_calibration
from monodepth_ros.errors import CalibrationError
from monodepth_ros.ros.conversions import camera_info_key
from monodepth_ros.ros.fastdds import package_share_directory
from sensor_msgs.msg import CameraInfo

_NO_INFO = CalibrationError(
    'uncalibrated',
    f'no camera_info has come and camera.info_url is empty; {HOW_TO_CALIBRATE}',
)


class Calibration:
    """
    Give the intrinsics for an image size; bad ones are None with a reason, never an exception.

    Attributes:
        expected: the intrinsics of a file, as they are written there; None without a file.

    Messages come in the executor's thread, and images in the worker's.
    """

    def __init__(self) -> None:
        self._key: Optional[tuple] = None
        self._make: Optional[Callable[[tuple[int, int]], CameraModel]] = None
        self._resolved: tuple = (None, None, None, None)
        self._lock = threading.Lock()
        self.expected: Optional[CameraModel] = None

    def load(self, url: str) -> None:
        """
        Take the intrinsics from a calibration YAML.

        Raises:
            CalibrationError: the file cannot be found or used; the message names it.

        """
        self.expected = load_calibration(resolve_url(url))
        self._make = lambda size: self.expected.for_image(*size)

    def update(self, msg: CameraInfo) -> None:
        """Take the intrinsics from a message; a repetition of the last one costs little."""
        key = camera_info_key(msg)
        with self._lock:
            if key != self._key:
                self._make = partial(CameraModel.from_camera_info, msg)
                self._key = key

    def camera(self, width: int, height: int) -> Optional[CameraModel]:
        """Return the intrinsics of an image of this size, or None where there are none."""
        with self._lock:
            make, size = self._make, (width, height)
            if self._resolved[:2] != (make, size):
                self._resolved = (make, size, *_resolve(make, size))
            return self._resolved[2]

    @property
    def heard(self) -> bool:
        """Whether a message has come."""
        return self._key is not None

    @property
    def state(self) -> str:
        """Return 'ok', the reason why there are no intrinsics, or 'waiting' for an image."""
        with self._lock:
            make, size, _, error = self._resolved
            if make is not self._make or size is None:
                return 'waiting'
            return error.reason if error else 'ok'

    @property
    def error(self) -> Optional[CalibrationError]:
        """Why the last image had no intrinsics; None where it had, or no image has come since."""
        with self._lock:
            make, _, _, error = self._resolved
            return error if make is self._make else None


def _resolve(make, size):
    if make is None:
        return None, _NO_INFO
    try:
        return make(size), None
    except CalibrationError as error:
        return None, error


def resolve_url(url: str) -> Path:
    """
    Return the path that a calibration URL means.

    Args:
        url: a plain path, `file:///path`, or `package://package/path` for a file in the share
            folder of a ROS package.

    Raises:
        CalibrationError: 'bad_file', for another scheme, an unknown package, or a path that
            leaves the package.

    """
    parts = urlsplit(url)
    if parts.scheme == '':
        return Path(url).expanduser()
    if parts.scheme == 'file' and parts.netloc in ('', 'localhost'):
        return Path(unquote(parts.path))
    if parts.scheme == 'package':
        return _in_package(url, parts.netloc, unquote(parts.path).lstrip('/'))
    raise CalibrationError(
        'bad_file',
        f'camera.info_url is {url!r}, expected a path, file:///path or package://package/path',
    )


def _in_package(url: str, package: str, path: str) -> Path:
    share = package_share_directory(package)
    if share is None:
        raise CalibrationError(
            'bad_file',
            f'camera.info_url is {url!r}, but there is no ROS package {package!r}; source its '
            'workspace, or give the path of the file',
        )
    # By name only: with `colcon build --symlink-install` the files are links out of the folder.
    target = Path(os.path.normpath(share / path))
    if Path(os.path.normpath(share)) not in target.parents:
        raise CalibrationError(
            'bad_file',
            f'camera.info_url is {url!r}, which is no file inside the package folder {share}',
        )
    return target
