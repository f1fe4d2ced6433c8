"""Camera intrinsics: pinhole grids, ROS calibrations, rectification maps.

Pixel centres lie at integer coordinates (OpenCV and ROS), so the left edge of an image is at
x = -0.5, and an image scaled by s moves a point from x to (x + 0.5) s - 0.5.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import lru_cache
import math
from pathlib import Path
from typing import Any, Optional, Sequence, Union

import cv2
from monodepth_ros.errors import CalibrationError, shown
from monodepth_ros.yaml_file import read_yaml
import numpy as np

DISTORTION_COUNTS = {
    'none': (0,),
    'plumb_bob': (0, 4, 5),
    'rational_polynomial': (8, 12, 14),
    'equidistant': (4,),
}
"""Distortion models (sensor_msgs/distortion_models.hpp) and the lengths of D that each takes.

plumb_bob and rational_polynomial are k1 k2 p1 p2 k3 k4 k5 k6 s1 s2 s3 s4 taux tauy of OpenCV, cut
off where zero; equidistant is k1 k2 k3 k4 of Kannala and Brandt (2006), OpenCV's fisheye model.
"""

_SAME_MODEL = {'fisheye': 'equidistant'}
"""Other names in use: who calibrates with cv2.fisheye names the model after it. That is the only
fisheye model of OpenCV and of image_geometry, and the four numbers of D are demanded all the same.
"""

FOCAL_LENGTHS = (1e-2, 1e7)
"""Pixels; the shortest and the longest focal length, and the farthest principal point, that are
taken for a lens's: beyond, numbers overflow on their way through the geometry."""

STRETCH = 10.0
"""Most that a pixel may be wider than high, or higher than wide; anamorphic lenses have 2."""

IDENTITY = (1.0, 0.0, 0.0, 0.0, 1.0, 0.0, 0.0, 0.0, 1.0)

OUTSIDE = -10000.0
"""Map coordinate of a pixel that no pixel of the raw image shows; fits OpenCV's int16 maps."""

HOW_TO_CALIBRATE = 'calibrate it with camera_calibration, or set camera.info_url to a calibration'


@dataclass(frozen=True)
class PinholeCamera:
    """A rectified pixel grid.

    Attributes:
        width: columns in pixels.
        height: rows in pixels.
        fx: horizontal focal length in pixels.
        fy: vertical focal length in pixels.
        cx: column of the principal point in pixels.
        cy: row of the principal point in pixels.

    """

    width: int
    height: int
    fx: float
    fy: float
    cx: float
    cy: float

    def matrix(self) -> np.ndarray:
        """Return the intrinsic matrix, (3, 3) float64."""
        return np.array([[self.fx, 0, self.cx], [0, self.fy, self.cy], [0, 0, 1]], np.float64)

    def resized(self, width: int, height: int) -> PinholeCamera:
        """Return the grid of the same view at `width` x `height` pixels, scaled per axis."""
        sx, sy = width / self.width, height / self.height
        cx, cy = (self.cx + 0.5) * sx - 0.5, (self.cy + 0.5) * sy - 0.5
        return PinholeCamera(width, height, self.fx * sx, self.fy * sy, cx, cy)

    def rays(self) -> np.ndarray:
        """Return x/z and y/z of every pixel, (H, W, 2) float32; cached, hence read-only."""
        return _rays(self)


