"""Turn a raw camera image into the network's input, at the training camera's focal length."""

from __future__ import annotations

from dataclasses import dataclass
import math
from typing import Optional

import cv2
from monodepth_ros.camera import CameraModel, OUTSIDE, PinholeCamera, rectification_maps
from monodepth_ros.errors import CalibrationError, ConfigError, ImageError
from monodepth_ros.facts import ModelFacts
import numpy as np

METRIC_SCALING = ('resample', 'scale', 'none')
"""How depth becomes metric for a camera that the network was not trained on.

resample: resize the image until its focal length in pixels is the training one; scale: keep the
training size and multiply the depth; none: keep the network's depth. For networks that were
trained with random zoom at one input size, scale measures best (docs/cameras.md).
"""

SCALES = (0.01, 100.0)
"""Least and largest factor for the depth; a network that is farther off sees another world."""

MULTIPLE = 32
"""Our networks halve their input five times, so its sides are multiples of this."""

MAX_INPUT_PIXELS = 640 * 480
"""Default upper limit of the network's input, which bounds time and memory for wide lenses."""


@dataclass(frozen=True, eq=False)
class InputPlan:
    """How raw images of one size and camera become the network's input.

    Attributes:
        image_width: columns of the raw image in pixels.
        image_height: rows of the raw image in pixels.
        content_width: columns of the image inside the network's input.
        content_height: rows of the image inside the network's input.
        width: columns of the network's input, as its `SizeRule` allows.
        height: rows of the network's input, as its `SizeRule` allows.
        left: first column of the content; what is beside it repeats its edge columns.
        top: first row of the content; what is above and below repeats its edge rows.
        depth_scale: factor from the network's depth to metres.
        camera: the rectified grid at the raw image's size, or None without calibration.
        reduced_size: (width, height) the raw image is averaged down to before `maps`, or None.
        maps: fixed-point cv2.remap maps to the network's input, or None for a plain resize.
        rectify_maps: fixed-point cv2.remap maps to `camera`, or None where that is the raw grid.
        unseen: (image_height, image_width) bool, pixels of `camera` that the raw image does not
            show; None where it shows all.
        unseen_content: the same at (content_height, content_width).

    """

    image_width: int
    image_height: int
    content_width: int
    content_height: int
    width: int
    height: int
    left: int
    top: int
    depth_scale: float
    camera: Optional[PinholeCamera] = None
    reduced_size: Optional[tuple[int, int]] = None
    maps: Optional[tuple[np.ndarray, np.ndarray]] = None
    rectify_maps: Optional[tuple[np.ndarray, np.ndarray]] = None
    unseen: Optional[np.ndarray] = None
    unseen_content: Optional[np.ndarray] = None

    @property
    def content(self) -> tuple[slice, slice]:
        """Rows and columns of the content in the network's input."""
        return (
            slice(self.top, self.top + self.content_height),
            slice(self.left, self.left + self.content_width),
        )


LONGEST_SIDE = 2**15 - 2
"""Pixels; OpenCV's remap addresses those of both images with 16 bits and a sign."""


