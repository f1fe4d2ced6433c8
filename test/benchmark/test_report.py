"""A report that is not as it must be is refused, and the place is named."""

import json

from monodepth_ros.benchmark.report import check_report, read_report
from monodepth_ros.errors import BenchmarkError
import pytest
from report_kit import REPORT


def test_a_whole_report_is_taken():
    check_report(REPORT)


def test_parts_may_be_missing():
    check_report({k: v for k, v in REPORT.items() if k not in ('node', 'engines', 'peer')})


@pytest.mark.parametrize(
    ('keys', 'value', 'words'),
    [
        (('machine', 'cores'), '2', "report.machine.cores is '2', expected int"),
        (('machine', 'cores'), True, 'report.machine.cores is True, expected int'),
        (('engines', 0, 'ms_median'), None, r'engines\[0\].ms_median is None, expected int or'),
        (('engines', 0, 'gflop'), 'x', r'engines\[0\].gflop .* int or float or null'),
        (('node', 'plain', 'at_hz', '10', 'drops'), 0.5, 'node.plain.at_hz.10.drops is 0.5'),
        (('peak_gflops', 'float32'), [], 'peak_gflops.float32 is'),
        (('floor_ms',), None, 'floor_ms is None'),
        (('cameras',), {}, 'cameras is {}, expected list'),
    ],
)
def test_wrong_values_are_named(keys, value, words):
    report = json.loads(json.dumps(REPORT))
    place = report
    for key in keys[:-1]:
        place = place[key]
    place[keys[-1]] = value
    with pytest.raises(BenchmarkError, match=words):
        check_report(report)


def test_missing_values_are_named():
    report = json.loads(json.dumps(REPORT))
    del report['node']['ours']['max_rate_hz']
    with pytest.raises(BenchmarkError, match="node.ours lacks 'max_rate_hz'"):
        check_report(report)


def test_reading(tmp_path):
    path = tmp_path / 'report.json'
    with pytest.raises(BenchmarkError, match='cannot read .*report.json'):
        read_report(path)
    path.write_text('{')
    with pytest.raises(BenchmarkError, match='cannot read .*report.json'):
        read_report(path)
    path.write_text('[]')
    with pytest.raises(BenchmarkError, match=r'report is \[\], expected dict'):
        read_report(path)
    path.write_text(json.dumps(REPORT))
    assert read_report(path) == REPORT
