"""The benchmark's node parts, as their processes, with a tiny model and short trials."""

from dataclasses import replace
from pathlib import Path

from monodepth_ros.benchmark.budget import copy_ms, measure_budget, stage_bytes
from monodepth_ros.benchmark.cameras import measure_cameras
from monodepth_ros.benchmark.load import Load, our_node
from monodepth_ros.benchmark.node import measure_node
from monodepth_ros.benchmark.report import check_part
from monodepth_ros.errors import BenchmarkError
import pytest

pytest.importorskip('rclpy')
pytest.importorskip('torch')

SIZE = (96, 72)


def left_over(scratch):
    """Return the processes that still run for a benchmark."""
    found = []
    for path in Path('/proc').glob('[0-9]*/environ'):
        try:
            environ, command = path.read_bytes(), path.with_name('cmdline').read_bytes()
        except OSError:
            continue
        if f'ROS_LOG_DIR={scratch}'.encode() in environ:
            found.append(command)
    return found


def test_both_nodes_are_measured(settings, monkeypatch):
    monkeypatch.setattr('monodepth_ros.benchmark.node.LEAST_FRAMES', 3)
    monkeypatch.setattr('monodepth_ros.benchmark.node.highest_rate', lambda *_: 12.0)
    node = measure_node(settings, SIZE, rates=(5,), window_s=3.0, pipelined=False)
    check_part(node, 'node')
    assert left_over(settings.scratch) == []
    assert node['size'] == list(SIZE) and node['topics'] == 'all'
    for name in ('ours', 'plain'):
        figures, at_rate = node[name], node[name]['at_hz']['5']
        assert figures['host_ms_median'] > 0 and figures['stages_ms']['engine'] > 0
        assert at_rate['sent'] == 20
        lost = [at_rate[key] for key in ('lost_in_middleware', 'superseded', 'lost_at_listener')]
        assert at_rate['drops'] == sum(lost) < 20
        assert 0 < at_rate['latency_ms_p50'] <= at_rate['latency_ms_p95']
        assert at_rate['cpu_percent'] > 0 and at_rate['rss_mb'] > 50
    assert node['ours']['engine']


@pytest.mark.parametrize(
    ('change', 'words'),
    [
        ({'module': 'ros.no_such_node'}, 'ros.no_such_node ended with exit status 1'),
        ({'arguments': ('--ros-args', '-p', 'device:=gpu')}, 'configure failed: .*cuda:N'),
    ],
)
def test_a_node_that_does_not_start_is_noticed(settings, change, words):
    node = replace(our_node('ours', settings), **change)
    with pytest.raises(BenchmarkError, match=words):
        Load(settings, [node], SIZE, ['ours'])
    assert left_over(settings.scratch) == []


def test_two_cameras_at_one_node(settings, monkeypatch):
    monkeypatch.setattr('monodepth_ros.benchmark.cameras.FULL_SIZE', SIZE)
    rows, errors = measure_cameras(settings, counts=(2,), window_s=1.0)
    assert errors == []
    check_part(rows, 'cameras')
    assert [(row['cameras'], row['nodes']) for row in rows] == [(2, 1), (2, 2)]
    one, two = rows
    assert two['ratio_to_a_node_each'] == 1.0
    ratio = one['frames_per_cpu_second'] / two['frames_per_cpu_second']
    assert one['ratio_to_a_node_each'] == pytest.approx(ratio, rel=1e-3)
    assert left_over(settings.scratch) == []


def test_budget_and_its_floor(settings, monkeypatch):
    monkeypatch.setattr('monodepth_ros.benchmark.budget.ROUND_TRIPS', 5)
    monkeypatch.setattr('monodepth_ros.benchmark.budget.COPIES', 3)
    budget = measure_budget(settings, {'engine': 15.0, 'publish': 2.0})
    check_part(budget, 'budget')
    parts = [*budget['copy_ms'].values(), budget['round_trip_ms']]
    assert budget['floor_ms'] == pytest.approx(sum(parts), rel=1e-2)
    assert budget['publish_floor_ms'] > 0
    assert left_over(settings.scratch) == []


def test_bytes_of_the_stages(settings):
    # In, 3 bytes a pixel; the network's 64 x 64; out, 4 + 16 + 1 + 1 + 3 + 3 bytes a pixel.
    assert stage_bytes(settings, 640, 480) == {
        'convert': 640 * 480 * 3,
        'prepare': 64 * 64 * 3,
        'output': 640 * 480 * 28,
    }
    assert copy_ms(1_000_000) > 0
