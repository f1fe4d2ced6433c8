"""The demo's estimate of the scale against the truth."""

from demo_app.scale_track import compare, estimate_of, figures, plot, ScaleSample
from monodepth_ros.scale.bend import Bend
from monodepth_ros.scale.filter import Estimate
import numpy as np
import pytest

ESTIMATE = Estimate(1.25, 0.1, 7)


def test_a_frame_is_compared_with_the_truth():
    # The network said 2, 2, 4, 4, 4; two more pixels are unknown on one side.
    depth = np.array([[2.5, 2.5, 5, 5, 5, np.nan, 5]], np.float32)
    truth = np.array([[3, 3, 4, 4, 4, 1, 0]], np.float32)
    floor = np.array([[1, 1, 0, 0, 0, 1, 1]], bool)
    sample = compare(depth, truth, floor, 0.5, ESTIMATE)
    assert (sample.time_s, sample.factor, sample.spread, sample.votes) == (0.5, 1.25, 0.1, 7)
    assert (sample.truth, sample.network, sample.needed, sample.floor_needed) == (4, 4, 1, 1.5)
    assert sample.metres == 5
    assert sample.error_before == 0 and sample.error_after == pytest.approx(0.25)
    assert compare(depth, truth, ~floor & floor, 0.5, ESTIMATE).floor_needed is None
    assert compare(depth, np.zeros_like(truth), floor, 0.5, ESTIMATE) is None


def test_the_network_is_compared_without_the_bend():
    bend = Bend(2.0, 0.5, 0.3, 0.2)
    network = np.array([[1.0, 2.0, 4.0, 8.0]], np.float32)
    truth = 1.25 * network * bend.factors(network)
    estimate = Estimate(1.25, 0.1, 7, bend=bend)
    sample = compare(truth, truth, np.array([[1, 1, 0, 0]], bool), 0.0, estimate)
    assert sample.error_after == 0 and sample.network == pytest.approx(3, rel=1e-5)
    assert sample.needed == sample.floor_needed == 1.25
    assert sample.error_before == pytest.approx(float(np.median(np.abs(network / truth - 1))))


def test_the_estimate_is_what_the_topic_says():
    said = {'factor': '1.2500', 'spread': '0.1000', 'votes': '7', 'source': 'ground'}
    unknown = [f'{w}_{p}' for w in ('at', 'from', 'to') for p in ('depth', 'column')]
    said |= {'by_depth': '0.0000', 'by_column': '0.0000', **dict.fromkeys(unknown, 'nan')}
    assert estimate_of(said) == Estimate(1.25, 0.1, 7)
    said |= {'by_depth': '0.1000', 'by_column': '-0.2000', 'at_depth': '2.5', 'at_column': '0.4'}
    said |= {'from_depth': '1.5', 'to_depth': '4', 'from_column': '0.2', 'to_column': '0.9'}
    assert estimate_of(said).bend == Bend(2.5, 0.4, 0.1, -0.2, (1.5, 4.0), (0.2, 0.9))


def sample(time, **changes):
    values = {
        'factor': 1.0 + time,
        'spread': 0.1,
        'votes': 3,
        'truth': 3.0,
        'network': 2.0,
        'metres': 2.4,
    }
    values |= {'needed': 1.5, 'floor_needed': 1.4, 'error_before': 0.3, 'error_after': 0.1}
    return ScaleSample(time, **{**values, **changes})


def test_the_figures_are_medians_over_the_frames():
    samples = [sample(0), sample(0.5), sample(0.2, votes=9, floor_needed=None)]
    assert figures(samples) == {
        'factor': 1.2,
        'factor_by_true_floor': 1.4,
        'factor_by_truth': 1.5,
        'metres_network': 2.0,
        'metres_corrected': 2.4,
        'metres_truth': 3.0,
        'error_network': 0.3,
        'error_corrected': 0.1,
        'votes': 9,
    }
    assert 'factor_by_true_floor' not in figures([sample(0, floor_needed=None)])


def columns_of(picture, color):
    """Return the columns and rows that have a colour."""
    rows, columns = np.nonzero((picture == color).all(axis=2))
    return columns, rows


def test_lines_are_where_their_values_are():
    picture = plot([sample(t / 10) for t in range(6)])
    assert picture.dtype == np.uint8 and picture.shape[1] > 900
    lowest = picture.shape[0] // 2 - 42
    upper = picture[50:lowest]
    columns, rows = columns_of(upper, (40, 110, 190))
    left, right = rows[columns < 150].mean(), rows[columns > 900].mean()
    assert left > right  # the factor grows
    level = columns_of(upper, (40, 40, 40))[1]
    assert np.ptp(level) <= 3 and level.mean() < right + 30


def test_one_frame_and_no_floor_can_be_drawn():
    assert plot([sample(0, floor_needed=None)]).any()
