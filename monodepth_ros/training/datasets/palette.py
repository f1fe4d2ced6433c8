"""Colours for classes that name none."""

from __future__ import annotations

import colorsys

GOLDEN_ANGLE = 0.381966
"""Of a full turn: hues that far apart never come close to one another for long."""


def palette(count: int) -> tuple[tuple[int, int, int], ...]:
    """Return `count` different colours, (r, g, b) 0..255; neighbours differ most."""
    colors = []
    for index in range(count):
        saturation = (0.75, 0.45, 0.95)[index % 3]
        value = (0.90, 0.70, 0.50, 0.98)[index % 4]
        rgb = colorsys.hsv_to_rgb(index * GOLDEN_ANGLE % 1.0, saturation, value)
        colors.append(tuple(round(255 * part) for part in rgb))
    return tuple(colors)
