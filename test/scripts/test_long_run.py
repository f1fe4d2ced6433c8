"""A long run says now and then how far it is."""

import time

from long_run import Progress
import pytest


@pytest.fixture
def now(monkeypatch):
    now = [0.0]
    monkeypatch.setattr(time, 'monotonic', lambda: now[0])
    return now


def test_a_line_a_minute(now, capsys):
    progress = Progress()
    for now[0] in range(0, 150, 7):
        progress('going on')
    assert capsys.readouterr().out == '63 s: going on\n126 s: going on\n'


def test_failures_at_once(now, capsys):
    progress = Progress()
    for now[0] in (1.0, 2.0):
        progress('FAILED: once more')
    assert capsys.readouterr().out == '1 s: FAILED: once more\n2 s: FAILED: once more\n'
