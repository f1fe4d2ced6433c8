"""Times of stages add up."""

from monodepth_ros.ros import stopwatch
from monodepth_ros.ros.stopwatch import Stopwatch
import pytest


def test_times_of_a_stage_add_up(monkeypatch):
    now = iter([1.0, 1.5, 2.0, 2.25, 7.0, 8.0])
    monkeypatch.setattr(stopwatch.time, 'perf_counter', lambda: next(now))
    watch = Stopwatch()
    for stage in ('output', 'publish', 'output'):
        with watch.measure(stage):
            pass
    watch.add('engine', 0.5)
    assert watch.seconds == {'output': 1.5, 'publish': 0.25, 'engine': 0.5}


def test_what_fails_is_not_counted():
    watch = Stopwatch()
    with pytest.raises(ValueError), watch.measure('convert'):
        raise ValueError
    assert watch.seconds == {}
