"""Lens models: their names as drivers and files spell them, and how many numbers each has."""

from __future__ import annotations

import math
import re
from typing import Sequence

from monodepth_ros.camera.checks import floats, HOW_TO_CALIBRATE
from monodepth_ros.errors import CalibrationError, shown

DISTORTION_COUNTS = {
    'none': (0,),
    'plumb_bob': (0, 4, 5),
    'rational_polynomial': (8, 12, 14),
    'equidistant': (4,),
}
"""Distortion models (sensor_msgs/distortion_models.hpp) and the lengths of D that each has.

plumb_bob and rational_polynomial are k1 k2 p1 p2 k3 k4 k5 k6 s1 s2 s3 s4 taux tauy of OpenCV, cut
off where zero; equidistant is k1 k2 k3 k4 of Kannala and Brandt (2006), OpenCV's fisheye model.
"""

SPELLINGS = {
    'none': ('', 'none', 'pinhole', 'perspective'),
    'plumb_bob': ('plumbbob', 'radtan', 'radialtangential', 'brown', 'brownconrady'),
    'rational_polynomial': ('rationalpolynomial', 'rational'),
    'equidistant': (*('equidistant', 'equi', 'fisheye', 'kannalabrandt', 'kannalabrandt4'),),
}
"""Names in use for each model, of which only small letters and digits count: Kalibr's radtan and
equi, librealsense's Brown Conrady and Kannala Brandt4, OpenCV's fisheye."""

_MODELS = {name: model for model, names in SPELLINGS.items() for name in names}


def checked_distortion(model: str, d: Sequence[float]) -> tuple[str, tuple[float, ...]]:
    """Return the model of `DISTORTION_COUNTS` and a D of its length.

    A shorter D is filled up with zeros, and a longer one cut off where it is zero. No numbers, and
    zeros under a name that is no lens's, mean no distortion; zeros of an equidistant lens are one.

    Raises:
        CalibrationError: 'bad_distortion'.

    """
    d = floats(d)
    if not all(map(math.isfinite, d)):
        raise _bad(f'D is {shown(d)}, expected finite numbers')
    name = _MODELS.get(_plain(model))
    if not d or (name in (None, 'none') and not any(d)):
        return 'none', ()
    if _plain(model) == 'inversebrownconrady':
        raise _bad(
            f'distortion model {shown(model)} goes from the distorted to the true ray, the other '
            'way than plumb_bob; have the driver send rectified images with D of zero'
        )
    # A message without a name could mean any of them.
    if name is None or model == '':
        raise _bad(
            f'distortion model {shown(model)} with D of {len(d)} numbers is not known; known: '
            f'{sorted(DISTORTION_COUNTS)}'
        )
    return name, _fitted(name, d)


def _fitted(name, d):
    """Return D with as many numbers as the model has, where what is cut off is zero."""
    counts = DISTORTION_COUNTS[name]
    longest = counts[-1]
    if any(d[longest:]):
        raise _bad(
            f'distortion model {name!r} has D of {len(d)} numbers, expected '
            f'{" or ".join(map(str, counts))}, or zeros beyond'
        )
    d = d[:longest]
    length = next(count for count in counts if count >= len(d))
    return d + (0.0,) * (length - len(d))


def _plain(model):
    return re.sub('[^a-z0-9]', '', model.lower())


def _bad(problem):
    return CalibrationError('bad_distortion', f'{problem}; {HOW_TO_CALIBRATE}')
