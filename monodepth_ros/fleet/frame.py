"""From an image and a measurement to a frame of a data set."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
from monodepth_ros.camera import CameraModel, PinholeCamera, rectification_maps
from monodepth_ros.errors import CalibrationError, DatasetError
from monodepth_ros.fleet.options import Options
from monodepth_ros.fleet.plan import FramePlan
from monodepth_ros.fleet.quality import blur, light
from monodepth_ros.fleet.registration import project, register
from monodepth_ros.fleet.topics import POINTS
from monodepth_ros.offline.messages import CAMERA_INFO, deserialize, POINT_CLOUD, read_frame
from monodepth_ros.offline.ranges import read_depth, read_points
import numpy as np

FEWEST_KNOWN = 0.02
"""Share of the pixels of a depth image, below which a frame is not worth keeping."""
FEWEST_POINTS = 20
"""Points of a lidar in an image, below which it is not."""


@dataclass(frozen=True)
class MadeFrame:
    """A frame of a data set.

    Attributes:
        image: (H, W, 3) uint8 RGB, rectified.
        depth: (H / r, W / r) float32 metres along the axis, 0 where unknown; r is a whole number.
        camera: its grid.

    """

    image: np.ndarray
    depth: np.ndarray
    camera: PinholeCamera


def make_frame(
    plan: FramePlan, kinds: tuple[str, str], image: bytes, truth: bytes, options: Options
) -> MadeFrame:
    """
    Return a frame.

    Args:
        plan: what is known of it.
        kinds: types of image and measurement.
        image: CDR bytes.
        truth: CDR bytes.
        options: of the data set.

    Raises:
        DatasetError: it is left out; the text is the reason.
        ImageError, CalibrationError: image or intrinsics cannot be used.

    """
    frame, _ = read_frame(image, kinds[0], plan.image_info, options.intrinsics)
    if frame.camera is None:
        raise DatasetError('its camera_info cannot be used; give --camera-info or --hfov')
    _check_quality(frame.image, options)
    camera, target = frame.camera, frame.camera.rectified
    picture, seen = _rectified(frame.image, camera, cv2.INTER_LINEAR)
    if kinds[1] in POINTS:
        transform = _rectifying(camera) @ plan.transform
        points = read_points(truth, kinds[1])
        depth = project(points, target, transform, parallax=kinds[1] == POINT_CLOUD)
    else:
        depth = _depth(read_depth(truth, kinds[1]), plan, camera)
    step = target.height // depth.shape[0]
    depth = np.where((depth <= options.max_depth) & seen[::step, ::step], depth, np.float32(0))
    _check_known(depth, kinds[1] in POINTS, options)
    return MadeFrame(picture, depth, target)


def _check_quality(image, options):
    if light(image) < options.min_light:
        raise DatasetError(f'dark; --min-light {options.min_light:g} is the limit')
    if blur(image) > options.max_blur:
        raise DatasetError(f'blurred; --max-blur {options.max_blur:g} is the limit')


def _check_known(depth, sparse, options):
    known = int(np.count_nonzero(depth))
    if sparse and known < FEWEST_POINTS:
        raise DatasetError(
            f'fewer than {FEWEST_POINTS} points within {options.max_depth:g} m in the image'
        )
    if not sparse and known < FEWEST_KNOWN * depth.size:
        raise DatasetError(
            f'less than {FEWEST_KNOWN:.0%} of the depth is known within {options.max_depth:g} m'
        )


def _rectified(values, camera, interpolation):
    """Return an image on the rectified grid, and (H, W) bool where the raw image shows it."""
    target = camera.rectified
    if not camera.is_distorted:
        return values, np.ones(values.shape[:2], bool)
    maps = rectification_maps(camera, target)
    height, width = values.shape[:2]
    seen = (maps[0] >= 0) & (maps[0] <= width - 1) & (maps[1] >= 0) & (maps[1] <= height - 1)
    return cv2.remap(values, *maps, interpolation, borderMode=cv2.BORDER_REPLICATE), seen


def _rectifying(camera):
    result = np.eye(4)
    result[:3, :3] = np.reshape(camera.rotation, (3, 3))
    return result


def _depth(depth, plan: FramePlan, camera: CameraModel):
    """Return depth on the grid of the image, or on every r-th of its pixels."""
    size = depth.shape[1::-1]
    source = _depth_camera(plan, camera, size)
    full = size == (camera.width, camera.height)
    if plan.transform is None and full and _agree(source, camera):
        return _rectified(depth, camera, cv2.INTER_NEAREST)[0]
    transform = np.eye(4) if plan.transform is None else plan.transform
    return register(depth, source, camera.rectified, _rectifying(camera) @ transform)


def _depth_camera(plan, camera, size):
    """Return the intrinsics of the depth image: its own, or else those of the image."""
    if plan.truth_info is None:
        if plan.transform is not None:
            raise DatasetError('no camera_info of the depth image; record it')
        return camera.for_image(*size)
    try:
        return CameraModel.from_camera_info(deserialize(plan.truth_info, CAMERA_INFO), size)
    except CalibrationError as error:
        raise DatasetError(f'the camera_info of the depth image cannot be used: {error}') from None


def _agree(one: CameraModel, other: CameraModel) -> bool:
    """Return whether two cameras see the same through each pixel."""
    return (
        one.model == other.model
        and np.allclose(one.matrix, other.matrix, rtol=1e-4, atol=1e-3)
        and np.allclose(one.rotation, other.rotation, atol=1e-6)
        and len(one.distortion) == len(other.distortion)
        and np.allclose(one.distortion, other.distortion, atol=1e-6)
    )
