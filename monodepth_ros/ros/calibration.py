"""The camera's intrinsics as the node knows them: from messages, a file or a field of view."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
import threading
from typing import Callable, Optional

from monodepth_ros.camera import CameraModel, HOW_TO_CALIBRATE, load_calibration
from monodepth_ros.errors import CalibrationError
from monodepth_ros.ros.calibration_url import resolve_url
from monodepth_ros.ros.conversions import camera_info_key
from sensor_msgs.msg import CameraInfo

_NO_INFO = CalibrationError(
    'uncalibrated',
    f'no camera_info has come, camera.info_url is empty and camera.hfov 0; {HOW_TO_CALIBRATE}',
)

_UNRESOLVED = (None, None, None, None)
"""No way to intrinsics, no image size, and so neither intrinsics nor an error."""

ASSUMED = 'assumed'
"""State where the intrinsics are those of a field of view that the user has stated."""


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
        self._resolved: tuple = _UNRESOLVED
        self._lock = threading.Lock()
        self.expected: Optional[CameraModel] = None
        self._hfov = 0.0

    def load(self, url: str, name: str = '') -> None:
        """
        Take the intrinsics from a calibration file.

        Args:
            url: where it is, see `resolve_url`.
            name: what ${NAME} in it stands for.

        Raises:
            CalibrationError: the file cannot be found or used; the message names it.

        """
        self.expected = load_calibration(resolve_url(url, name))
        self._make = lambda size: self.expected.for_image(*size)

    def assume(self, hfov: float) -> None:
        """
        Assume a field of view where neither a file nor a message has intrinsics.

        It replaces none that cannot be used.

        Args:
            hfov: horizontal, in degrees; 0 for none.

        """
        with self._lock:
            # What was made of another one is of no use.
            self._hfov, self._resolved = hfov, _UNRESOLVED

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
                self._resolved = (make, size, *_resolve(make, size, self._hfov))
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
            return error.reason if error else ASSUMED if self._is_assumed() else 'ok'

    def _is_assumed(self) -> bool:
        camera = self._resolved[2]
        return bool(self._hfov and camera and camera.notes == (assumption(self._hfov),))

    @property
    def notes(self) -> tuple[str, ...]:
        """What was guessed of the last image's intrinsics, for people."""
        with self._lock:
            make, _, camera, _ = self._resolved
            return camera.notes if camera and make is self._make else ()

    @property
    def error(self) -> Optional[CalibrationError]:
        """Why the last image had no intrinsics; None where it had, or no image has come since."""
        with self._lock:
            make, _, _, error = self._resolved
            return error if make is self._make else None


def assumption(hfov: float) -> str:
    """Return the note of intrinsics that are made of a field of view, in degrees."""
    return f'intrinsics are assumed: camera.hfov is {hfov:g} degrees'


def _resolve(make, size, hfov):
    if make is None and hfov:
        return _assume(size, hfov), None
    if make is None:
        return None, _NO_INFO
    try:
        return make(size), None
    except CalibrationError as error:
        if error.reason == 'uncalibrated' and hfov:
            return _assume(size, hfov), None
        return None, error


def _assume(size, hfov):
    return replace(CameraModel.from_field_of_view(*size, hfov), notes=(assumption(hfov),))
