"""Pictures of predictions, for people: colours, overlays, a panel with scale and legend."""

from __future__ import annotations

import math
from typing import Optional, Sequence

import cv2
from monodepth_ros.facts import ModelFacts
from monodepth_ros.frames import Prediction, UNLABELLED
import numpy as np

NO_DEPTH_COLOR = (0, 0, 0)
BEYOND_RANGE_COLOR = (128, 128, 128)

INK, PAPER = (40, 40, 40), (255, 255, 255)
TILE, GAP, TITLE, LINE, SHORTEST_BAR = 480, 16, 34, 26, 60
"""Layout of the panel in pixels: longest side of a picture, gap, title height, line height, and
the depth scale's least height beside a very wide picture."""


def colorize_depth(
    depth: np.ndarray,
    min_depth: float,
    max_depth: float,
    out: Optional[np.ndarray] = None,
) -> np.ndarray:
    """Return depth in the turbo colour map, blue near and red far.

    Args:
        depth: (H, W) float32 metres.
        min_depth: depth in metres of the first colour; what is nearer has it too.
        max_depth: depth in metres of the last colour; what is farther has it too.
        out: (H, W, 3) uint8 array to write to, or None for a new one.

    Returns:
        (H, W, 3) uint8 RGB; NaN is `NO_DEPTH_COLOR`, +Inf `BEYOND_RANGE_COLOR`, and -Inf, which
        is too near to measure, the first colour.

    Raises:
        ValueError: min_depth is not below max_depth, or either is not finite.

    """
    if not -math.inf < min_depth < max_depth < math.inf:
        raise ValueError(f'depth range {min_depth}..{max_depth} m, expected finite and increasing')
    share = depth.clip(np.float32(min_depth), np.float32(max_depth))
    share -= np.float32(min_depth)
    share *= np.float32(255 / (max_depth - min_depth))
    is_known = bool(share.min() >= 0)  # NaN is in no order.
    if not is_known:
        np.nan_to_num(share, copy=False)
    index = np.rint(share, out=share).astype(np.uint8)
    bgr = cv2.applyColorMap(index, cv2.COLORMAP_TURBO)
    colors = cv2.cvtColor(bgr, cv2.COLOR_BGR2RGB, out)
    if not is_known:
        colors[np.isnan(depth)] = NO_DEPTH_COLOR
    if depth.max() == math.inf or not is_known:
        colors[np.isposinf(depth)] = BEYOND_RANGE_COLOR
    return colors


def colorize_label(
    label: np.ndarray,
    colors: Sequence[tuple[int, int, int]],
    out: Optional[np.ndarray] = None,
) -> np.ndarray:
    """Return the class colours of labels, (H, W, 3) uint8 RGB; black where there is no class.

    Args:
        label: (H, W) uint8 class index.
        colors: one (r, g, b) a class.
        out: (H, W, 3) uint8 array to write to, or None for a new one.

    """
    table = np.zeros((256, 4), np.uint8)
    table[: len(colors), :3] = np.reshape(colors, (-1, 3))
    # A colour as one word: many times as fast as table[label].
    words = cv2.LUT(label, table.view(np.int32)[:, 0])
    return cv2.cvtColor(words.view(np.uint8).reshape(*label.shape, 4), cv2.COLOR_RGBA2RGB, out)


def overlay(
    image: np.ndarray,
    label: np.ndarray,
    colors: Sequence[tuple[int, int, int]],
    alpha: float = 0.5,
    out: Optional[np.ndarray] = None,
) -> np.ndarray:
    """Return the image with its labels' colours over it; unlabelled pixels stay as they are.

    Args:
        image: (H, W, 3) uint8 RGB.
        label: (H, W) uint8 class index.
        colors: one (r, g, b) a class.
        alpha: weight of the colours, 0..1.
        out: (H, W, 3) uint8 array to write to, or None for a new one.

    Returns:
        (H, W, 3) uint8 RGB.

    """
    blend = cv2.addWeighted(image, 1 - alpha, colorize_label(label, colors), alpha, 0, out)
    unlabelled = (label >= len(colors)).view(np.uint8)
    # Many times as fast as indexing with a mask.
    return cv2.copyTo(image, unlabelled, blend)


