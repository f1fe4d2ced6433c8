"""Charts: the lengths of bars and the places of ticks."""

import base64
import re
import xml.etree.ElementTree as ElementTree

import cv2
from monodepth_ros.training.report.charts import (
    bar_chart,
    BARS,
    HEIGHT,
    histogram,
    joint_histogram,
    round_numbers,
)
import numpy as np
import pytest


def parse(chart):
    """Return the SVG of a chart as a tree; what follows it is left out."""
    return ElementTree.fromstring(chart[: chart.index('</svg>') + 6])


def bars(tree):
    return [float(bar.get('width')) for bar in tree.iter('rect')]


def texts(tree):
    return [element.text for element in tree.iter('text')]


def test_bars_are_as_long_as_their_values():
    tree = parse(bar_chart(['a', 'b', 'c'], {'rmse': [1.0, 0.5, None]}))
    assert bars(tree) == [BARS, BARS / 2]
    assert texts(tree) == ['a', '1.000', 'b', '0.500', 'c', 'none']


def test_bars_of_a_share():
    assert bars(parse(bar_chart(['a'], {'delta1': [0.25]}, 1.0))) == [BARS / 4]


def test_two_series_have_a_legend_and_their_own_bars():
    chart = bar_chart(['a', 'b'], {'<ours>': [1.0, 2.0], 'peer': [3.0, 4.0]})
    assert bars(parse(chart)) == [BARS / 4, BARS * 3 / 4, BARS / 2, BARS]
    assert '&lt;ours&gt;' in chart and 'peer' in chart
    tops = [float(bar.get('y')) for bar in parse(chart).iter('rect')]
    assert tops == sorted(set(tops))


def test_bars_without_any_value():
    assert bars(parse(bar_chart(['a'], {'iou': [0.0]}))) == [0.0]
    assert bars(parse(bar_chart(['a'], {'iou': [None]}))) == []


def test_histogram():
    tree = parse(histogram([0.1, 0.1, 0.1, 0.9, 1.0], 'abs_rel', bins=2))
    heights = [float(bar.get('height')) for bar in tree.iter('rect')]
    assert heights == pytest.approx([HEIGHT, HEIGHT * 2 / 3], abs=0.1)
    assert {'0', '1', '3', 'abs_rel'} <= set(texts(tree))


@pytest.mark.parametrize(
    ('largest', 'expected'),
    [
        (1.0, [0, 0.2, 0.4, 0.6, 0.8, 1.0]),
        (10.0, [0, 2, 4, 6, 8, 10]),
        (0.83, [0, 0.2, 0.4, 0.6, 0.8, 1.0]),
        (0.17, [0, 0.05, 0.1, 0.15, 0.2]),
        (4.2, [0, 1, 2, 3, 4, 5]),
        (80.0, [0, 20, 40, 60, 80]),
    ],
)
def test_round_numbers(largest, expected):
    assert round_numbers(largest) == pytest.approx(expected)


@pytest.mark.parametrize('largest', [0.0, 1e-12, 1e6])
def test_any_range_has_ticks(largest):
    ticks = round_numbers(largest)
    assert len(ticks) >= 2 and ticks[-1] >= largest


def test_joint_histogram():
    counts = np.zeros((10, 10), np.int64)
    counts[2, 7] = 5  # true 2..3 m, predicted 7..8 m
    chart = joint_histogram(counts, 10.0, 'true', 'predicted')
    data = re.search(r'base64,([^"]+)', chart).group(1)
    picture = cv2.imdecode(np.frombuffer(base64.b64decode(data), np.uint8), cv2.IMREAD_COLOR)
    # Across from the left, up from below.
    inked = np.argwhere((picture != 255).any(axis=2)).tolist()
    assert inked == [[9 - 7, 2]]
    assert {'true', 'predicted', '0', '10'} <= set(texts(parse(chart)))


def test_joint_histogram_of_nothing():
    assert '<svg' in joint_histogram(np.zeros((4, 4), np.int64), 3.3, 'true', 'predicted')