@lru_cache(maxsize=8)
def _rays(camera):
    # One plane after the other, as products with depth read them.
    rays = np.moveaxis(np.empty((2, camera.height, camera.width), np.float32), 0, -1)
    rays[..., 0] = (np.arange(camera.width) - camera.cx) / camera.fx
    rays[..., 1] = ((np.arange(camera.height) - camera.cy) / camera.fy)[:, None]
    rays.flags.writeable = False
    return rays


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

    """

    width: int
    height: int
    matrix: tuple[float, ...]
    distortion: tuple[float, ...] = ()
    model: str = 'none'
    rotation: tuple[float, ...] = IDENTITY
    projection: Optional[tuple[float, ...]] = None

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

        Raises:
            CalibrationError: 'bad_size' where it is not this camera's size times one factor.

        """
        return self.resized(*_checked_size((self.width, self.height), (width, height)))

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
            projection = _floats(to_crop @ np.reshape(projection, (3, 4)))
        return replace(
            self, width=width, height=height, matrix=_floats(matrix), projection=projection
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
            model: one of `DISTORTION_COUNTS`; '' means 'none' where D is zero, and 'fisheye'
                'equidistant'.
            r: R, 9 numbers; all zero (never set) means identity.
            p: P of the whole sensor, 12 numbers; None or P[0] = 0 (never set) means K.
            binning_x: sensor columns in a pixel; 0 means 1.
            binning_y: sensor rows in a pixel; 0 means 1.
            roi: (x, y, width, height) in sensor pixels; None or a zero size means all.
            image_size: (width, height) of the image that came; where it is the expected one times
                one factor, as after a resize on the way, the intrinsics are scaled to it.

        Raises:
            CalibrationError: 'uncalibrated', 'bad_focal_length', 'bad_distortion' or 'bad_size'.

        """
        k = _checked_matrix(k)
        model, d = _checked_distortion(model, d)
        r, p = _checked_rectification(r, p)
        window = _checked_window(width, height, roi)
        expected = (window[2] // max(binning_x, 1), window[3] // max(binning_y, 1))
        if min(expected) < 1:
            raise CalibrationError(
                'bad_size',
                f'camera_info bins {window[2]} x {window[3]} pixels by {binning_x} x {binning_y}, '
                'which leaves no pixel; correct binning or roi in the camera driver',
            )
        size = expected if image_size is None else _checked_size(expected, image_size)
        whole = cls(width, height, k, d, model, r, p)
        return whole._cropped(*window, *size)


def _floats(values):
    return tuple(float(v) for v in np.ravel(values))


def _checked_matrix(k):
    k = _floats(k)
    if len(k) != 9:
        raise CalibrationError('bad_focal_length', f'K has {len(k)} numbers, expected 9')
    if not any(k):
        raise CalibrationError(
            'uncalibrated', f'K is all zero: the camera is not calibrated; {HOW_TO_CALIBRATE}'
        )
    if not all(map(math.isfinite, k)) or not _is_lens(k[0], k[4], k[2], k[5]):
        raise CalibrationError(
            'bad_focal_length',
            f'K has fx {k[0]}, fy {k[4]}, cx {k[2]}, cy {k[5]}; expected finite values with fx '
            f'and fy above 0, {_LENS}; {HOW_TO_CALIBRATE}',
        )
    if k[1] or k[3] or k[6] or k[7]:
        raise CalibrationError(
            'bad_focal_length',
            f'K is {k}, expected [fx 0 cx, 0 fy cy, 0 0 1]; {HOW_TO_CALIBRATE}',
        )
    return (*k[:8], 1.0)


_LENS = (
    f'of {FOCAL_LENGTHS[0]:g} to {FOCAL_LENGTHS[1]:g} pixels and at most {STRETCH:g} times each '
    'other'
)


def _is_lens(fx, fy, cx, cy):
    shortest, longest = FOCAL_LENGTHS
    return (
        all(shortest <= f <= longest for f in (fx, fy))
        and max(fx, fy) <= STRETCH * min(fx, fy)
        and max(abs(cx), abs(cy)) <= longest
    )


def _checked_distortion(model, d):
    d, model = _floats(d), _SAME_MODEL.get(model, model)
    if model in ('', 'none') and not any(d):
        return 'none', ()
    if model not in DISTORTION_COUNTS:
        raise CalibrationError(
            'bad_distortion',
            f'distortion model {shown(model)} with D of {len(d)} numbers is not known; known: '
            f'{sorted(DISTORTION_COUNTS)}; {HOW_TO_CALIBRATE}',
        )
    if len(d) not in DISTORTION_COUNTS[model]:
        raise CalibrationError(
            'bad_distortion',
            f'distortion model {model!r} has D of {len(d)} numbers, expected '
            f'{" or ".join(map(str, DISTORTION_COUNTS[model]))}; {HOW_TO_CALIBRATE}',
        )
    if not all(map(math.isfinite, d)):
        raise CalibrationError(
            'bad_distortion', f'D is {d}, expected finite numbers; {HOW_TO_CALIBRATE}'
        )
    return model, d


def _checked_rectification(r, p):
    r = _floats(r)
    if not any(r):
        r = IDENTITY
    # Numbers beyond 2 need no further look, and no overflow.
    if len(r) != 9 or not all(abs(v) < 2 for v in r) or not _is_rotation(np.reshape(r, (3, 3))):
        raise CalibrationError(
            'bad_distortion', f'R is {shown(r)}, expected a 3 x 3 rotation; {HOW_TO_CALIBRATE}'
        )
    if p is None:
        return r, None
    p = _floats(p)
    if len(p) == 12 and p[0] == 0:
        return r, None
    if len(p) != 12 or not all(map(math.isfinite, p)) or not _is_lens(p[0], p[5], p[2], p[6]):
        raise CalibrationError(
            'bad_focal_length',
            f'P is {shown(p)}, expected 12 finite numbers with P[0] and P[5] above 0, {_LENS}; '
            f'{HOW_TO_CALIBRATE}',
        )
    return r, (*p[:8], 0.0, 0.0, 1.0, 0.0)


def _is_rotation(matrix):
    return np.allclose(matrix @ matrix.T, np.eye(3), atol=1e-3)


def _checked_window(width, height, roi):
    """Return the region of interest as (x, y, width, height), which lies on the sensor."""
    x, y, w, h = roi or (0, 0, 0, 0)
    if w == 0 or h == 0:
        x, y, w, h = 0, 0, width, height
    if min(w, h) < 1 or min(x, y) < 0 or x + w > width or y + h > height:
        raise CalibrationError(
            'bad_size',
            f'camera_info has size {width} x {height} and region of interest {w} x {h} at '
            f'({x}, {y}); expected a region of one pixel or more inside the image; correct it '
            'in the camera driver',
        )
    return x, y, w, h


def _checked_size(expected, image_size):
    """Return `image_size` if it is `expected` times one factor, give or take a pixel."""
    width, height = image_size
    low = max((width - 1) / expected[0], (height - 1) / expected[1])
    high = min((width + 1) / expected[0], (height + 1) / expected[1])
    if min(width, height) < 1 or low >= high:
        raise CalibrationError(
            'bad_size',
            f'the image is {width} x {height}, but camera_info describes {expected[0]} x '
            f'{expected[1]} (region of interest and binning applied), which no common factor '
            f'turns into it; calibrate at the size in use, or correct camera_info',
        )
    return width, height


def load_calibration(path: Union[str, Path]) -> CameraModel:
    """Read a calibration YAML as written by camera_calibration.

    rectification_matrix and projection_matrix may be absent: identity and K.

    Raises:
        CalibrationError: 'bad_file' where the file cannot be read or a key is missing or of the
            wrong shape, or what `CameraModel.from_intrinsics` says about the values. The message
            names the file.

    """
    values = _read_yaml(path)
    k = _matrix(path, values, 'camera_matrix', 3, 3)
    d = _matrix(path, values, 'distortion_coefficients', 1, None)
    r, p = IDENTITY, None
    if 'rectification_matrix' in values:
        r = _matrix(path, values, 'rectification_matrix', 3, 3)
    if 'projection_matrix' in values:
        p = _matrix(path, values, 'projection_matrix', 3, 4)
    model = _key(path, values, 'distortion_model')
    if not isinstance(model, str):
        raise _bad_file(path, f'distortion_model is {shown(model)}, expected a name')
    size = [_pixels(path, values, key) for key in ('image_width', 'image_height')]
    try:
        return CameraModel.from_intrinsics(*size, k, d, model, r, p)
    except CalibrationError as error:
        raise CalibrationError(error.reason, f'calibration file {path}: {error}') from None


def _bad_file(path, problem):
    return CalibrationError(
        'bad_file', f'calibration file {path}: {problem}; {HOW_TO_CALIBRATE} that it wrote'
    )


def _read_yaml(path):
    if Path(path).exists() and not Path(path).is_file():
        raise _bad_file(path, 'cannot be read (not a file)')
    try:
        values = read_yaml(Path(path))
    except OSError as error:
        raise _bad_file(path, f'cannot be read ({error.strerror})') from None
    except ValueError as error:
        raise _bad_file(path, f'is not YAML ({error})') from None
    if not isinstance(values, dict):
        raise _bad_file(path, f'holds a {type(values).__name__}, expected keys with values')
    return values


def _key(path, values, key):
    if key not in values:
        raise _bad_file(path, f'the key {key} is missing')
    return values[key]


def _pixels(path, values, key):
    value = _key(path, values, key)
    if not isinstance(value, int) or isinstance(value, bool) or value < 1:
        raise _bad_file(
            path, f'{key} is {shown(value)}, expected a positive whole number of pixels'
        )
    return value


def _matrix(path, values, key, rows, columns):
    """Return the numbers of a {rows, cols, data} entry; `columns` None takes any length."""
    entry = _key(path, values, key)
    data = entry.get('data') if isinstance(entry, dict) else None
    if not isinstance(data, list):
        raise _bad_file(path, f'{key} is {shown(entry)}, expected rows, cols and a list data')
    shape = (rows, len(data) if columns is None else columns)
    declared = (entry.get('rows', shape[0]), entry.get('cols', shape[1]))
    if declared != shape or len(data) != shape[0] * shape[1]:
        raise _bad_file(
            path,
            f'{key} has rows and cols {shown(declared)} and {len(data)} numbers, expected '
            f'{shape[0]} x {shape[1]}',
        )
    return [_number(path, key, value) for value in data]


def _number(path, key, value):
    # YAML 1.1 reads 1e-05, which has no dot, as a string.
    try:
        number = math.nan if isinstance(value, bool) else float(value)
    except (TypeError, ValueError, OverflowError):
        number = math.nan
    if not math.isfinite(number):
        raise _bad_file(path, f'{key} holds {shown(value)}, expected finite numbers')
    return number


def rectification_maps(
    camera: CameraModel, target: PinholeCamera
) -> tuple[np.ndarray, np.ndarray]:
    """Return the maps that take the raw image of `camera` to the grid `target` by cv2.remap.

    Returns:
        Column and row in the raw image for every pixel of `target`, each (H, W) float32; both
        `OUTSIDE` where the distortion model has no meaning: behind the camera, and beyond the
        radius from which the polynomial folds back into the image.

    """
    matrix, rotation = np.reshape(camera.matrix, (3, 3)), np.reshape(camera.rotation, (3, 3))
    size = (target.width, target.height)
    fisheye = camera.model == 'equidistant'
    init = cv2.fisheye.initUndistortRectifyMap if fisheye else cv2.initUndistortRectifyMap
    distortion = np.array(camera.distortion or (0.0,) * 4)
    maps = init(matrix, distortion, rotation, target.matrix(), size, cv2.CV_32FC1)
    outside = _without_meaning(camera, target)
    for coordinates in maps:
        coordinates[outside] = OUTSIDE
    return maps[0], maps[1]


def _without_meaning(camera, target):
    """Return (H, W) bool: pixels of `target` for which the distortion model cannot be used."""
    rays = target.rays()
    # R turns camera into rectified coordinates; its transpose goes back.
    rotation = np.reshape(camera.rotation, (3, 3)).astype(np.float32)
    x, y, z = np.moveaxis(rays @ rotation[:2] + rotation[2], -1, 0)
    if camera.model == 'equidistant':
        radius = np.arctan2(np.hypot(x, y), z)
    else:
        radius = np.hypot(x, y) / np.maximum(z, np.float32(1e-6))
    behind = z <= 0
    reach = float(radius[~behind].max(initial=0.0))
    return behind | (radius > _fold_radius(camera, reach))


def _fold_radius(camera, reach):
    """Return the radius up to which distorted radius grows with true radius, at most `reach`."""
    # Even steps in the angle, so that a ray near 90 degrees does not make them coarse.
    radius = np.tan(np.linspace(0.0, math.atan(reach), 4096))
    square = radius**2
    k = camera.distortion + (0.0,) * (14 - len(camera.distortion))
    if camera.model == 'equidistant':
        distorted = radius * np.polyval([*k[3::-1], 1.0], square)
    else:
        above = np.polyval([k[4], k[1], k[0], 1.0], square)
        below = np.polyval([k[7], k[6], k[5], 1.0], square)
        distorted = radius * above / np.where(below == 0, np.nan, below)
    falls = np.flatnonzero(~(np.diff(distorted) > 0))
    return radius[falls[0]] if falls.size else math.inf