def panel(
    prediction: Prediction,
    facts: ModelFacts,
    max_depth: Optional[float] = None,
    fixed: bool = False,
) -> np.ndarray:
    """Return one picture of a prediction: image, depth, labels and overlay.

    Beside them are the depth's colours with ticks in metres, and the classes that occur, the most
    frequent first. Of a model without classes it is image and depth; of one that gives no metres
    the depth's scale goes from 0, the nearest pixel, to 1.

    Args:
        prediction: what to show.
        facts: class names and colours.
        max_depth: depth in metres of the last colour; None for the next full metre above the
            picture's largest depth.
        fixed: name all classes and marks, in their order, whether or not they occur, so that all
            pictures of a video have the same layout.

    Returns:
        (H, W, 3) uint8 RGB.

    """
    depth, title, unit = prediction.depth, 'Depth', 'Metres'
    if prediction.relative is not None:
        depth, title, unit, max_depth = prediction.relative, 'Relative depth', 'No unit', 1.0
    if max_depth is None:
        finite = depth[np.isfinite(depth)]
        max_depth = max(1.0, math.ceil(finite.max(initial=0.0)))
    tiles = [
        _tile('Image', prediction.image, cv2.INTER_AREA),
        _tile(title, colorize_depth(depth, 0.0, max_depth), cv2.INTER_AREA),
    ]
    rows = [(tiles, _depth_scale(depth, max_depth, tiles[0].shape[0], fixed, unit))]
    if facts.classes:
        labels = colorize_label(prediction.label, facts.colors)
        blend = overlay(prediction.image, prediction.label, facts.colors)
        tiles = [
            _tile('Labels', labels, cv2.INTER_NEAREST_EXACT),
            _tile('Overlay', blend, cv2.INTER_AREA),
        ]
        rows.append((tiles, _legend(prediction.label, facts, fixed)))
    height = max(part.shape[0] for tiles, side in rows for part in (tiles[0], side))
    sheets = [_row(tiles, side, height) for tiles, side in rows]
    width = max(sheet.shape[1] for sheet in sheets)
    return _padded(np.vstack([_padded(sheet, width, height + GAP) for sheet in sheets]))


def _padded(picture, width=None, height=None):
    """Return the picture on paper: at the upper left of a larger sheet, or with a margin."""
    if width is None:
        return cv2.copyMakeBorder(picture, 0, 0, GAP, GAP, cv2.BORDER_CONSTANT, value=PAPER)
    below, right = height - picture.shape[0], width - picture.shape[1]
    return cv2.copyMakeBorder(picture, 0, below, 0, right, cv2.BORDER_CONSTANT, value=PAPER)


def _row(tiles, side, height):
    """Return tiles and side column next to each other, with gaps, on one height."""
    columns = [_padded(tile, tile.shape[1] + GAP, height) for tile in tiles]
    return np.hstack([*columns, _padded(side, side.shape[1], height)])


def _sheet(height, width):
    return np.full((height, width, 3), PAPER, np.uint8)


