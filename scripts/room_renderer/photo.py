"""From radiance to the picture that a cheap indoor camera takes."""

from __future__ import annotations

import cv2
import numpy as np

WHITE_BALANCE = (1.06, 1.0, 0.90)
"""A little warm, as cameras leave lamp light."""

_CONTRAST = 0.45
"""Strength of the S-shaped curve that webcams apply on top of sRGB; 0 is none."""


def develop(radiance: np.ndarray, exposure: float, rng: np.random.Generator) -> np.ndarray:
    """Return the photograph of a scene.

    Args:
        radiance: (H, W, 3) float32 linear RGB.
        exposure: factor that brings mid tones to about 0.2.
        rng: source of the sensor noise.

    Returns:
        (H, W, 3) uint8 RGB.

    """
    light = radiance * (exposure * np.array(WHITE_BALANCE, np.float32))
    light = _glare(light) * _vignette(light.shape)
    light = cv2.GaussianBlur(light, (0, 0), 0.55)  # lens and colour filter array
    light = _sensor_noise(light, rng)
    return np.rint(255 * _tone(light)).astype(np.uint8)


def _glare(light: np.ndarray) -> np.ndarray:
    """Spread a little of the light over the picture, as dusty lenses do."""
    size = light.shape[1] / 640
    near = cv2.GaussianBlur(light, (0, 0), 4 * size)
    small = cv2.resize(light, None, fx=0.125, fy=0.125, interpolation=cv2.INTER_AREA)
    far = cv2.GaussianBlur(small, (0, 0), 6 * size)
    far = cv2.resize(far, light.shape[1::-1], interpolation=cv2.INTER_LINEAR)
    return 0.90 * light + 0.06 * near + 0.04 * far


def _vignette(shape: tuple) -> np.ndarray:
    y, x = np.indices(shape[:2], np.float32)
    height, width = shape[:2]
    square = ((x - width / 2) ** 2 + (y - height / 2) ** 2) / (width**2 + height**2) * 4
    return (1 - 0.32 * square)[..., None]


def _sensor_noise(light: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Add shot and read noise, smoothed as by demosaicing."""
    shot = rng.standard_normal(light.shape, np.float32)
    shot = cv2.GaussianBlur(shot, (0, 0), 0.6) * 2.0
    deviation = np.sqrt(8e-5 * np.clip(light, 0, 1) + 2e-6)
    return np.maximum(light + shot * deviation, 0)


def _tone(light: np.ndarray) -> np.ndarray:
    """Return display values 0..1: contrast-rich sRGB with a soft shoulder."""
    shoulder = np.where(light < 0.6, light, 0.6 + 0.4 * (1 - np.exp(-(light - 0.6) / 0.4)))
    power = 1.055 * np.maximum(shoulder, 1e-6) ** (1 / 2.4) - 0.055
    display = np.where(shoulder < 0.0031308, 12.92 * shoulder, power)
    return np.clip(display + _CONTRAST * display * (1 - display) * (2 * display - 1), 0, 1)
