"""What a camera does to the light: exposure, colours, blur, noise, vignetting."""

from __future__ import annotations

from dataclasses import dataclass
import math

import cv2
import numpy as np
from rooms_app.cameras import Camera
from rooms_app.textures import to_srgb


@dataclass(frozen=True)
class Effects:
    """
    How a picture is taken.

    Attributes:
        key: mean brightness aimed at, 0 to 1 after the tone curve; 0: it is exposed already.
        balance: gains of red and blue.
        turn: rotation during the exposure about x, y, z of the camera, radians.
        focus: distance in focus, metres.
        aperture: diameter of the blur disc at infinity, pixels; 0 all sharp.
        vignette: loss of light in the corners, 0 to 1.
        read, shot: noise that does not, and does, grow with light.
        contrast: strength of the tone curve's S.
        saturation: of colours; 1 as they are.
        quality: JPEG's.
        glare: share of the light that the lens scatters over the image.
        blotch: noise of colours alone, coarse, as smoothing in the camera leaves it.

    """

    key: float
    balance: tuple[float, float]
    turn: tuple[float, float, float]
    focus: float
    aperture: float
    vignette: float
    read: float
    shot: float
    contrast: float
    saturation: float
    quality: int
    glare: float = 0.0
    blotch: float = 0.0


BRIGHTEST = 60.0
"""Of the light that is scattered, in units of white."""


def draw_effects(rng, focal: float) -> Effects:
    """Return the effects of a picture, most mild, some strong."""
    exposure = str(rng.choice(['usual', 'dim', 'dark', 'bright'], p=[0.75, 0.1, 0.03, 0.12]))
    factor = {'usual': 1.0, 'dim': 0.62, 'dark': 0.36, 'bright': 1.4}[exposure]
    grainy = exposure in ('dim', 'dark') or rng.uniform() < 0.1
    cast = 0.22 if rng.uniform() < 0.2 else 0.07
    shaken = rng.uniform() < 0.3
    pixels = float(rng.uniform(1, 7)) if shaken else 0.0
    direction = rng.normal(size=3) * (1, 1, 0.5)
    turn = direction / max(float(np.linalg.norm(direction)), 1e-6) * pixels / focal
    return Effects(
        key=float(np.clip(rng.normal(0.54, 0.09), 0.3, 0.75) * factor),
        balance=tuple(float(v) for v in np.exp(rng.normal(0, cast, 2))),
        turn=tuple(float(v) for v in turn),
        focus=float(np.exp(rng.uniform(math.log(0.6), math.log(6)))),
        aperture=float(rng.uniform(1, 4)) if rng.uniform() < 0.2 else 0.0,
        vignette=float(rng.uniform(0, 0.5)),
        read=float(rng.uniform(0.0005, 0.004)) * (4 if grainy else 1),
        shot=float(rng.uniform(0.003, 0.015)) * (4 if grainy else 1),
        contrast=float(rng.uniform(-0.3, 0.6) if rng.uniform() < 0.8 else rng.uniform(0.6, 0.95)),
        saturation=float(rng.uniform(0.7, 1.2) if rng.uniform() < 0.9 else rng.uniform(0, 0.5)),
        quality=int(rng.integers(55, 96)),
        glare=float(rng.uniform(0.0, 0.02) if rng.uniform() < 0.7 else rng.uniform(0.02, 0.1)),
        blotch=float(rng.uniform(0.005, 0.03)) if grainy else 0.0,
    )


def veil(light: np.ndarray, share: float) -> np.ndarray:
    """
    Return the light of which a share is scattered: near its source, and far over the image.

    Lamps and windows get a halo, and dark parts beside them are lifted (veiling glare, ISO 9358).
    """
    if share == 0:
        return light
    small = cv2.resize(light, None, fx=0.25, fy=0.25, interpolation=cv2.INTER_AREA)
    size = small.shape[1]
    halo = cv2.GaussianBlur(small, (0, 0), size / 40) + cv2.GaussianBlur(small, (0, 0), size / 8)
    halo = cv2.resize(halo / 2, light.shape[1::-1], interpolation=cv2.INTER_LINEAR)
    return light * (1 - share) + halo * share


def shake(light: np.ndarray, camera: Camera, turn: tuple[float, float, float]) -> np.ndarray:
    """Return the mean of what a camera sees that turns about its centre, through its true pose."""
    focal, (cx, cy) = camera.focal, camera.center
    longest = math.hypot(turn[0], turn[1]) * focal + abs(turn[2]) * camera.width / 2
    steps = int(np.clip(math.ceil(longest * 1.5), 1, 15))
    if steps == 1:
        return light
    matrix = np.array([[focal, 0, cx], [0, focal, cy], [0, 0, 1]])
    total = np.zeros_like(light)
    for part in np.linspace(-0.5, 0.5, steps):
        rotation, _ = cv2.Rodrigues(np.array(turn) * part)
        warp = matrix @ rotation @ np.linalg.inv(matrix)
        size = (camera.width, camera.height)
        total += cv2.warpPerspective(light, warp, size, borderMode=cv2.BORDER_REPLICATE)
    return total / steps


