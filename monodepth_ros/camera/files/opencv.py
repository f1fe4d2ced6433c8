"""OpenCV's FileStorage in YAML, as its calibration sample, RTAB-Map and many a script write it."""

from __future__ import annotations

import re
from typing import Any, Mapping

from monodepth_ros.camera.checks import IDENTITY
from monodepth_ros.camera.files.values import assumed_model, bad_value, Fields, matrix, text, whole

SPELLINGS = {
    'image_width': ('image_width', 'image_Width', 'width', 'Camera.width'),
    'image_height': ('image_height', 'image_Height', 'height', 'Camera.height'),
    'camera_matrix': ('camera_matrix', 'Camera_Matrix', 'cameraMatrix', 'K', 'M', 'intrinsics'),
    'distortion_coefficients': (
        *('distortion_coefficients', 'Distortion_Coefficients', 'distCoeffs', 'dist_coeffs'),
        *('distortion_coeffs', 'dist_coeff', 'distCoefficients', 'D'),
    ),
    'rectification_matrix': ('rectification_matrix',),
    'projection_matrix': ('projection_matrix',),
    'distortion_model': ('distortion_model',),
}
"""Keys in use, the first of which is ROS's; not R and P, which are a pose where T stands by."""


def is_storage(content: str) -> bool:
    """Return whether a text is a FileStorage; one in XML is refused by name.

    Raises:
        BadValueError: in XML.

    """
    if '<opencv_storage' in content[:1000]:
        raise bad_value(
            "is an OpenCV FileStorage in XML; write it as YAML (cv2.FileStorage('camera.yaml', "
            'cv2.FileStorage_WRITE))'
        )
    return content.startswith('%YAML:') or '!!opencv-matrix' in content


def plain_yaml(content: str) -> str:
    """Return a FileStorage's text as YAML: its first line and its own types are none."""
    without = re.sub(r'\A%YAML:[^\n]*\n?', '', content)
    # A key may have its value right behind the colon.
    without = re.sub(r'^(\s*[\w.]+):(?=[^\s:])', r'\1: ', without, flags=re.MULTILINE)
    return re.sub(r'!!opencv-\w+', '', without)


def parse(values: Mapping[str, Any]) -> Fields:
    """Return the fields under whichever of the usual names they have.

    Raises:
        BadValueError: a key is missing or of the wrong shape.

    """
    fisheye = values.get('fisheye_model')
    named = {ours: _first(values, names) for ours, names in SPELLINGS.items()}
    values = {ours: value for ours, value in named.items() if value is not None}
    d = matrix(values, 'distortion_coefficients', 1, None)
    model, notes = _model(values, d, bool(fisheye))
    return Fields(
        (whole(values, 'image_width'), whole(values, 'image_height')),
        matrix(values, 'camera_matrix', 3, 3),
        d,
        model,
        matrix(values, 'rectification_matrix', 3, 3)
        if 'rectification_matrix' in values
        else IDENTITY,
        matrix(values, 'projection_matrix', 3, 4) if 'projection_matrix' in values else None,
        notes=notes,
    )


def _first(values, names):
    return next((values[name] for name in names if values.get(name) is not None), None)


def _model(values, d, fisheye):
    """Return the model, which OpenCV itself does not write, and notes."""
    if 'distortion_model' in values:
        return text(values, 'distortion_model'), ()
    if fisheye:
        return 'equidistant', ()
    return assumed_model(d)
