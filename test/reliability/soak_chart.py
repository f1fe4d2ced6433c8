"""A report of a long run as one picture: memory, counts and latency over time."""

from __future__ import annotations

from pathlib import Path
from typing import Sequence

import cv2
import numpy as np

WIDTH, PANEL, LEFT, RIGHT, TOP, BELOW = 1200, 300, 90, 30, 40, 30
"""Pixels: the picture's width, a panel's height, and the room around its plot area."""
COLORS = ((181, 109, 47), (31, 122, 208), (80, 150, 60), (120, 60, 140), (60, 60, 200))
"""BGR of the series, in order."""
INK, FAINT, PAPER = (60, 60, 60), (220, 220, 220), 255
TICKS = 4


class Panel:
    """One plot area with its axes; `low` to `high` goes up, 0 to `seconds` across."""

    def __init__(self, title: str, seconds: float, low: float, high: float):
        """Draw the frame."""
        self.pixels = np.full((PANEL, WIDTH, 3), PAPER, np.uint8)
        self._seconds, self._low = max(seconds, 1e-9), low
        self._span = max(high - low, 1e-9)
        self._legend = LEFT + 18 * len(title)
        self._text(title, LEFT, 24)
        for step in range(TICKS + 1):
            value = low + self._span * step / TICKS
            y = self._y(value)
            cv2.line(self.pixels, (LEFT, y), (WIDTH - RIGHT, y), FAINT)
            self._text(f'{value:.4g}', 10, y + 5)
            at = self._seconds * step / TICKS
            self._text(f'{at / 60:.3g} min', self._x(at) - 30, PANEL - 8)

    def _x(self, seconds: float) -> int:
        return round(LEFT + (WIDTH - LEFT - RIGHT) * seconds / self._seconds)

    def _y(self, value: float) -> int:
        share = (value - self._low) / self._span
        return round(PANEL - BELOW - (PANEL - BELOW - TOP) * min(max(share, 0.0), 1.0))

    def _text(self, text: str, x: int, y: int, color=INK) -> None:
        cv2.putText(
            self.pixels, text, (x, y), cv2.FONT_HERSHEY_SIMPLEX, 0.45, color, 1, cv2.LINE_AA
        )

    def line(self, name: str, place: int, times: Sequence[float], values: Sequence[float]) -> None:
        """Draw a series in the colour of its place, and its name."""
        color = COLORS[place]
        points = np.array([[self._x(t), self._y(v)] for t, v in zip(times, values)], np.int32)
        cv2.polylines(self.pixels, [points.reshape(-1, 1, 2)], False, color, 1, cv2.LINE_AA)
        for x, y in points:
            cv2.circle(self.pixels, (int(x), int(y)), 2, color, -1, cv2.LINE_AA)
        self._text(name, self._legend, 24, color)
        self._legend += 12 * len(name) + 20

    def shade(self, times: Sequence[float], shares: np.ndarray, edges: Sequence[str]) -> None:
        """Draw (samples, bins) shares of 0..1 as darkness, bins from below, with their edges."""
        height = (PANEL - BELOW - TOP) / shares.shape[1]
        for start, end, row in zip((0.0, *times), times, shares):
            for place, share in enumerate(row):
                bottom = round(PANEL - BELOW - place * height)
                corners = (self._x(start), round(bottom - height)), (self._x(end), bottom)
                cv2.rectangle(self.pixels, *corners, (255 - int(200 * share**0.5),) * 3, -1)
        self.pixels[slice(TOP, PANEL - BELOW), slice(LEFT - 1)] = PAPER
        for place, edge in enumerate(edges):
            self._text(edge, 10, round(PANEL - BELOW - place * height) + 5)


def write_chart(report: dict, path: Path) -> None:
    """Write the picture of a report of `soak.soak` as PNG."""
    rows = report['samples']
    settled = [row for row in rows if row['settled']]
    panels = [
        _memory(rows, settled),
        _lines('settled: counts', settled, ('threads', 'descriptors', 'own_segments', 'segments')),
        _lines('latency, ms, up to 500', rows, ('p50', 'p95', 'p99'), 'latency_ms', 500.0),
        _histogram(rows, report['latency_edges_ms']),
        _lines('checked frames', rows, ('frames',)),
    ]
    cv2.imwrite(str(path), np.vstack([panel.pixels for panel in panels]))


def _memory(rows, settled) -> Panel:
    names = ('rss_mb', 'pss_mb', 'anonymous_mb')
    low = min(row[name] for row in rows for name in names)
    high = max(row[name] for row in rows for name in names)
    panel = Panel('memory, MB', rows[-1]['at_s'], low, high)
    for place, name in enumerate(names):
        panel.line(name, place, *_series(rows, name))
    panel.line('rss_mb, settled', len(names), *_series(settled, 'rss_mb'))
    return panel


def _lines(title, rows, names, inside='', limit=np.inf) -> Panel:
    rows = [{**row, **row.get(inside, {})} for row in rows]
    high = min(limit, max((row[name] for row in rows for name in names), default=1.0))
    panel = Panel(title, rows[-1]['at_s'] if rows else 1.0, 0.0, high)
    for place, name in enumerate(names):
        panel.line(name, place, *_series(rows, name))
    return panel


def _histogram(rows, edges) -> Panel:
    counts = np.array([row['latency_ms']['counts'] for row in rows], float)
    shares = counts / np.maximum(counts.sum(1, keepdims=True), 1)
    panel = Panel('latency, ms: share of the frames', rows[-1]['at_s'], 0.0, 1.0)
    panel.shade([row['at_s'] for row in rows], shares, [f'{edge:g}' for edge in edges[:-1]])
    return panel


def _series(rows, name):
    return [row['at_s'] for row in rows], [row[name] for row in rows]
