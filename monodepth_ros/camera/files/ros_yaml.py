"""The YAML of camera_calibration and camera_info_manager."""

from __future__ import annotations

from typing import Any, Mapping

from monodepth_ros.camera.checks import IDENTITY
from monodepth_ros.camera.files.values import assumed_model, bad_value, Fields, matrix, text, whole
from monodepth_ros.errors import shown

NO_LENS = ('pinhole', 'perspective')
"""Values of camera_model that tell the projection, and nothing of the distortion."""


def parse(values: Mapping[str, Any]) -> Fields:
    """Return the fields that camera_calibration_parsers reads, with binning and roi.

    rectification_matrix and projection_matrix may be absent.

    Raises:
        BadValueError: a key is missing or of the wrong shape.

    """
    k = matrix(values, 'camera_matrix', 3, 3)
    d = matrix(values, 'distortion_coefficients', 1, None)
    r, p = IDENTITY, None
    if 'rectification_matrix' in values:
        r = matrix(values, 'rectification_matrix', 3, 3)
    if 'projection_matrix' in values:
        p = matrix(values, 'projection_matrix', 3, 4)
    model, notes = _model(values, d)
    binning = tuple(
        whole(values, key, 0) if key in values else 0 for key in ('binning_x', 'binning_y')
    )
    size = (whole(values, 'image_width'), whole(values, 'image_height'))
    return Fields(size, k, d, model, r, p, binning, _roi(values), notes)


def _model(values, d):
    """Return the distortion model and notes; camera_model is what some versions call it."""
    for key in ('distortion_model', 'camera_model'):
        if values.get(key) is not None:
            model = text(values, key)
            if key == 'distortion_model' or model.lower() not in NO_LENS:
                return model, ()
    return assumed_model(d)


def _roi(values):
    roi = values.get('roi')
    if roi is None:
        return None
    if not isinstance(roi, dict):
        raise bad_value(f'roi is {shown(roi)}, expected x_offset, y_offset, width and height')
    return tuple(whole(roi, key, 0) for key in ('x_offset', 'y_offset', 'width', 'height'))
