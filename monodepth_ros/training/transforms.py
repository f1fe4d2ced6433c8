"""Augmentation that keeps geometry true: what moves the image moves depth and labels with it."""

from __future__ import annotations

from dataclasses import dataclass, replace
import math

import cv2
from monodepth_ros.camera import PinholeCamera
from monodepth_ros.frames import UNLABELLED
from monodepth_ros.training.datasets.base import Sample
from monodepth_ros.training.sparse import is_sparse, warp_points
import numpy as np


@dataclass(frozen=True)
class AugmentConfig:
    """Ranges of random changes; the defaults change nothing.

    Attributes:
        min_zoom: smallest zoom factor; below 1 the image is surrounded by its edge repeated, which
            has no ground truth.
        max_zoom: zoom factor, drawn from min_zoom..max_zoom evenly in its logarithm.
        zoom_until: share of the steps after which nothing is zoomed any more: a network does best
            at the scale that it saw last (Touvron et al., NeurIPS 2019).
        focal_normalisation: a zoom by s divides depth by s, as for the training camera, which the
            picture would have to come from; off, depth stays what it was (for comparison only).
        max_rotation: degrees about the optical axis, either way.
        max_tilt: degrees that the camera turns up, down or to the sides, at most.
        flip: probability of a left-right flip.
        brightness: gain, drawn from 1 - x..1 + x.
        channel: gain of each colour channel, 1 - x..1 + x.
        gamma: exponent, drawn from 1 / (1 + x)..1 + x evenly in its logarithm.
        saturation: 0 grey, 1 as it is, drawn from 1 - x..1 + x.
        noise: largest standard deviation of Gaussian noise, in grey levels of 255.
        blur: probability of a 3 x 3 blur.
        motion_blur: probability of a blur along a line in any direction, up to `LONGEST_STREAK`
            of the width long, as of a camera that moves or turns while it exposes.

    """

    min_zoom: float = 1.0
    max_zoom: float = 1.0
    zoom_until: float = 1.0
    focal_normalisation: bool = True
    max_rotation: float = 0.0
    max_tilt: float = 0.0
    flip: float = 0.0
    brightness: float = 0.0
    channel: float = 0.0
    gamma: float = 0.0
    saturation: float = 0.0
    noise: float = 0.0
    blur: float = 0.0
    motion_blur: float = 0.0


LONGEST_STREAK = 1 / 24


@dataclass(frozen=True)
class View:
    """Which part of an image the network sees, and through which camera.

    Attributes:
        zoom: magnification against the training focal length.
        focal_normalisation: whether depth is divided by the zoom.
        rotation: radians about the optical axis, counter-clockwise.
        tilt: radians about the camera's x axis (right) and y axis (down) by which the camera is
            turned, as one rotation vector; (0.1, 0) looks up, (0, 0.1) to the right.
        flip: mirrored left to right.
        shift: (x, y) in -1..1, where in the room that the crop leaves.

    """

    zoom: float = 1.0
    focal_normalisation: bool = True
    rotation: float = 0.0
    tilt: tuple[float, float] = (0.0, 0.0)
    flip: bool = False
    shift: tuple[float, float] = (0.0, 0.0)


def random_view(config: AugmentConfig, rng: np.random.Generator) -> View:
    """Draw a view."""
    zoom = float(np.exp(rng.uniform(*np.log([config.min_zoom, config.max_zoom]))))
    rotation = float(np.radians(rng.uniform(-config.max_rotation, config.max_rotation)))
    flip = bool(rng.random() < config.flip)
    shift = (float(rng.uniform(-1, 1)), float(rng.uniform(-1, 1)))
    angle, direction = np.radians(rng.uniform(0.0, config.max_tilt)), rng.uniform(0.0, 2 * np.pi)
    tilt = (float(angle * np.cos(direction)), float(angle * np.sin(direction)))
    return View(zoom, config.focal_normalisation, rotation, tilt, flip, shift)


