"""Charts as inline SVG: bars, a histogram, a joint histogram of two depths."""

from __future__ import annotations

import base64
from html import escape
import math
from typing import Optional, Sequence

import cv2
import numpy as np

COLORS = ('#2f6db5', '#d07a1f')
"""Of the first and second series."""
BARS, LABELS, VALUES, LINE = 300, 120, 60, 16
"""Bar charts in pixels: the longest bar, room for labels and for values, height of a bar."""
WIDTH, HEIGHT, LEFT, BELOW = 440, 220, 56, 40
"""Plot area of a histogram in pixels, and room for the axes."""
SIDE = 320
"""Plot area of a joint histogram in pixels."""


def bar_chart(
    labels: Sequence[str], series: dict[str, Sequence[Optional[float]]], limit: float = 0.0
) -> str:
    """Return horizontal bars, one for each series below each label.

    Args:
        labels: one a group of bars.
        series: by name, one value a label, 0 or more; None for no bar.
        limit: value of the longest possible bar; 0 for the largest value.

    """
    longest = limit or max((v for row in series.values() for v in row if v), default=0.0) or 1.0
    step = LINE * len(series) + 6
    parts = []
    for index, label in enumerate(labels):
        top = index * step
        parts.append(_text(LABELS - 8, top + LINE * len(series) / 2, label, 'end'))
        for place, values in enumerate(series.values()):
            parts += _bar(values[index], longest, top + LINE * place, COLORS[place])
    return _svg(LABELS + BARS + VALUES, step * len(labels), parts) + _legend(series)


def _bar(value, longest, top, color):
    middle = top + LINE / 2
    if value is None:
        return [_text(LABELS, middle, 'none', 'start')]
    length = BARS * value / longest
    return [
        f'<rect x="{LABELS}" y="{top + 2}" width="{length:.1f}" height="{LINE - 4}" '
        f'fill="{color}"/>',
        _text(LABELS + length + 5, middle, f'{value:.3f}', 'start'),
    ]


def _legend(series):
    if len(series) == 1:
        return ''
    items = (
        f'<span class="item"><span style="color:{color}">&#9632;</span> {escape(name)}</span>'
        for name, color in zip(series, COLORS)
    )
    return f'<p class="legend">{"".join(items)}</p>'


def histogram(values: Sequence[float], label: str, bins: int = 40) -> str:
    """Return how many of the values are in each of some ranges from 0 to the largest.

    Args:
        values: 0 or more each.
        label: what the values are.
        bins: how many ranges.

    """
    ticks = round_numbers(max(values))
    counts, _ = np.histogram(values, bins, (0.0, ticks[-1]))
    most = max(1, int(counts.max()))
    width = WIDTH / bins
    parts = [
        f'<rect x="{LEFT + i * width:.1f}" y="{HEIGHT * (1 - n / most):.1f}" '
        f'width="{width - 1:.1f}" height="{HEIGHT * n / most:.1f}" fill="{COLORS[0]}"/>'
        for i, n in enumerate(counts)
    ]
    parts += _horizontal_axis(ticks, WIDTH, HEIGHT, label)
    parts += [_text(LEFT - 6, 6, str(most), 'end'), _text(LEFT - 6, HEIGHT - 4, '0', 'end')]
    return _svg(LEFT + WIDTH + 20, HEIGHT + BELOW, parts)


def joint_histogram(counts: np.ndarray, largest: float, across: str, up: str) -> str:
    """Return a picture of a joint histogram, darker where there are more, and its diagonal.

    Args:
        counts: (n, n) whole numbers, by row what goes across and by column what goes up.
        largest: what both axes end at.
        across: label of the horizontal axis.
        up: label of the vertical axis.

    """
    share = np.log1p(counts) / max(1e-9, np.log1p(counts.max()))
    picture = cv2.applyColorMap((255 - 255 * share).astype(np.uint8), cv2.COLORMAP_VIRIDIS)
    picture[counts == 0] = 255
    data = base64.b64encode(cv2.imencode('.png', picture.transpose(1, 0, 2)[::-1])[1]).decode()
    ticks = round_numbers(largest)
    ticks = [tick for tick in ticks if tick <= largest]
    parts = [
        f'<image x="{LEFT}" y="0" width="{SIDE}" height="{SIDE}" preserveAspectRatio="none" '
        f'style="image-rendering:pixelated" href="data:image/png;base64,{data}"/>',
        f'<path d="M{LEFT} 0V{SIDE}H{LEFT + SIDE}" fill="none" stroke="currentColor"/>',
        f'<path d="M{LEFT} {SIDE}L{LEFT + SIDE} 0" stroke="#c33" stroke-dasharray="4 3"/>',
        *_horizontal_axis(ticks, SIDE * ticks[-1] / largest, SIDE, across),
    ]
    for tick in ticks:
        parts.append(_text(LEFT - 6, SIDE * (1 - tick / largest) + 4, f'{tick:g}', 'end'))
    parts.append(
        f'<text transform="translate(14 {SIDE / 2}) rotate(-90)" text-anchor="middle">'
        f'{escape(up)}</text>'
    )
    return _svg(LEFT + SIDE + 20, SIDE + BELOW, parts)


def round_numbers(largest: float) -> list[float]:
    """Return four to ten round numbers from 0 to the first that is at least `largest`."""
    largest = max(largest, 1e-9)
    power = 10.0 ** math.floor(math.log10(largest))
    step = next(s * power for s in (0.2, 0.5, 1.0, 2.0) if largest <= 5.0 * s * power * 1.0001)
    return [i * step for i in range(math.ceil(largest / step - 1e-4) + 1)]


def _horizontal_axis(ticks, width, top, label):
    parts = [f'<path d="M{LEFT} {top}h{width}" stroke="currentColor"/>']
    for tick in ticks:
        x = LEFT + width * tick / ticks[-1]
        parts.append(f'<path d="M{x:.1f} {top}v4" stroke="currentColor"/>')
        parts.append(_text(x, top + 12, f'{tick:g}', 'middle'))
    parts.append(_text(LEFT + width / 2, top + 30, label, 'middle'))
    return parts


def _text(x, y, text, anchor):
    return (
        f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}" dominant-baseline="middle">'
        f'{escape(text)}</text>'
    )


def _svg(width, height, parts):
    return (
        f'<svg viewBox="0 -4 {width} {height + 8}" width="{width}" height="{height + 8}" '
        f'role="img">{"".join(parts)}</svg>'
    )
