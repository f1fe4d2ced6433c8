"""What scripts/fleet_check makes, kills, compares and counts; whole where Ray is installed."""

import json
import os
import subprocess
import sys
import time

import fleet_kills
import fleet_runs
import fleet_speed
import pytest
from script_kit import load_script
from tiny_model import write_tiny_model

HERE = ('--workers', '1')


@pytest.fixture
def script(monkeypatch):
    for name in ('ROS_DOMAIN_ID', 'ROS_AUTOMATIC_DISCOVERY_RANGE'):
        monkeypatch.setenv(name, '1')  # so that what the script sets is undone
    return load_script('fleet_check')


class AtOnce:
    """Chance that kills a driver as soon as it has written something."""

    def random(self):
        return 0.0

    def uniform(self, low, high):
        return low


def test_no_two_frames_are_alike():
    seen = {fleet_runs.picture(bag, f, (16, 12)).tobytes() for bag in range(3) for f in range(200)}
    assert len(seen) == 600


def test_what_is_not_the_same_is_named(tmp_path):
    for name, files in (('one', 'abc'), ('other', 'bcd')):
        (tmp_path / name / 'deep').mkdir(parents=True)
        for file in files:
            (tmp_path / name / 'deep' / file).write_text('same')
    assert fleet_runs.differences(tmp_path / 'one', tmp_path / 'one') == []
    (tmp_path / 'other' / 'deep' / 'c').write_text('sane')
    found = fleet_runs.differences(tmp_path / 'one', tmp_path / 'other')
    assert found == ['deep/c', 'deep/a is missing', 'deep/d is new']


def test_a_process_and_what_is_below_it():
    code = 'import subprocess, sys; subprocess.run([sys.executable, "-c", "input()", "below"])'
    with subprocess.Popen([sys.executable, '-c', code], stdin=subprocess.PIPE) as process:
        found = {}
        while not any(p.title.endswith(' below') for p in found.values()):
            time.sleep(0.05)
            found = fleet_runs.tree(process.pid)
        process.communicate(b'\n')
    assert list(found)[0] == process.pid and os.getpid() not in found
    assert found[process.pid].cpu_s > 0 and len(found) == 2
    assert fleet_runs.tree(process.pid) == {}


@pytest.mark.parametrize(
    'change, broken',
    [
        ({}, 0),
        ({'different': ['a.png']}, 1),
        ({'lost': 1}, 1),
        ({'twice': 1}, 1),
        ({'frames': 11}, 1),
    ],
)
def test_what_breaks_the_promise(change, broken):
    kills = fleet_kills.Kills(None, [], (), ())
    run = {'way': 'files', 'killed': 'worker', 'kills': 1, 'frames': 12, 'lost': 0, 'twice': 0}
    kills.runs = [{**run, 'different': [], **change}]
    kills.kills = [{'killed': 'worker'}, {'killed': 'driver'}]
    found = fleet_kills.summarise(kills, 12)
    assert len(found['broken']) == broken
    assert (found['worker_kills'], found['driver_kills']) == (1, 1)


def test_processes_that_outlive_their_driver_break_it_too(monkeypatch):
    monkeypatch.setattr(fleet_kills, 'ENDED_S', 0.0)
    kills = fleet_kills.Kills(None, [], (), ())
    title = fleet_runs.tree(os.getpid())[os.getpid()].title
    kills._orphans = {os.getpid(): title, os.getppid(): 'of another time'}
    assert fleet_kills.summarise(kills, 0)['broken'] == [f'outlived its driver: {title}']


def test_a_driver_that_is_killed_goes_on(tmp_path):
    bags = fleet_runs.write_bags(tmp_path, 2, 6, (64, 48))
    model = str(write_tiny_model(tmp_path / 'tiny.safetensors'))
    kills = fleet_kills.Kills(tmp_path, bags, ('--workers', '2'), ('--model', model))
    kills._chance = AtOnce()
    kills.run_unbroken('bags')
    assert kills.kill('bags', 'driver', 1) == 1
    figures = fleet_kills.summarise(kills, 12)
    assert figures['broken'] == []
    assert [run['kills'] for run in figures['runs']] == [0, 1]
    assert figures['each'][0]['files'] > 0


def test_speed_is_of_frames_that_were_made(tmp_path):
    bags = fleet_runs.write_bags(tmp_path, 1, 12, (64, 48))
    model = str(write_tiny_model(tmp_path / 'tiny.safetensors'))
    ways = {'here': (*HERE, '--model', model)}
    found = fleet_speed.compare(bags, tmp_path, ways, 1, lambda text: None)['here']
    assert found['start_s'] > 0 and found['per_second'] > 0
    assert found['cpu_ms']['driver'] >= 0 and found['cpu_ms']['workers'] == 0
    assert len(found['each']) == 1  # the first run does not count


class Ended:
    """A process that ends after three looks."""

    pid, looks = 1, 3

    def poll(self):
        self.looks -= 1
        return None if self.looks >= 0 else 0


def test_processor_time_is_shared_among_roles(monkeypatch):
    titles = iter(['default_worker.py', 'ray::_Worker.run', 'ray::IDLE'])
    seconds, times = iter([2.0, 6.0, 7.0]), iter([10.0, 20.0, 30.0])

    def tree(pid):
        worker = fleet_runs.Process(next(titles), next(seconds))
        return {1: fleet_runs.Process('python', 1.0), 2: worker}

    monkeypatch.setattr(fleet_speed, 'tree', tree)
    monkeypatch.setattr(fleet_speed.time, 'sleep', lambda seconds: None)
    monkeypatch.setattr(fleet_speed.time, 'time', lambda: next(times))
    used = fleet_speed.Used(Ended())
    assert used.between(10.0, 15.0) == {'driver': 0.0, 'workers': 2.0, 'ray': 0.0}
    assert used.between(20.0, 30.0) == {'driver': 0.0, 'workers': 1.0, 'ray': 0.0}


def test_tables(script):
    run = {'way': 'files', 'killed': 'worker', 'kills': 4, 'frames': 12, 'lost': 0, 'twice': 0}
    table = script.kill_table({'runs': [{**run, 'files': 24, 'different': ['a']}]})
    assert table.splitlines()[-1] == '| files | worker | 4 | 12 | 0 | 0 | 24 | 1 |'
    cpu = {'driver': 1.0, 'workers': 9.0, 'ray': 0.5}
    row = {'start_s': 3.0, 'per_second': 90.0, 'cpu_ms': cpu, 'each': [{'per_second': 90.0}]}
    table = script.speed_table({'by_way': {'x': row}, 'ratio': 0.95, 'overhead_cpu_ms': 1.25})
    assert '| x | 3.0 s | 90.0 (90.0 to 90.0) | 1.0 ms | 9.0 ms | 0.5 ms |' in table
    assert '0.95; Ray costs 1.2 ms' in table


def test_on_ray(script, tmp_path, capsys):
    pytest.importorskip('ray')
    out = tmp_path / 'figures.json'
    arguments = ['--bags', '2', '--frames', '8', '--size', '64', '48', '--kills', '1']
    assert script.main([*arguments, '--rounds', '0', '--out', str(out)]) == 0
    found = json.loads(out.read_text())
    assert (found['worker_kills'], found['driver_kills'], found['processes_left']) == (1, 1, 0)
    assert all(run['frames'] == 16 for run in found['runs'])
    assert '| files | nobody | 0 | 16 | 0 | 0 | 32 | 0 |' in capsys.readouterr().out
