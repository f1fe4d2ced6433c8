"""Intrinsics of a raw image."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
import math
from typing import Any, Optional, Sequence

from monodepth_ros.camera.checks import (
    binned_size,
    checked_matrix,
    checked_rectification,
    checked_size,
    checked_window,
    floats,
    IDENTITY,
    is_unset,
    off_centre_notes,
)
from monodepth_ros.camera.grid import PinholeCamera
from monodepth_ros.camera.lenses import checked_distortion
from monodepth_ros.errors import CalibrationError
import numpy as np


@dataclass(frozen=True)
class CameraModel:
    """Intrinsics of a raw image, in the terms of sensor_msgs/CameraInfo without ROI and binning.

    Attributes:
        width: columns of the raw image in pixels.
        height: rows of the raw image in pixels.
        matrix: K, row-major 3 x 3.
        distortion: D, as long as `DISTORTION_COUNTS` says.
        model: one of `DISTORTION_COUNTS`.
        rotation: R, row-major 3 x 3, from camera to rectified coordinates.
        projection: P, row-major 3 x 4, of the rectified image; None to rectify to K.
        notes: what had to be guessed, for people; does not count when cameras are compared.
        sensor: where this is a region of interest, the whole sensor at the same binning.

    """

    width: int
    height: int
    matrix: tuple[float, ...]
    distortion: tuple[float, ...] = ()
    model: str = 'none'
    rotation: tuple[float, ...] = IDENTITY
    projection: Optional[tuple[float, ...]] = None
    notes: tuple[str, ...] = field(default=(), compare=False)
    sensor: Optional[CameraModel] = field(default=None, compare=False)

    @property
    def rectified(self) -> PinholeCamera:
        """The pinhole grid of the rectified image, of the raw image's size."""
        if self.projection is None:
            fx, _, cx, _, fy, cy = self.matrix[:6]
        else:
            fx, _, cx, _, _, fy, cy, _ = self.projection[:8]
        return PinholeCamera(self.width, self.height, fx, fy, cx, cy)

    @property
    def is_distorted(self) -> bool:
        """Whether the raw image differs from the rectified one."""
        raw = replace(self, projection=None).rectified
        return bool(
            # With all k = 0 the equidistant model is still no pinhole: r = f theta.
            self.model == 'equidistant'
            or any(self.distortion)
            or not np.allclose(self.rotation, IDENTITY, rtol=0, atol=1e-7)
            or not np.allclose(raw.matrix(), self.rectified.matrix(), rtol=1e-7, atol=1e-7)
        )

    def resized(self, width: int, height: int) -> CameraModel:
        """Return the intrinsics of the same view at `width` x `height` pixels."""
        return self._cropped(0, 0, self.width, self.height, width, height)

    @classmethod
    def from_camera_info(cls, msg: Any, image_size: tuple[int, int]) -> CameraModel:
        """Return the intrinsics of images of `image_size` (width, height) pixels.

        Args:
            msg: has the fields of sensor_msgs/CameraInfo, whatever library made it.
            image_size: (width, height) of the image that came.

        Raises:
            CalibrationError: as `from_intrinsics`.

        """
        roi = msg.roi
        return cls.from_intrinsics(
            msg.width,
            msg.height,
            tuple(msg.k),
            tuple(msg.d),
            msg.distortion_model,
            tuple(msg.r),
            tuple(msg.p),
            binning_x=msg.binning_x,
            binning_y=msg.binning_y,
            roi=(roi.x_offset, roi.y_offset, roi.width, roi.height),
            image_size=image_size,
        )

    def for_image(self, width: int, height: int) -> CameraModel:
        """Return the intrinsics scaled to an image of this size.

        An image of just the whole sensor's size is one, although the region of interest is set.

        Raises:
            CalibrationError: 'bad_size' where it is not this camera's size times one factor.

        """
        own = (self.width, self.height)
        if self.sensor is None or (width, height) == own:
            return self.resized(*checked_size(own, (width, height)))
        whole = (width, height) == (self.sensor.width, self.sensor.height)
        camera = self.sensor if whole else self.resized(*checked_size(own, (width, height)))
        note = (
            f'the image is {width} x {height}, but the region of interest has {own[0]} x {own[1]} '
            f'pixels: taken for {"the whole sensor" if whole else "a resized region"}; correct '
            'roi in the camera driver'
        )
        return replace(camera, notes=(*self.notes, note))

    @classmethod
    def from_field_of_view(cls, width: int, height: int, degrees: float) -> CameraModel:
        """Return an undistorted camera with square pixels and a central principal point.

        Args:
            width: columns of the image in pixels.
            height: rows of the image in pixels.
            degrees: horizontal field of view, above 0 and below 180.

        Raises:
            CalibrationError: 'bad_focal_length'.

        """
        if not 0 < degrees < 180:
            raise CalibrationError(
                'bad_focal_length',
                f'the horizontal field of view is {degrees} degrees, expected 0..180',
            )
        focal = width / 2 / math.tan(math.radians(degrees) / 2)
        cx, cy = (width - 1) / 2, (height - 1) / 2
        return cls(width, height, (focal, 0.0, cx, 0.0, focal, cy, 0.0, 0.0, 1.0))

    def _cropped(self, x, y, crop_width, crop_height, width, height):
        """Return the intrinsics of a crop at (x, y) that is scaled to `width` x `height`."""
        sx, sy = width / crop_width, height / crop_height
        to_crop = np.array(
            [[sx, 0, (0.5 - x) * sx - 0.5], [0, sy, (0.5 - y) * sy - 0.5], [0, 0, 1]]
        )
        matrix = to_crop @ np.reshape(self.matrix, (3, 3))
        projection = self.projection
        if projection is not None:
            projection = floats(to_crop @ np.reshape(projection, (3, 4)))
        return replace(
            self,
            width=width,
            height=height,
            matrix=floats(matrix),
            projection=projection,
            sensor=None,
        )

    @classmethod
    def from_intrinsics(
        cls,
        width: int,
        height: int,
        k: Sequence[float],
        d: Sequence[float] = (),
        model: str = '',
        r: Sequence[float] = IDENTITY,
        p: Optional[Sequence[float]] = None,
        binning_x: int = 0,
        binning_y: int = 0,
        roi: Optional[tuple[int, int, int, int]] = None,
        image_size: Optional[tuple[int, int]] = None,
    ) -> CameraModel:
        """Check the fields of a CameraInfo and return the intrinsics of the delivered image.

        Args:
            width: columns of the whole sensor in pixels.
            height: rows of the whole sensor in pixels.
            k: K of the whole sensor, 9 numbers.
            d: distortion coefficients.
            model: name of the distortion model, see `lenses.SPELLINGS`.
            r: R, 9 numbers; all zero (never set) means identity.
            p: P of the whole sensor, 12 numbers; None or P[0] = 0 (never set) means K.
            binning_x: sensor columns in a pixel; 0 means 1.
            binning_y: sensor rows in a pixel; 0 means 1.
            roi: (x, y, width, height) in sensor pixels; None or a zero size means all.
            image_size: (width, height) of the image that came; where it is the expected one times
                one factor, as after a resize on the way, the intrinsics are scaled to it. Stands
                for a width and height of 0.

        Raises:
            CalibrationError: 'uncalibrated', 'bad_focal_length', 'bad_distortion' or 'bad_size'.

        """
        model, d = checked_distortion(model, d)
        k, notes = _matrix_or_projection(k, p, r, d)
        # Such images are rectified, and those of a fisheye lens with D of zero are not.
        model, d = ('none', ()) if notes else (model, d)
        k = checked_matrix(k)
        r, p = checked_rectification(r, p)
        binning = (max(binning_x, 1), max(binning_y, 1))
        if (width, height) == (0, 0) and image_size:
            width, height = (side * factor for side, factor in zip(image_size, binning))
            notes += ('width and height of camera_info are 0: those of the image are taken',)
        notes += off_centre_notes(k, width, height)
        window = checked_window(width, height, roi)
        whole = cls(width, height, k, d, model, r, p, notes)
        camera = whole._cropped(*window, *binned_size(window, binning))
        if window != (0, 0, width, height):
            size = binned_size((0, 0, width, height), binning)
            camera = replace(camera, sensor=whole._cropped(0, 0, width, height, *size))
        return camera if image_size is None else camera.for_image(*image_size)


def _matrix_or_projection(k, p, r, d):
    """Return K and notes; where K is not set, and P all there is to know, P's part of it."""
    k = floats(k)
    known = p is not None and len(p) == 12 and p[0] != 0
    straight = not any(d) and (not any(r) or floats(r) == IDENTITY)
    if len(k) != 9 or not is_unset(k) or not known or not straight:
        return k, ()
    p = floats(p)
    return (*p[0:3], *p[4:7], *p[8:11]), ('K is all zero: P is taken in its place',)