def view_matrix(view: View, grid: PinholeCamera, size, focal_length: float) -> np.ndarray:
    """(3, 3) homography from output pixels to image pixels.

    The output is what a pinhole camera at the same place sees. A crop moves that camera's
    principal point and nothing else, so depth along the axis stays; a turn of the camera changes
    the axis, and depth along the new one is depth / w with w the third coordinate that this
    matrix gives (from n' = R n with n = (x / z, y / z, 1): z' / z = 1 / (R^T n')_z). The turned
    camera's crop is placed to look where the crop looked before the turn, so that the image
    fills it.

    Args:
        view: what to see.
        grid: intrinsics of the image; its pixels need not be square, the output's are.
        size: (width, height) of the output.
        focal_length: pixels, of the output at zoom 1.

    """
    camera = grid.matrix()
    turn = cv2.Rodrigues(np.array([*view.tilt, 0.0]))[0].T  # from old to new coordinates
    step = 1.0 / (focal_length * view.zoom)
    cos, sin = np.cos(view.rotation) * step, np.sin(view.rotation) * step
    to_rays = np.array([[cos, -sin, 0.0], [sin, cos, 0.0], [0.0, 0.0, 1.0]])
    if view.flip:
        to_rays[:, 0] = -to_rays[:, 0]
    centre = np.ones(3)
    for axis, length in enumerate((grid.width, grid.height)):
        room = max((length - size[axis] * step * camera[axis, axis]) / 2.0, 0.0)
        centre[axis] = (length - 1) / 2.0 + view.shift[axis] * room
    ray = turn @ np.linalg.solve(camera, centre)
    middle = (np.array(size) - 1) / 2.0
    to_rays[:2, 2] = ray[:2] / ray[2] - to_rays[:2, :2] @ middle
    return camera @ turn.T @ to_rays


BORDER = 1.15
"""How many times an image's height an output may have, as prediction's rounding adds some."""


def whole_view(view: View, grid: PinholeCamera, size, focal_length: float) -> View:
    """Return the view in which zoom 1 fits the whole width of an image into the output's.

    This is what prediction does by the rule `scale`, `pipeline.preprocess.plan_input`: the focal
    length in the output's pixels is grid.fx * width / grid.width, and depth is the network's times
    that over `focal_length`. An output that is much taller than the image, as for a square or an
    upright camera, is filled instead, by a part of the width.

    Args:
        view: its zoom counts from the whole width.
        grid: intrinsics of the image.
        size: (width, height) of the output.
        focal_length: pixels, that depth is given for.

    """
    fitted = grid.fx * size[0] / grid.width
    height = grid.height * fitted / grid.fy
    fill = size[1] / height if size[1] > BORDER * height else 1.0
    return replace(view, zoom=view.zoom * fill * fitted / focal_length)


def apply_view(sample: Sample, view: View, size: tuple[int, int], focal_length: float):
    """Resample a sample to the training size and focal length, zoomed, turned and flipped.

    Args:
        sample: with a camera.
        view: what to see.
        size: (width, height) of the output.
        focal_length: pixels, of the training camera at the output's scale.

    Returns:
        (h, w, 3) uint8 RGB, its edge repeated beyond the image; (h, w) float32 metres, as the
        training camera would have to stand for this picture, 0 unknown; (h, w) uint8 labels.

    """
    grid = sample.camera.rectified
    matrix = view_matrix(view, grid, size, focal_length)
    nearest = cv2.INTER_NEAREST | cv2.WARP_INVERSE_MAP
    image, to_image = _averaged(sample.image, matrix, focal_length * view.zoom, grid)
    image = cv2.warpPerspective(
        image,
        to_image,
        size,
        flags=cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP,
        borderMode=cv2.BORDER_REPLICATE,
    )
    share = sample.depth.shape[1] / grid.width
    to_depth = np.diag([share, share, 1.0]) @ matrix
    if is_sparse(sample.depth):
        depth = warp_points(sample.depth, to_depth, size)
    else:
        depth = cv2.warpPerspective(sample.depth, to_depth, size, flags=nearest)
    label = cv2.warpPerspective(sample.label, matrix, size, flags=nearest, borderValue=UNLABELLED)
    along = np.arange(size[0]) * matrix[2, 0] + np.arange(size[1])[:, None] * matrix[2, 1]
    divisor = (along + matrix[2, 2]) * (view.zoom if view.focal_normalisation else 1.0)
    return image, depth / divisor.astype(np.float32), label


