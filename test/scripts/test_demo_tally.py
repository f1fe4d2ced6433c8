"""Counting messages, checking stamps, keeping a spread of frames."""

from demo_app.tally import Spread, Tally
import pytest

TOPICS = ('depth', 'mask')


def _tally(depth, mask, frame_id='camera'):
    tally = Tally(TOPICS)
    for topic, stamps in zip(TOPICS, (depth, mask)):
        for stamp in stamps:
            tally.add(topic, stamp, frame_id)
    return tally


def test_frame_is_complete_with_its_last_topic():
    tally = Tally(TOPICS)
    assert not tally.add('depth', 1, 'camera')
    assert not tally.add('mask', 2, 'camera')
    assert tally.add('mask', 1, 'camera')
    assert tally.add('depth', 2, 'camera')
    assert tally.messages() == {'depth': 2, 'mask': 2}


def test_dropped_frames_are_no_problem():
    assert _tally([1, 3], [1, 3]).problems({1, 2, 3}) == []


@pytest.mark.parametrize(
    ('depth', 'mask', 'problem'),
    [
        ([1, 4], [1, 4], 'depth: 1 stamps that no image had'),
        ([1, 1], [1], 'depth: 1 stamps that came twice'),
        ([1, 2], [1], 'mask: 1 stamps that other topics have are missing'),
    ],
)
def test_wrong_stamps_are_found(depth, mask, problem):
    assert problem in _tally(depth, mask).problems({1, 2, 3})


def test_differing_frames_are_found():
    tally = _tally([1], [1])
    tally.add('depth', 2, 'map')
    tally.add('mask', 2, 'camera')
    assert tally.problems({1, 2}) == ['frame ids differ: camera, map']


@pytest.mark.parametrize(
    ('length', 'kept'), [(0, []), (3, [0, 1, 2]), (4, [0, 2]), (5, [0, 2, 4])]
)
def test_spread_of_a_short_series(length, kept):
    spread = Spread(2)
    for item in range(length):
        spread.offer(item)
    assert spread.items == kept


def test_spread_of_a_long_series_is_even():
    spread = Spread(6)
    for item in range(1000):
        spread.offer(item)
    steps = {b - a for a, b in zip(spread.items, spread.items[1:])}
    assert 6 <= len(spread.items) < 12
    assert len(steps) == 1 and spread.items[0] == 0
    assert 1000 - spread.items[-1] <= steps.pop()
