"""Child processes: a signal during the start of one is not lost, and leaves none behind."""

import os
import signal
import subprocess
import sys

from monodepth_ros.processes import Child
import pytest


@pytest.mark.parametrize('number', [signal.SIGINT, signal.SIGTERM])
def test_a_signal_during_the_start_is_not_lost(number, tmp_path, monkeypatch):
    started = []

    def popen(*arguments, **options):
        process = real(*arguments, **options)
        started.append(process)
        try:
            signal.raise_signal(number)
        except KeyboardInterrupt:
            pass  # as Python's hooks after a fork do
        return process

    real = subprocess.Popen
    monkeypatch.setattr(subprocess, 'Popen', popen)
    before = signal.signal(number, signal.default_int_handler)
    try:
        with pytest.raises(KeyboardInterrupt):
            Child('sleeper', ['sleep', '60'], dict(os.environ), tmp_path / 'log', None)
        assert signal.getsignal(number) is signal.default_int_handler
    finally:
        signal.signal(number, before)
    assert [process.returncode for process in started] == [-signal.SIGKILL]


def test_handlers_are_those_from_before(tmp_path):
    before = [signal.getsignal(n) for n in (signal.SIGINT, signal.SIGTERM)]
    command = [sys.executable, '-c', '']
    child = Child('short', command, dict(os.environ), tmp_path / 'log', None)
    child.stop(20.0)
    assert [signal.getsignal(n) for n in (signal.SIGINT, signal.SIGTERM)] == before
