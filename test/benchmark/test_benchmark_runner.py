"""A run as a whole: what it measures is a report, and what fails does not end it."""

import json

from monodepth_ros.benchmark import runner as module
from monodepth_ros.benchmark.engines import Case, PLAIN
from monodepth_ros.benchmark.report import check_report, PARTS, read_report
from monodepth_ros.benchmark.runner import Runner
from monodepth_ros.benchmark.targets import Target
from monodepth_ros.errors import BenchmarkError
import pytest
from report_kit import ENGINE

pytest.importorskip('torch')


@pytest.fixture
def small(settings, monkeypatch):
    """Let the engines' part have the tiny model in two cases, and a peak of 100 GFLOP/s."""
    monkeypatch.setattr(module, 'measure_peak', lambda _: {'float32': 100.0})
    target = Target('dual_efficientnet_lite0', settings.model_path)
    monkeypatch.setattr(module, 'make_targets', lambda _: [target])
    monkeypatch.setattr(module, 'choose_cases', lambda *_: [Case(PLAIN), Case('torch')])
    return settings


def test_engines_and_growth_make_a_report(small, tmp_path, monkeypatch):
    measure_growth = module.measure_growth
    monkeypatch.setattr(
        module, 'measure_growth', lambda s: measure_growth(s, sizes=[(96, 72)], batches=[1])
    )
    out = tmp_path / 'report.json'
    told = []
    report = Runner(small, out, told.append).run(('growth', 'engines'))
    check_report(report)
    assert read_report(out) == report == json.loads(json.dumps(report))
    assert report['errors'] == []
    assert report['peak_gflops'] == {'float32': 100.0}
    assert len(report['engines']) == 2 and report['growth']['batches']
    row = report['engines'][0]
    share = row['gflop'] / (row['ms_median'] * 1e-3) / 100.0
    assert row['peak_share'] == pytest.approx(share, rel=1e-3)
    assert set(report) & set(PARTS) == {'engines', 'growth'}
    assert any('dual_efficientnet_lite0' in line for line in told)


def test_what_fails_is_written_down_and_the_rest_goes_on(small, tmp_path, monkeypatch):
    def fail(*_):
        raise BenchmarkError('no ROS\nhere')

    def crash(*_):
        raise ZeroDivisionError('bug')

    monkeypatch.setattr(module, 'measure_node', fail)
    monkeypatch.setattr(module, 'measure_cameras', crash)
    monkeypatch.setattr(module, 'measure_growth', lambda _: ({'sizes': [], 'batches': []}, []))
    out = tmp_path / 'report.json'
    report = Runner(small, out).run(('node', 'growth', 'cameras'))
    check_report(read_report(out))
    assert report['growth'] == {'sizes': [], 'batches': []}
    assert report['errors'] == [
        {'part': 'node', 'what': 'node', 'error': 'BenchmarkError: no ROS here'},
        {'part': 'cameras', 'what': 'cameras', 'error': 'ZeroDivisionError: bug'},
    ]


def test_an_interrupted_run_leaves_what_it_has(small, tmp_path, monkeypatch):
    def interrupt(*_):
        raise KeyboardInterrupt

    rows = [{**ENGINE, 'precision': 'float32'}]
    monkeypatch.setattr(module, 'measure_engines', lambda *_: (rows, []))
    monkeypatch.setattr(module, 'measure_node', interrupt)
    out = tmp_path / 'report.json'
    with pytest.raises(KeyboardInterrupt):
        Runner(small, out).run()
    report = read_report(out)
    assert len(report['engines']) == 1 and 'node' not in report


def test_no_peer_is_no_failure(small):
    assert Runner(small, None).run(('peer',))['errors'] == []
