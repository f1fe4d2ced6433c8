"""Whether numbers can be those of a camera: K, R, P, window and size."""

from __future__ import annotations

import math
from typing import Sequence

from monodepth_ros.errors import CalibrationError, shown
import numpy as np

FOCAL_LENGTHS = (1e-2, 1e7)
"""Pixels; the shortest and the longest focal length, and the farthest principal point, that are
taken for a lens's: beyond, numbers overflow on their way through the geometry."""

STRETCH = 10.0
"""Most that a pixel may be wider than high, or higher than wide; anamorphic lenses have 2."""
IDENTITY = (1.0, 0.0, 0.0, 0.0, 1.0, 0.0, 0.0, 0.0, 1.0)

HOW_TO_CALIBRATE = 'calibrate it with camera_calibration, or set camera.info_url to a calibration'


def floats(values):
    return tuple(float(v) for v in np.ravel(values))


def is_unset(k: Sequence[float]) -> bool:
    """Return whether K, 9 numbers, is as nobody has set it: zero but for its last number."""
    return not any(k[:8])


def checked_matrix(k):
    k = floats(k)
    if len(k) != 9:
        raise CalibrationError('bad_focal_length', f'K has {len(k)} numbers, expected 9')
    # Some drivers fill in the last number alone.
    if is_unset(k):
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


def checked_rectification(r, p):
    r = floats(r)
    if not any(r):
        r = IDENTITY
    # Numbers beyond 2 need no further look, and no overflow.
    if len(r) != 9 or not all(abs(v) < 2 for v in r) or not _is_rotation(np.reshape(r, (3, 3))):
        raise CalibrationError(
            'bad_distortion', f'R is {shown(r)}, expected a 3 x 3 rotation; {HOW_TO_CALIBRATE}'
        )
    if p is None:
        return r, None
    p = floats(p)
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


def checked_window(width, height, roi):
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


def checked_size(expected, image_size):
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


def binned_size(window: tuple[int, int, int, int], binning: tuple[int, int]) -> tuple[int, int]:
    """Return (width, height) of a window (x, y, width, height) in pixels of binned sensor pixels.

    Raises:
        CalibrationError: 'bad_size', no pixel is left.

    """
    size = (window[2] // binning[0], window[3] // binning[1])
    if min(size) < 1:
        raise CalibrationError(
            'bad_size',
            f'camera_info bins {window[2]} x {window[3]} pixels by {binning[0]} x {binning[1]}, '
            'which leaves no pixel; correct binning or roi in the camera driver',
        )
    return size


OFF_CENTRE = 0.25
"""Share of a side by which a principal point may be off the centre before that is doubted: lenses
are centred to some per cent, and what is farther off belongs to another resolution or a crop."""


def off_centre_notes(k: Sequence[float], width: int, height: int) -> tuple[str, ...]:
    """Return a note for people where the principal point of a whole sensor is far off."""
    off = (
        (abs(k[2] - (width - 1) / 2) / width if width else 0.0),
        (abs(k[5] - (height - 1) / 2) / height if height else 0.0),
    )
    if max(off) <= OFF_CENTRE:
        return ()
    return (
        f'the principal point ({k[2]:g}, {k[5]:g}) is far off the centre of {width} x {height} '
        f'pixels: is the calibration of another resolution? {HOW_TO_CALIBRATE}',
    )
