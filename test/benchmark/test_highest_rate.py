"""The highest rate is found with a node that is a formula, and not missed for one bad moment."""

from types import SimpleNamespace

from monodepth_ros.benchmark.node import highest_rate
import pytest


class FakeLoad:
    """A node that gives out 20 frames a second and loses the rest; `hiccups` lose 10 % more."""

    def __init__(self, hiccups=()):
        self.rates = []
        self._hiccups = hiccups

    def trial(self, namespaces, rate, seconds):
        loss = max(0.0, 1 - 20.0 / rate)
        if len(self.rates) in self._hiccups:
            loss += 0.1
        self.rates.append(rate)
        return SimpleNamespace(
            frames={'ours': [None] * round(min(rate, 20.0) * seconds)},
            seconds=seconds,
            rate=0.99 * rate,
            loss_share=lambda name: loss,
        )


def test_a_rate_close_to_the_limit_is_found():
    # At most 5 % of frames may be lost: 21 Hz.
    assert 0.9 * 21 <= highest_rate(FakeLoad(), 'ours', 3.0) <= 21


@pytest.mark.parametrize('hiccup', [1, 2, 3])
def test_one_bad_moment_changes_nothing(hiccup):
    undisturbed = highest_rate(FakeLoad(), 'ours', 3.0)
    assert highest_rate(FakeLoad([hiccup]), 'ours', 3.0) == undisturbed


def test_what_the_camera_really_sent_counts():
    load = FakeLoad()
    found = highest_rate(load, 'ours', 3.0)
    assert any(found == pytest.approx(0.99 * rate, rel=1e-3) for rate in load.rates)
