"""The machine is described, wherever it is."""

import os
import subprocess
import sys
import time

from monodepth_ros.benchmark import machine, usage
import numpy as np
import pytest


def test_machine_is_described():
    facts = machine.describe_machine()
    assert facts['cores'] == len(os.sched_getaffinity(0))
    assert facts['memory_gb'] > 0 and facts['os'] and facts['kernel']
    assert set(facts['flags']) <= set(machine.FLAGS)


def test_versions_are_of_what_is_installed():
    found = machine.versions()
    assert found['numpy'] == np.__version__
    assert found['python'] == sys.version.split()[0]


def test_fields_of_cpuinfo():
    x86 = 'processor\t: 0\nmodel name\t: AMD EPYC\nflags\t\t: fpu avx2 amx_bf16\n\n'
    arm = 'processor\t: 0\nFeatures\t: fp asimd asimddp\n\nModel\t\t: Raspberry Pi 5\n'
    assert machine._field(x86, 'model name') == 'AMD EPYC'
    assert machine._flags(x86) == {'fpu', 'avx2', 'amx_bf16'}
    assert machine._field(arm, 'Model') == 'Raspberry Pi 5'
    assert machine._flags(arm) == {'fp', 'asimd', 'asimddp'}


def test_missing_tools_are_no_error(monkeypatch):
    monkeypatch.setenv('PATH', '')
    assert machine.describe_gpus() == []


def test_processor_time_and_memory_of_a_process():
    program = (
        'import time\ndata = bytearray(b"x") * 50_000_000\n'
        'while time.process_time() < 0.3: pass\nprint("done", flush=True)\ninput()'
    )
    process = subprocess.Popen(
        [sys.executable, '-c', program], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    try:
        assert process.stdout.readline() == 'done\n'
        seconds = usage.cpu_seconds(process.pid)
        assert 0.25 < seconds < 5.0
        assert 50 < usage.resident_mb(process.pid) < 200
        time.sleep(0.1)
        # A process that waits takes no time.
        assert usage.cpu_seconds(process.pid) == pytest.approx(seconds, abs=0.03)
    finally:
        process.kill()
        process.communicate()
