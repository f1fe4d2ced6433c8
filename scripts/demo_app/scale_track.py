"""What the estimate of the scale does over a run, against the truth; no ROS in here."""

from __future__ import annotations

from dataclasses import dataclass
import math
from typing import Mapping, Optional, Sequence

import cv2
from monodepth_ros.pipeline.postprocess import is_valid
from monodepth_ros.scale.bend import Bend
from monodepth_ros.scale.filter import Estimate
import numpy as np

WIDTH, HEIGHT, LEFT, RIGHT, ABOVE, BELOW = 900, 230, 70, 20, 46, 40
"""Pixels of one chart, and its margins."""
INK, GRID = (60, 60, 60), (225, 225, 225)
NETWORK, CORRECTED, FLOOR, TRUTH = (200, 120, 30), (40, 110, 190), (60, 150, 70), (40, 40, 40)
FONT = cv2.FONT_HERSHEY_SIMPLEX


@dataclass(frozen=True)
class ScaleSample:
    """One frame.

    Attributes:
        time_s: since the first frame.
        factor: that the network's depth was multiplied by, where the bend adds nothing.
        spread: deviation of it, in parts of one.
        votes: frames that have voted until then.
        truth: median of the true depths in metres.
        network: median of the network's own depths of the same pixels.
        metres: median of the depths that came out.
        needed: the factor that the truth asks for, the bend left as it is.
        floor_needed: that which the truth of the floor alone asks for; None without a floor.
        error_before, error_after: median relative error of the depths.

    """

    time_s: float
    factor: float
    spread: float
    votes: int
    truth: float
    network: float
    metres: float
    needed: float
    floor_needed: Optional[float]
    error_before: float
    error_after: float


def compare(
    depth: np.ndarray,
    truth: np.ndarray,
    floor: np.ndarray,
    time_s: float,
    estimate: Estimate,
) -> Optional[ScaleSample]:
    """
    Return how a frame compares with the truth; None where no pixel is known in both.

    Args:
        depth: (H, W) float32 metres that the node published.
        truth: (H, W) float32 metres, 0 where unknown.
        floor: (H, W) bool, what the network calls floor.
        time_s: since the first frame.
        estimate: by which the depth was scaled.

    """
    known = is_valid(depth) & (truth > 0)
    if not known.any():
        return None
    factor = estimate.factor
    before = depth / np.float32(factor)
    if estimate.bend is not None:
        before = estimate.bend.removed(before)
    true, after, before = truth[known], depth[known], before[known]
    ratio, floor = factor * true / after, floor[known]
    return ScaleSample(
        time_s,
        factor,
        estimate.spread,
        estimate.votes,
        float(np.median(true)),
        float(np.median(before)),
        float(np.median(after)),
        float(np.median(ratio)),
        float(np.median(ratio[floor])) if floor.any() else None,
        float(np.median(np.abs(before / true - 1))),
        float(np.median(np.abs(after / true - 1))),
    )


def estimate_of(said: Mapping[str, str]) -> Estimate:
    """Return the estimate that the figures of the topic `scale`, by name, tell of."""
    at, by, start, end = (
        tuple(float(said[f'{word}_{place}']) for place in ('depth', 'column'))
        for word in ('at', 'by', 'from', 'to')
    )
    bend = Bend(*at, *by, *zip(start, end))
    is_bent = math.isfinite(bend.depth)
    factor, spread = float(said['factor']), float(said['spread'])
    return Estimate(factor, spread, int(said['votes']), bend=bend if is_bent else None)


def figures(samples: Sequence[ScaleSample]) -> dict[str, float]:
    """Return the medians over the frames, for the summary."""
    columns = {
        'factor': [s.factor for s in samples],
        'factor_by_true_floor': [s.floor_needed for s in samples if s.floor_needed],
        'factor_by_truth': [s.needed for s in samples],
        'metres_network': [s.network for s in samples],
        'metres_corrected': [s.metres for s in samples],
        'metres_truth': [s.truth for s in samples],
        'error_network': [s.error_before for s in samples],
        'error_corrected': [s.error_after for s in samples],
    }
    medians = {name: round(float(np.median(c)), 3) for name, c in columns.items() if c}
    return {**medians, 'votes': samples[-1].votes}


def plot(samples: Sequence[ScaleSample]) -> np.ndarray:
    """Return the charts of factor and metres over time, (H, W, 3) uint8 RGB."""
    times = [s.time_s for s in samples]
    factor = {
        'estimate': (CORRECTED, [s.factor for s in samples]),
        'by the true floor': (FLOOR, [s.floor_needed or np.nan for s in samples]),
        'by all of the truth': (TRUTH, [s.needed for s in samples]),
    }
    metres = {
        'network': (NETWORK, [s.network for s in samples]),
        'corrected': (CORRECTED, [s.metres for s in samples]),
        'truth': (TRUTH, [s.truth for s in samples]),
    }
    spread = [s.factor * s.spread for s in samples]
    return np.vstack(
        (
            _chart('factor for the depth', times, factor, spread),
            _chart('median depth, m', times, metres),
        )
    )


def _chart(title, times, series, spread=None):
    """Draw lines over time; `spread` is a band about the first."""
    sheet = np.full((HEIGHT + ABOVE + BELOW, WIDTH + LEFT + RIGHT, 3), 255, np.uint8)
    values = np.array([line for _, line in series.values()])
    band = np.zeros(len(times)) if spread is None else np.array(spread)
    low = float(min(np.nanmin(values), (values[0] - band).min()))
    high = float(max(np.nanmax(values), (values[0] + band).max()))
    room = 0.05 * (high - low) or 0.1
    low, high, end = low - room, high + room, max(times[-1], 1e-3)

    def place(time, value):
        x = LEFT + WIDTH * time / end
        return round(x), round(ABOVE + HEIGHT * (high - value) / (high - low))

    _axes(sheet, low, high, end, place)
    if spread is not None:
        _band(sheet, times, values[0], spread, place)
    for color, line in series.values():
        known = [(t, v) for t, v in zip(times, line) if np.isfinite(v)]
        points = np.array([place(t, v) for t, v in known], np.int32).reshape(-1, 2)
        cv2.polylines(sheet, [points], False, color, 2, cv2.LINE_AA)
    cv2.putText(sheet, title, (LEFT, 30), FONT, 0.6, INK, 1, cv2.LINE_AA)
    for index, (name, (color, _)) in enumerate(series.items()):
        at = (LEFT + 270 + 215 * index, 30)
        cv2.putText(sheet, name, at, FONT, 0.6, color, 2, cv2.LINE_AA)
    return sheet


def _axes(sheet, low, high, end, place):
    for value in np.linspace(low, high, 5):
        at = place(0, value)
        cv2.line(sheet, at, place(end, value), GRID, 1)
        cv2.putText(sheet, f'{value:.2f}', (8, at[1] + 5), FONT, 0.5, INK, 1, cv2.LINE_AA)
    for time in np.linspace(0, end, 6):
        at = (place(time, low)[0] - 14, ABOVE + HEIGHT + 24)
        cv2.putText(sheet, f'{time:.1f} s', at, FONT, 0.5, INK, 1, cv2.LINE_AA)


def _band(sheet, times, line, spread, place):
    upper = [place(t, v + s) for t, v, s in zip(times, line, spread)]
    lower = [place(t, v - s) for t, v, s in zip(times, line, spread)]
    shade = sheet.copy()
    cv2.fillPoly(shade, [np.array(upper + lower[::-1], np.int32)], CORRECTED)
    cv2.addWeighted(shade, 0.2, sheet, 0.8, 0, dst=sheet)