def _averaged(image, matrix, focal_length, grid):
    """Average blocks of an image that is to shrink by more than two; a bilinear sample sees two.

    Returns:
        the image, and the matrix from output pixels to its pixels.

    """
    factor = math.ceil(min(grid.fx, grid.fy) / focal_length / 2 - 0.01)
    if factor < 2:
        return image, matrix
    size = tuple(max(1, side // factor) for side in image.shape[1::-1])
    ratios = [new / old for new, old in zip(size, image.shape[1::-1])]
    shrink = np.diag([*ratios, 1.0])
    shrink[:2, 2] = [(ratio - 1.0) / 2.0 for ratio in ratios]  # centres are at half-integers
    return cv2.resize(image, size, interpolation=cv2.INTER_AREA), shrink @ matrix


def jitter(image: np.ndarray, config: AugmentConfig, rng: np.random.Generator) -> np.ndarray:
    """Change brightness, colour and sharpness of an (H, W, 3) uint8 RGB image."""
    gain = rng.uniform(1 - config.brightness, 1 + config.brightness)
    channel = rng.uniform(1 - config.channel, 1 + config.channel, 3)
    limit = np.log1p(config.gamma)
    gamma = np.exp(rng.uniform(-limit, limit))
    saturation = rng.uniform(1 - config.saturation, 1 + config.saturation)
    levels = np.linspace(0.0, 1.0, 256)[:, None] ** gamma * gain * channel * 255.0
    table = np.clip(levels + 0.5, 0, 255).astype(np.uint8)
    image = cv2.LUT(image, table[None])
    grey = cv2.cvtColor(cv2.cvtColor(image, cv2.COLOR_RGB2GRAY), cv2.COLOR_GRAY2RGB)
    image = cv2.addWeighted(image, saturation, grey, 1.0 - saturation, 0.0)
    if rng.random() < config.blur:
        image = cv2.GaussianBlur(image, (3, 3), 0)
    if config.motion_blur and rng.random() < config.motion_blur:
        length = rng.uniform(2.0, max(2.0, image.shape[1] * LONGEST_STREAK))
        image = cv2.filter2D(image, -1, streak(length, rng.uniform(0.0, np.pi)))
    deviation = rng.uniform(0.0, config.noise)
    if deviation > 0:
        noise = rng.standard_normal(image.shape[:2], np.float32) * np.float32(deviation)
        noise = np.rint(noise).astype(np.int16)
        image = cv2.add(image, cv2.merge((noise, noise, noise)), dtype=cv2.CV_8U)
    return image


def streak(length: float, angle: float) -> np.ndarray:
    """(k, k) float32 kernel, k odd, of a line through its centre; it sums to one.

    Args:
        length: pixels.
        angle: radians from the x axis.

    """
    half = math.ceil((length - 1) / 2)
    along = np.linspace(-1.0, 1.0, 8 * half + 1) * (length - 1) / 2
    columns, rows = half + along * np.cos(angle), half + along * np.sin(angle)
    kernel = np.zeros((2 * half + 2, 2 * half + 2))
    left, top = np.floor(columns).astype(int), np.floor(rows).astype(int)
    for down, right in ((0, 0), (0, 1), (1, 0), (1, 1)):  # shared bilinearly
        weight = abs(1 - down - (rows - top)) * abs(1 - right - (columns - left))
        np.add.at(kernel, (top + down, left + right), weight)
    kernel = kernel[:-1, :-1]
    return (kernel / kernel.sum()).astype(np.float32)