def plan_input(
    width: int,
    height: int,
    camera: Optional[CameraModel],
    facts: ModelFacts,
    metric_scaling: str = 'scale',
    max_input_pixels: int = MAX_INPUT_PIXELS,
) -> InputPlan:
    """Decide the network's input size for raw images of `width` x `height` pixels.

    A network reads distance from apparent size, and so has its training camera's focal length
    built in: an object that is depicted f_used / f_train times larger is predicted that much too
    near. Resampling makes the two equal up to the rounding to multiples of 32 and the limit on
    pixels; `depth_scale` is the f_used / f_train that is left.

    Args:
        width: columns of the raw image.
        height: rows of the raw image.
        camera: intrinsics of the raw image, or None where unknown: then as 'none'.
        facts: training focal length and input size.
        metric_scaling: one of `METRIC_SCALING`.
        max_input_pixels: upper limit of input width x height.

    Raises:
        ImageError: 'zero_size', or 'unsupported_size' where it would have to be rectified and
            has a side longer than `LONGEST_SIDE`.
        CalibrationError: 'bad_size' where `camera` is of another image size.
        ConfigError: unknown `metric_scaling`, or no input fits into `max_input_pixels`.

    """
    if min(width, height) < 1:
        raise ImageError('zero_size', f'the image is {width} x {height}, expected 1 x 1 or more')
    if metric_scaling not in METRIC_SCALING:
        raise ConfigError(f'metric_scaling is {metric_scaling!r}, expected of {METRIC_SCALING}')
    if camera is not None and (camera.width, camera.height) != (width, height):
        raise CalibrationError(
            'bad_size',
            f'the image is {width} x {height} and its intrinsics are for {camera.width} x '
            f'{camera.height}; give CameraModel.from_intrinsics the image_size',
        )
    grid = None if camera is None else camera.rectified
    scaled = grid is not None and metric_scaling != 'none' and facts.has_focal_length
    wanted = float(facts.input_width)
    if scaled and metric_scaling == 'resample':
        wanted = width * facts.focal_length / grid.fx
    # Rows per column of the content; square pixels are what the network knows.
    aspect = height / width * (grid.fx / grid.fy if scaled else 1.0)
    content, padded = _sizes(wanted, aspect, max_input_pixels, facts)
    depth_scale = grid.fx * content[0] / width / facts.focal_length if scaled else 1.0
    left, top = ((whole - part) // 2 for whole, part in zip(padded, content))
    sizes = (width, height, *content, *padded, left, top, depth_scale, grid)
    if camera is None or not camera.is_distorted:
        return InputPlan(*sizes)
    if max(width, height) > LONGEST_SIDE:
        raise ImageError(
            'unsupported_size',
            f'the image is {width} x {height} and its lens distorts, expected sides of at most '
            f'{LONGEST_SIDE}',
        )
    return InputPlan(*sizes, **_rectification(camera, content, (left, top), padded))


def _sizes(wanted, aspect, max_input_pixels, facts):
    """Return (width, height) of the content and of the network's input around it."""
    rule, whole = facts.size_rule, (facts.input_width, facts.input_height)
    if rule.stretch:
        return whole, whole
    if rule.fixed:
        # As large as it fits in, whatever the limit is: the network takes nothing smaller.
        width = min(whole[0], max(1, math.floor(whole[1] / aspect + 0.5)))
        height = min(whole[1], max(1, math.floor(width * aspect + 0.5)))
        return (width, height), whole
    content = _content_size(wanted, aspect, max_input_pixels, rule.multiple)
    return content, (content[0], _round_up(content[1], rule.multiple))


def _round_up(pixels, multiple):
    return math.ceil(pixels / multiple) * multiple


def _content_size(wanted, aspect, max_input_pixels, multiple):
    """Return the (width, height) nearest to `wanted` columns whose padded input fits the limit."""
    widest = max_input_pixels // multiple // multiple
    columns = max(1, math.floor(min(wanted / multiple, widest) + 0.5))
    for width in range(columns * multiple, 0, -multiple):
        height = max(1, math.floor(width * aspect + 0.5))
        if width * _round_up(height, multiple) <= max_input_pixels:
            return width, height
    least = multiple * _round_up(max(1, multiple * aspect), multiple)
    raise ConfigError(
        f'max_input_pixels is {max_input_pixels}, too few for an image {1 / aspect:.3g} times as '
        f'wide as high; expected at least {least}'
    )


def _rectification(camera, content, corner, padded):
    """Return what a plan has of a distorted camera, by the names of its attributes."""
    target = camera.rectified.resized(*content)
    reduced_size, source = None, camera
    # A bilinear sample averages two pixels a side; what is more than that is averaged before.
    shrink = min(camera.matrix[0] / target.fx, camera.matrix[4] / target.fy)
    factor = math.ceil(shrink / 2 - 0.01)
    if factor > 1:
        reduced_size = (max(1, camera.width // factor), max(1, camera.height // factor))
        source = camera.resized(*reduced_size)
    left, top = corner
    right, below = (padded[i] - corner[i] - content[i] for i in (0, 1))
    maps = [
        # The border looks where the content's edge looks: one remap does both.
        cv2.copyMakeBorder(coordinates, top, below, left, right, cv2.BORDER_REPLICATE)
        for coordinates in rectification_maps(source, target)
    ]
    full = rectification_maps(camera, camera.rectified)
    unseen = ~(
        (full[0] >= -0.5)
        & (full[0] < camera.width - 0.5)
        & (full[1] >= -0.5)
        & (full[1] < camera.height - 0.5)
    )
    return {
        'reduced_size': reduced_size,
        'maps': _fixed_point(*maps),
        'rectify_maps': _fixed_point(*full),
        **(_unseen(unseen, content) if unseen.any() else {}),
    }


def _unseen(unseen, content):
    # A pixel is the one whose centre is nearest, as in labels.
    small = cv2.resize(unseen.view(np.uint8), content, interpolation=cv2.INTER_NEAREST_EXACT)
    return {'unseen': unseen, 'unseen_content': small.view(bool)}


def _fixed_point(columns, rows):
    """Return maps as int16 plus 1/32 pixel, with which cv2.remap is about twice as fast."""
    limits = (OUTSIDE, -OUTSIDE * 3)
    return cv2.convertMaps(columns.clip(*limits), rows.clip(*limits), cv2.CV_16SC2)


def prepare(image: np.ndarray, plan: InputPlan, out: Optional[np.ndarray] = None) -> np.ndarray:
    """Return the network's input for a raw image.

    Args:
        image: (image_height, image_width, 3) uint8 RGB.
        plan: made by `plan_input` for images of this size.
        out: (height, width, 3) uint8 C-contiguous array to write to, or None for a new one.

    Returns:
        (height, width, 3) uint8 RGB, which is `out` where that is given.

    Raises:
        ImageError: 'unknown_encoding' where the image has another type or number of channels.
        ValueError: the image has another size than the plan.

    """
    _check_image(image, plan)
    if out is None:
        out = np.empty((plan.height, plan.width, 3), np.uint8)
    if plan.maps is not None:
        if plan.reduced_size is not None:
            image = cv2.resize(image, plan.reduced_size, interpolation=cv2.INTER_AREA)
        cv2.remap(image, *plan.maps, cv2.INTER_LINEAR, out, cv2.BORDER_REPLICATE)
        return out
    content = out[plan.content]
    shrinks = plan.content_width <= plan.image_width and plan.content_height <= plan.image_height
    method = cv2.INTER_AREA if shrinks else cv2.INTER_LINEAR
    cv2.resize(image, (plan.content_width, plan.content_height), content, interpolation=method)
    top, left = plan.top, plan.left
    bottom, right = top + plan.content_height, left + plan.content_width
    out[:top, left:right] = content[0]
    out[bottom:, left:right] = content[-1]
    if plan.content_width < plan.width:
        out[:, :left] = out[:, left, None]
        out[:, right:] = out[:, right - 1, None]
    return out


def _check_image(image, plan):
    if image.dtype != np.uint8 or image.ndim != 3 or image.shape[2] != 3:
        raise ImageError(
            'unknown_encoding',
            f'the image is {image.dtype} {image.shape}, expected uint8 (H, W, 3) RGB',
        )
    if image.shape[:2] != (plan.image_height, plan.image_width):
        raise ValueError(
            f'the image is {image.shape[1]} x {image.shape[0]}, expected {plan.image_width} x '
            f'{plan.image_height} as planned; make a plan for each image size',
        )


def rectify(image: np.ndarray, plan: InputPlan, out: Optional[np.ndarray] = None) -> np.ndarray:
    """Return the image on the plan's rectified grid, black where the raw image shows nothing.

    Args:
        image: (image_height, image_width, 3) uint8 RGB.
        plan: made by `plan_input` for images of this size.
        out: array of the image's shape and type to write to where needed, or None for a new one.

    Returns:
        (image_height, image_width, 3) uint8 RGB; `image` itself where that is rectified already.

    """
    if plan.rectify_maps is None:
        return image
    return cv2.remap(image, *plan.rectify_maps, cv2.INTER_LINEAR, out)
