"""Things are timed in turn, forwards and backwards."""

from monodepth_ros.benchmark import alternate as module
from monodepth_ros.benchmark.alternate import alternate
from monodepth_ros.errors import BenchmarkError
import pytest


@pytest.fixture
def calls():
    return []


@pytest.fixture
def make(calls):
    def make(name, milliseconds, fails_at=None):
        def timer(count):
            calls.append((name, count))
            if fails_at is not None and len([c for c in calls if c[0] == name]) >= fails_at:
                raise BenchmarkError('out of memory')
            return [milliseconds] * count

        return timer

    return make


def test_order_and_blocks(make, calls):
    # A block is a quarter of a second: 250 runs of 1 ms, 3 of 100 ms, 1 of a second.
    timers = {'a': make('a', 1.0), 'b': make('b', 100.0), 'c': make('c', 1000.0)}
    measured, errors = alternate(timers, seconds=0.0)
    assert errors == {}
    assert calls[:3] == [('a', 1), ('b', 1), ('c', 1)]
    forwards = [('a', 250), ('b', 3), ('c', 1)]
    assert calls[3:] == [*forwards, *reversed(forwards), *forwards]
    assert measured == {'a': [1.0] * 750, 'b': [100.0] * 9, 'c': [1000.0] * 3}


def test_it_goes_on_until_time_is_up(make, monkeypatch):
    now = iter(range(1000))
    monkeypatch.setattr(module.time, 'monotonic', lambda: next(now))
    measured, _ = alternate({'a': make('a', 250.0)}, seconds=6.5)
    # Rounds 1 to 3 in any case; then the clock is asked: 1, 2, ..., until 6.5 s are over.
    assert len(measured['a']) == 3 + 6


@pytest.mark.parametrize('fails_at', [1, 3])
def test_what_fails_is_left_out_and_named(make, fails_at):
    timers = {'bad': make('bad', 1.0, fails_at), 'good': make('good', 250.0)}
    measured, errors = alternate(timers, seconds=0.0)
    assert errors == {'bad': 'out of memory'}
    assert measured == {'good': [250.0] * 3}


def test_nothing_to_time():
    assert alternate({}, seconds=1.0) == ({}, {})