def defocus(light: np.ndarray, depth: np.ndarray, focus: float, aperture: float) -> np.ndarray:
    """Return the light blurred by the distance from the plane in focus (thin lens)."""
    if aperture == 0:
        return light
    inverse = 1 / np.where(depth > 0, depth, 60.0)
    disc = cv2.blur((aperture * np.abs(1 - focus * inverse)).astype(np.float32), (3, 3))
    result, sizes = light.copy(), (1.0, 2.0, 4.0, 7.0)
    last, blurred = 0.0, light
    for size in sizes:
        wider = cv2.GaussianBlur(light, (0, 0), size / 2.5)
        part = np.clip((disc - last) / (size - last), 0, 1)[..., None]
        inside = (disc > last)[..., None]
        result = np.where(inside, blurred * (1 - part) + wider * part, result)
        last, blurred = size, wider
    return result


def expose(light: np.ndarray, key: float) -> np.ndarray:
    """Return the light scaled so that its log mean comes out at `key` of the sRGB range."""
    luminance = light @ np.array([0.2126, 0.7152, 0.0722], np.float32)
    mean = math.exp(float(np.log(np.maximum(luminance, 1e-4)).mean()))
    return light * (key**2.2 / mean)


def expose_alike(lights: np.ndarray, key: float, blown: float = 0.04) -> np.ndarray:
    """
    Return the light of several frames scaled by one factor: `expose`'s, or less.

    Args:
        lights: (N, H, W, 3) linear.
        key: as for `expose`.
        blown: largest share of the pixels that may be beyond white, as windows are.

    """
    exposed = expose(lights, key)
    white = float(np.quantile(exposed.max(-1), 1 - blown))
    return exposed / max(white, 1.0)


def _vignette(shape, strength):
    y, x = np.indices(shape[:2])
    r = np.hypot(x - (shape[1] - 1) / 2, y - (shape[0] - 1) / 2)
    return (1 - strength * (r / r.max()) ** 2)[..., None]


def _tone(linear, contrast):
    """Roll highlights off and bend the curve to an S."""
    shoulder = np.where(linear > 0.7, 0.7 + 0.3 * np.tanh((linear - 0.7) / 0.6), linear)
    curve = to_srgb(shoulder)
    return curve + contrast * 0.4 * (curve - 0.5) * curve * (1 - curve) * 4


def develop(light: np.ndarray, depth: np.ndarray, camera: Camera, effects: Effects, seed: int):
    """
    Return the picture (H, W, 3) uint8 RGB that the camera takes of the light.

    Args:
        light: (H, W, 3) float32 linear.
        depth: (H, W) float32 metres, 0 unknown; it only tells what is out of focus.
        camera: the view's.
        effects: how it is taken.
        seed: of the noise.

    """
    rng = np.random.default_rng(seed)
    light = np.maximum(np.nan_to_num(light.astype(np.float32)), 0)
    if effects.key:
        light = expose(light, effects.key)
    light = veil(np.minimum(light, BRIGHTEST), effects.glare)
    light = defocus(np.minimum(light, 8.0), depth, effects.focus, effects.aperture)
    light = shake(light, camera, effects.turn)
    red, blue = effects.balance
    light = light * np.array([red, 1, blue]) * _vignette(light.shape, effects.vignette)
    sigma = np.sqrt(effects.read**2 + effects.shot**2 * np.clip(light, 0, 1))
    grain = rng.standard_normal(light.shape) * sigma
    # Neighbouring pixels share part of their noise once colours have been interpolated.
    light = light + 0.6 * grain + 0.6 * cv2.GaussianBlur(grain, (0, 0), 0.7)
    if effects.blotch:
        coarse = cv2.GaussianBlur(rng.standard_normal(light.shape), (0, 0), 2.0) * 7
        coarse -= coarse.mean(-1, keepdims=True)
        light = light + effects.blotch * coarse * np.sqrt(np.clip(light, 0.01, 1))
    picture = _tone(np.maximum(light, 0), effects.contrast)
    grey = picture.mean(-1, keepdims=True)
    picture = grey + effects.saturation * (picture - grey)
    return np.rint(np.clip(picture, 0, 1) * 255).astype(np.uint8)