def _text(sheet, text, x, y, scale=0.5, thickness=1):
    """Write text whose left end is at `x` and whose capitals are centred on row `y`."""
    font = cv2.FONT_HERSHEY_SIMPLEX
    capitals = cv2.getTextSize('H', font, scale, thickness)[0][1]
    origin = (x, y + capitals // 2)
    cv2.putText(sheet, text, origin, font, scale, INK, thickness, cv2.LINE_AA)


def _text_width(text, scale=0.5, thickness=1):
    return cv2.getTextSize(text, cv2.FONT_HERSHEY_SIMPLEX, scale, thickness)[0][0]


def _tile(title, picture, method):
    """Return a picture, its longest side scaled to `TILE`, under its title."""
    height, width = picture.shape[:2]
    scale = TILE / max(height, width)
    if scale > 1 and method == cv2.INTER_AREA:
        method = cv2.INTER_LINEAR
    size = (max(1, round(width * scale)), max(1, round(height * scale)))
    sheet = _sheet(TITLE, max(size[0], _text_width(title, 0.6, 1)))
    _text(sheet, title, 0, TITLE // 2, 0.6, 1)
    picture = cv2.resize(picture, size, interpolation=method)
    return np.vstack([sheet, _padded(picture, sheet.shape[1], size[1])])


def _depth_scale(depth, max_depth, height, fixed, unit):
    """Return the vertical bar of depth colours, farthest on top, with ticks in its unit."""
    marks = [
        (name, color)
        for name, color, seen in (
            ('beyond range', BEYOND_RANGE_COLOR, np.isposinf(depth).any()),
            ('no depth', NO_DEPTH_COLOR, np.isnan(depth).any()),
        )
        if seen or fixed
    ]
    height = max(height, TITLE + SHORTEST_BAR + LINE * len(marks) + 8)
    sheet = _sheet(height, LINE + max([70, *(_text_width(name) + 14 for name, _ in marks)]))
    _text(sheet, unit, 0, TITLE // 2)
    top, bottom = TITLE, height - (LINE * len(marks) + 8 if marks else 0)
    ramp = np.linspace(max_depth, 0.0, bottom - top, dtype=np.float32)[:, None]
    sheet[top:bottom, :LINE] = colorize_depth(ramp, 0.0, max_depth)
    for value, text in _ticks(max_depth):
        y = round(bottom - 1 - (bottom - 1 - top) * value / max_depth)
        cv2.line(sheet, (LINE, y), (LINE + 5, y), INK, 1)
        _text(sheet, text, LINE + 11, min(max(y, top + 8), bottom - 8))
    for row, (name, color) in enumerate(marks):
        _swatch(sheet, name, color, bottom + 8 + LINE * row + LINE // 2)
    return sheet


def _ticks(max_depth):
    """Return (value, text) of at most eleven round numbers from 0 to `max_depth`."""
    power = 10.0 ** math.floor(math.log10(max_depth / 10))
    step = next(s * power for s in (1, 2, 5, 10) if max_depth / (s * power) <= 10)
    decimals = max(0, -math.floor(math.log10(step)))
    count = math.floor(max_depth / step + 1e-9) + 1
    return [(i * step, f'{i * step:.{decimals}f}') for i in range(count)]


def _legend(label, facts, fixed):
    """Return a column of swatches and names of the classes that occur, or of all."""
    counts = np.bincount(label.ravel(), minlength=256)
    seen = [i for i in np.argsort(-counts, kind='stable') if counts[i]]
    if fixed:
        seen = [*range(len(facts.classes)), UNLABELLED]
    entries = [
        (facts.classes[i], facts.colors[i])
        if i < len(facts.classes)
        else ('unlabelled', (0, 0, 0))
        for i in seen
    ]
    width = max([_text_width('Classes'), *(LINE + 11 + _text_width(name) for name, _ in entries)])
    sheet = _sheet(TITLE + LINE * len(entries), width + 2)
    _text(sheet, 'Classes', 0, TITLE // 2)
    for row, (name, color) in enumerate(entries):
        _swatch(sheet, name, color, TITLE + LINE * row + LINE // 2)
    return sheet


def _swatch(sheet, name, color, y):
    """Draw one legend entry, centred on row `y`."""
    half = LINE // 2 - 4
    cv2.rectangle(sheet, (0, y - half), (LINE - 1, y + half), color, cv2.FILLED)
    cv2.rectangle(sheet, (0, y - half), (LINE - 1, y + half), INK, 1)
    _text(sheet, name, LINE + 11, y)
