"""Rates, latencies and losses against values worked out by hand."""

from monodepth_ros.benchmark.measures import (
    latency,
    loss_share,
    losses,
    MOST_TRIALS,
    search_highest,
    stage_times,
)
import pytest

MS = 1_000_000


def test_latency_and_jitter():
    # 10, 30, 20 ms: changes of 20 and 10 ms; p95 0.9 of the way from 20 to 30, p99 0.98.
    frames = [(0, 10 * MS), (200 * MS, 220 * MS), (100 * MS, 130 * MS)]
    assert latency(frames) == {
        'latency_ms_p50': 20.0,
        'latency_ms_p95': 29.0,
        'latency_ms_p99': 29.8,
        'jitter_ms': 15.0,
    }


def test_latency_of_nothing_is_unknown():
    assert set(latency([]).values()) == {None}
    assert latency([(0, 7 * MS)])['jitter_ms'] is None


def test_losses_are_told_apart():
    assert losses(sent=100, received=90, published=60, complete=57) == {
        'drops': 43,
        'lost_in_middleware': 10,
        'superseded': 30,
        'lost_at_listener': 3,
    }


def test_loss_share_counts_from_the_settled_part_on():
    sent = [i * 500 * MS for i in range(6)]  # 0 to 2.5 s; four of them at 1 s or later
    assert loss_share(sent, sent, 1.0) == 0.0
    assert loss_share(sent, sent[3:], 1.0) == 0.25
    assert loss_share(sent, [], 1.0) == 1.0
    assert loss_share(sent, [99], 1.0) == 1.0
    assert loss_share(sent, [], 9.0) == 0.0


@pytest.mark.parametrize('limit', [1.1, 7.3, 20.0, 33.0, 64.0])
@pytest.mark.parametrize('guess', [15.0, 20.0, 30.0])
def test_search_comes_close_to_the_limit(guess, limit):
    tried = []

    def keeps(rate):
        tried.append(rate)
        return rate <= limit

    found = search_highest(keeps, guess, 240.0)
    assert len(tried) <= MOST_TRIALS
    assert found == max((rate for rate in tried if rate <= limit), default=0.0)
    if guess / 2 < limit < guess * 2:
        assert limit / 1.13 < found <= limit


def test_search_ends_at_the_highest_rate_that_can_be_tried():
    tried = []
    assert search_highest(lambda rate: tried.append(rate) or True, 200.0, 240.0) == 240.0
    assert tried == [200.0, 240.0]


def test_search_finds_that_nothing_is_kept():
    assert search_highest(lambda rate: False, 20.0, 240.0) == 0.0


def test_stage_times_are_read_from_diagnostics():
    status = {'stage_ms_engine': '14.500', 'stage_ms_publish': 'nan', 'published': '7'}
    assert stage_times(status) == {'engine': 14.5}
