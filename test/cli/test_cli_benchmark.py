"""The command's options, and the tables of figures that were measured before."""

import json
from pathlib import Path
import signal
import subprocess
import sys
import time

from monodepth_ros.cli import benchmark
from monodepth_ros.cli.main import INTERRUPTED, main
import pytest

ROOT = Path(__file__).parents[2]
FIGURES = ROOT / 'docs' / 'performance.json'
DOCUMENT = ROOT / 'docs' / 'performance.md'


def test_the_document_holds_the_tables_of_its_figures(tmp_path):
    copy = tmp_path / 'performance.md'
    copy.write_text(DOCUMENT.read_text())
    assert main(['benchmark', '--table', str(FIGURES), '--into', str(copy)]) == 0
    assert copy.read_text() == DOCUMENT.read_text()


def test_tables_are_printed(capsys):
    assert main(['benchmark', '--table', str(FIGURES)]) == 0
    shown = capsys.readouterr().out
    assert json.loads(FIGURES.read_text())['machine']['cpu'] in shown
    assert shown.strip() in DOCUMENT.read_text()


@pytest.mark.parametrize(
    ('options', 'words'),
    [
        (['--into', 'x.md'], '--into goes with --table FILE'),
        (['--table', 'missing.json'], 'cannot read missing.json'),
        (['--out', 'no/such/folder/x.json'], 'the folder no/such/folder does not exist'),
        (['--peer', 'missing.onnx'], '--peer missing.onnx is no file'),
        (['--images', 'missing'], '--images missing is no folder with images'),
        (['--model', 'monodepth9000'], "unknown model 'monodepth9000'"),
        (['--checkpoint', 'x.safetensors'], 'x.safetensors do not exist'),
    ],
)
def test_errors_are_one_line(options, words, capsys):
    assert main(['benchmark', *options]) == 1
    error = capsys.readouterr().err
    assert error.startswith('monodepth benchmark: ') and error.count('\n') == 1
    assert words in error


@pytest.mark.parametrize(
    ('options', 'words'),
    [
        (['--only', 'engines,wheels'], 'wheels, expected of engines, node'),
        (['--device', 'gpu'], "'gpu', expected cpu, cuda or cuda:N"),
        (['--threads', '0'], 'expected a whole number above 0'),
    ],
)
def test_wrong_options_are_explained(options, words, capsys):
    with pytest.raises(SystemExit):
        main(['benchmark', *options])
    assert words in capsys.readouterr().err


def test_a_run_is_printed_and_written(tmp_path, tiny_model, monkeypatch, capsys):
    import monodepth_ros.benchmark.runner as runner

    def measure(settings):
        assert settings.threads == 1 and settings.quick
        return {'sizes': [], 'batches': [{'batch': 4, 'ms_median': 8.0, 'ms_per_image': 2.0}]}, []

    monkeypatch.setattr(runner, 'measure_growth', measure)
    out = tmp_path / 'figures.json'
    options = ['--only', 'growth', '--quick', '--threads', '1', '--model', str(tiny_model)]
    assert main(['benchmark', *options, '--out', str(out)]) == 0
    shown = capsys.readouterr()
    assert '| 4 | 8 | 2 |' in shown.out and 'growth: 0 s' in shown.err
    assert json.loads(out.read_text())['growth']['batches'][0]['batch'] == 4


def test_failed_parts_make_status_1(tiny_model, monkeypatch, capsys):
    import monodepth_ros.benchmark.runner as runner

    monkeypatch.setattr(runner, 'measure_growth', lambda _: 1 / 0)
    assert main(['benchmark', '--only', 'growth', '--model', str(tiny_model)]) == 1
    assert 'ZeroDivisionError' in capsys.readouterr().out


@pytest.mark.parametrize('number', [signal.SIGINT, signal.SIGTERM])
def test_signals_leave_nothing_behind(tmp_path, tiny_model, number):
    command = [sys.executable, '-m', 'monodepth_ros.cli.main', 'benchmark', '--only', 'growth']
    scratch = tmp_path / 'scratch'
    scratch.mkdir()
    process = subprocess.Popen(
        [*command, '--model', str(tiny_model)],
        env={'TMPDIR': str(scratch), 'PATH': '/usr/bin:/bin', 'HOME': str(tmp_path)},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    end = time.monotonic() + 60
    while not list(scratch.glob('*/engine_process_*.log')):
        assert time.monotonic() < end and process.poll() is None
        time.sleep(0.02)
    process.send_signal(number)
    _, error = process.communicate(timeout=60)
    assert process.returncode == INTERRUPTED
    assert 'Traceback' not in error and 'interrupted' in error
    assert list(scratch.iterdir()) == []


def test_parts_are_parsed():
    assert benchmark._parts('node, engines') == ('node', 'engines')
