"""Augmentation that keeps geometry true: what moves the image moves depth and labels with it."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
from monodepth_ros.frames import UNLABELLED
from monodepth_ros.training.datasets.base import Sample
import numpy as np


@dataclass(frozen=True)
class AugmentConfig:
    """Ranges of random changes; the defaults change nothing.

    Attributes:
        max_zoom: zoom factor, drawn from 1..max_zoom evenly in its logarithm.
        max_rotation: degrees about the optical axis, either way.
        flip: probability of a left-right flip.
        brightness: gain, drawn from 1 - x..1 + x.
        channel: gain of each colour channel, 1 - x..1 + x.
        gamma: exponent, drawn from 1 / (1 + x)..1 + x evenly in its logarithm.
        saturation: 0 grey, 1 as it is, drawn from 1 - x..1 + x.
        noise: largest standard deviation of Gaussian noise, in grey levels of 255.
        blur: probability of a 3 x 3 blur.

    """

    max_zoom: float = 1.0
    max_rotation: float = 0.0
    flip: float = 0.0
    brightness: float = 0.0
    channel: float = 0.0
    gamma: float = 0.0
    saturation: float = 0.0
    noise: float = 0.0
    blur: float = 0.0


@dataclass(frozen=True)
class View:
    """Which part of an image the network sees.

    Attributes:
        zoom: magnification against the training focal length; depth is divided by it.
        rotation: radians, counter-clockwise.
        flip: mirrored left to right.
        shift: (x, y) in -1..1, where in the room that the crop leaves.

    """

    zoom: float = 1.0
    rotation: float = 0.0
    flip: bool = False
    shift: tuple[float, float] = (0.0, 0.0)


def random_view(config: AugmentConfig, rng: np.random.Generator) -> View:
    """Draw a view."""
    return View(
        zoom=float(np.exp(rng.uniform(0.0, np.log(config.max_zoom)))),
        rotation=float(np.radians(rng.uniform(-config.max_rotation, config.max_rotation))),
        flip=bool(rng.random() < config.flip),
        shift=(float(rng.uniform(-1, 1)), float(rng.uniform(-1, 1))),
    )


def view_matrix(view: View, image_size, size, scale: float) -> np.ndarray:
    """(2, 3) affine from output pixels to image pixels.

    Args:
        view: what to see.
        image_size: (width, height) of the image.
        size: (width, height) of the output.
        scale: image pixels per output pixel at zoom 1.

    """
    step = scale / view.zoom
    cos, sin = np.cos(view.rotation) * step, np.sin(view.rotation) * step
    linear = np.array([[cos, -sin], [sin, cos]])
    if view.flip:
        linear[:, 0] = -linear[:, 0]
    centre = np.empty(2)
    for axis in range(2):
        room = max((image_size[axis] - size[axis] * step) / 2.0, 0.0)
        centre[axis] = (image_size[axis] - 1) / 2.0 + view.shift[axis] * room
    offset = centre - linear @ ((np.array(size) - 1) / 2.0)
    return np.hstack((linear, offset[:, None]))


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
    height, width = sample.image.shape[:2]
    scale = sample.camera.rectified.fx / focal_length
    matrix = view_matrix(view, (width, height), size, scale)
    nearest = cv2.INTER_NEAREST | cv2.WARP_INVERSE_MAP
    image = cv2.warpAffine(
        sample.image,
        matrix,
        size,
        flags=cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP,
        borderMode=cv2.BORDER_REPLICATE,
    )
    depth = cv2.warpAffine(
        sample.depth, matrix * (sample.depth.shape[1] / width), size, flags=nearest
    )
    label = cv2.warpAffine(sample.label, matrix, size, flags=nearest, borderValue=UNLABELLED)
    return image, depth / np.float32(view.zoom), label


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
    deviation = rng.uniform(0.0, config.noise)
    if deviation > 0:
        noise = rng.normal(0.0, deviation, image.shape[:2]).astype(np.float32)[..., None]
        image = np.clip(np.rint(image + noise), 0, 255).astype(np.uint8)
    return image
