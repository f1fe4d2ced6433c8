"""The short form of the soak: all of a node's life once, and how its figures are judged."""

from collections import Counter
import json
import os
from types import SimpleNamespace

import cv2
import footprint
import pytest
import rclpy
from rig import BrokenPromiseError, Rig
import scenario
from script_kit import load_script
import soak
from soak_chart import write_chart


@pytest.fixture(scope='module')
def life(ros, rig_folder):
    """Return the report of a run through every event of the scenario, and what was said."""
    said = []
    return soak.soak(soak.Plan(seconds=1.0, every_s=1.0), rig_folder, said.append)


def test_nothing_in_a_nodes_life_breaks_a_promise(life):
    assert life['kept'], life['promises']
    assert life['events'] == {event.__name__: 1 for event in scenario.EVENTS}
    assert life['wrong'] == {} and life['frames'] == life['checked']['depth/image_rect'] > 50
    assert set(life['checked']) == set(scenario.TOPICS)
    assert life['cycles'] == 3


def test_a_report_has_all_that_is_counted(life, tmp_path):
    first, last = (row for row in life['samples'] if row['settled'])
    assert {*soak.CONSTANT, 'rss_mb', 'pss_mb', 'anonymous_mb'} <= {*first} == {*last}
    assert first['publishers'] > 7 and first['services'] > 5 and first['nodes'] == 1
    assert first['own_segments'] >= 1 and first['rss_mb'] > first['anonymous_mb'] > 10
    counted = sum(sum(row['latency_ms']['counts']) for row in life['samples'])
    assert 0.8 * life['frames'] < counted <= life['frames']
    write_chart(life, tmp_path / 'chart.png')
    assert cv2.imread(str(tmp_path / 'chart.png')).std() > 10


def test_lifecycle_cycles(ros, rig_folder):
    report = soak.soak(soak.Plan(cycles=3), rig_folder, str)
    assert report['kept'], report['promises']
    assert report['cycles'] == 3 and len(report['samples']) >= 4


def test_a_node_that_ends_breaks_the_promise(ros, rig_folder):
    with Rig(rig_folder) as rig:
        rig.process.stop()
        with pytest.raises(BrokenPromiseError, match='the node ended: exit status 0'):
            rig.wait_for_output()


def make_run(rows, broken='', wrong=0):
    """Return what `judge` reads of a run with these settled samples."""
    checker = SimpleNamespace(frames=100, wrong=Counter(depth=wrong) if wrong else Counter())
    record = soak.Record(samples=rows, broken=broken)
    return SimpleNamespace(record=record, rig=SimpleNamespace(checker=checker))


def make_rows(mb_per_10_min=0.0, hours=1.0, **last):
    """Return settled samples of every minute, of which the last has other counts."""
    rows = [
        {
            'settled': True,
            'at_s': minute * 60.0,
            'cycles': minute * 10,
            'rss_mb': 200 + mb_per_10_min * minute / 10 + (30 if minute % 7 == 0 else 0),
            **dict.fromkeys(soak.CONSTANT, 5),
        }
        for minute in range(round(hours * 60) + 1)
    ]
    rows[-1].update(last)
    return rows


def broken(plan, run):
    return [p['promise'] for p in soak.judge(plan, run) if not p['kept']]


def test_kept_promises():
    assert broken(soak.Plan(seconds=3600), make_run(make_rows(0.9))) == []


@pytest.mark.parametrize(
    ('plan', 'run', 'promise'),
    [
        (soak.Plan(seconds=3600), make_run(make_rows(1.1)), 'growth in 10 minutes'),
        (soak.Plan(seconds=3600), make_run(make_rows(threads=6)), 'threads constant'),
        (soak.Plan(seconds=3600), make_run(make_rows(services=4)), 'services constant'),
        (soak.Plan(seconds=3600), make_run(make_rows(), wrong=1), 'wrong outputs'),
        (soak.Plan(seconds=3600), make_run(make_rows(), 'gone'), 'the node does all'),
        (soak.Plan(frames=101), make_run(make_rows()), 'frames checked, 101'),
        (soak.Plan(cycles=600), make_run(make_rows(1.1)), 'growth over 600 cycles'),
    ],
)
def test_broken_promises(plan, run, promise):
    (found,) = broken(plan, run)
    assert found.startswith(promise)


def test_a_slope_over_minutes_is_not_judged():
    assert broken(soak.Plan(seconds=300), make_run(make_rows(50.0, hours=0.1))) == []


def test_the_slope_leaves_steps_and_spikes_out():
    rows = make_rows(0.5)
    assert soak.slope(rows, 'at_s') * 600 == pytest.approx(0.5, abs=0.05)
    assert soak.after_warm_up(rows, 'at_s')[0]['at_s'] == soak.LONGEST_WARM_UP_S


def test_latency_figures():
    figures = soak.latency_figures([0.001, 0.003, 0.003, 99.0])
    assert figures['p50'] == 3.0 and figures['max'] == 99_000.0
    assert figures['counts'][:3] == [1, 2, 0] and figures['counts'][-1] == 1
    assert soak.latency_figures([])['counts'] == [0] * (len(soak.LATENCY_EDGES_MS) - 1)


def test_the_footprint_of_this_process():
    found = footprint.of_process(os.getpid())
    assert found['rss_mb'] > found['anonymous_mb'] > 1 and found['threads'] >= 1


@pytest.mark.parametrize('kept', [True, False])
def test_the_script_tells_what_came_of_it(life, tmp_path, monkeypatch, capsys, kept):
    monkeypatch.setattr(rclpy, 'init', lambda **_: None)
    monkeypatch.setattr(rclpy, 'try_shutdown', lambda: None)
    monkeypatch.setattr(soak, 'compile_network', lambda *_: None)
    promises = [*life['promises'], {'promise': 'luck', 'found': 'none', 'kept': kept}]
    report = {**life, 'kept': kept, 'promises': promises}
    monkeypatch.setattr(soak, 'soak', lambda *_: report)
    out, plot = tmp_path / 'soak.json', tmp_path / 'soak.png'
    arguments = ['--minutes', '1', '--out', str(out), '--plot', str(plot)]
    assert load_script('soak').main(arguments) == (0 if kept else 1)
    assert json.loads(out.read_text())['frames'] == life['frames'] and plot.is_file()
    assert f'{"kept  " if kept else "BROKEN"} luck: none' in capsys.readouterr().out


def test_what_the_script_plans(tmp_path):
    script = load_script('soak')

    def make_plan(*arguments):
        return script.make_plan(script.parse(arguments), tmp_path)

    plan = make_plan('--hours', '1.5', '--cameras', '2')
    assert plan.seconds == 5400 and plan.cameras == ('camera0', 'camera1')
    plan = make_plan('--truth-frames', '200000')
    assert plan.frames == 200_000 and plan.in_flight > 1 and plan.seconds == 0
    plan = make_plan('--minutes', '8', '--everything')
    assert plan.parameters == scenario.EVERYTHING and 'depth/obstacles' in plan.topics
    for way in ('in_turn', 'at_once'):
        plan = make_plan('--minutes', '20', '--two-files', way)
        assert plan.size == (640, 480) and plan.parameters['semantic_model'].endswith('.onnx')
        assert plan.parameters['semantic_at_once'] == (way == 'at_once')
