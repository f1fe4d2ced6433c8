"""Lens models: their names, and how many numbers each has."""

from __future__ import annotations

import math

from monodepth_ros.camera.checks import floats, HOW_TO_CALIBRATE
from monodepth_ros.errors import CalibrationError, shown

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


def checked_distortion(model, d):
    d, model = floats(d), _SAME_MODEL.get(model, model)
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
