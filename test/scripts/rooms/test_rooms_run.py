"""The command without Blender: bad input, processes that die, runs that go on."""

import os
from pathlib import Path
import signal
import subprocess
import sys
import threading
import time

import pytest
from rooms_app import assets, environment, main
from rooms_app.dataset import Folder
from rooms_app.failure import RoomsFailure
from rooms_app.options import make_parser
from rooms_app.pool import Pool
from rooms_app.turns import alone
from test_rooms_dataset import add_scene

WORKER = """#!{python}
import json, os, sys
order = json.loads(sys.argv[3])
for seed in order['seeds']:
    if seed in order['deadly'] and os.path.exists(order['flag']):
        os.unlink(order['flag']) if order['once'] else None
        os.kill(os.getpid(), 9)
    print(json.dumps(dict(done=seed, views=2)), flush=True)
"""

INTERRUPTED = """
import os, pathlib, signal, sys, time
from rooms_app import assets, environment, main
from rooms_app.pool import Pool

number, out = int(sys.argv[1]), sys.argv[2]
signal.signal(number, signal.SIG_IGN)
environment.ensure = lambda cache: pathlib.Path(sys.executable)
assets.ensure = lambda cache: pathlib.Path(out)
Pool.run = lambda self: (os.kill(os.getpid(), number), time.sleep(30))
main.heed_signals()
sys.exit(main.main(['--out', out]))
"""


@pytest.fixture
def fake(tmp_path):
    """Return an interpreter that renders nothing, and the order that tells it where to die."""
    python = tmp_path / 'python'
    python.write_text(WORKER.format(python=sys.executable))
    python.chmod(0o755)
    flag = tmp_path / 'flag'
    flag.write_text('')
    return python, {'threads': 1, 'deadly': [], 'flag': str(flag), 'once': True}


def run(python, order, seeds, processes=2):
    """Render the seeds; return the finished ones and the pool."""
    left, done = list(seeds), []

    def take(most):
        batch = left[: min(most, 3)]
        del left[: len(batch)]
        return batch

    pool = Pool(python, order, processes, take, lambda views, seed: done.append((seed, views)))
    pool.run()
    return sorted(done), pool


def test_all_seeds_are_rendered(fake):
    done, pool = run(*fake, range(8))
    assert done == [(seed, 2) for seed in range(8)] and pool.left_out == []


def test_a_killed_renderer_goes_on_with_the_scene_it_was_at(fake):
    python, order = fake
    done, pool = run(python, {**order, 'deadly': [4]}, range(8))
    assert done == [(seed, 2) for seed in range(8)] and pool.left_out == []


def test_a_scene_that_kills_twice_is_left_out(fake, capsys):
    python, order = fake
    done, pool = run(python, {**order, 'deadly': [1], 'once': False}, range(6))
    assert done == [(0, 2), (1, 0), (2, 2), (3, 2), (4, 2), (5, 2)] and pool.left_out == [1]
    assert 'scene 1 is left out: SIGKILL' in capsys.readouterr().err


def test_seeds_that_are_done_are_not_given_again(tmp_path):
    options = make_parser().parse_args(['--out', 'x', '--views', '14', '--views-per-room', '2'])
    progress = main.Progress({0: 2, 2: 2}, options)
    assert progress.seeds(8) == [1, 3, 4, 5, 6]
    assert progress.seeds(8) == []
    progress.report(0, 1)
    assert progress.seeds(8) == [7]


def test_a_run_that_goes_nowhere_ends():
    progress = main.Progress({}, make_parser().parse_args(['--out', 'x']))
    with pytest.raises(RoomsFailure, match='no camera fits in these scenes: use another --kind'):
        for seed in range(10):
            progress.report(0, seed)


def test_finished_views_are_listed_after_a_failure(fake, tmp_path, monkeypatch, capsys):
    python, _ = fake
    add_scene(Folder(tmp_path / 'out'), 0)
    monkeypatch.setattr(environment, 'ensure', lambda cache: python)
    monkeypatch.setattr(assets, 'ensure', lambda cache: tmp_path)

    def fail(self):
        raise RoomsFailure('disk is full')

    monkeypatch.setattr(Pool, 'run', fail)
    assert main.main(['--out', str(tmp_path / 'out')]) == 1
    assert capsys.readouterr().err == 'scripts/rooms: disk is full\n'
    assert len((tmp_path / 'out' / 'all.txt').read_text().split()) == 2


@pytest.mark.parametrize('number', [signal.SIGINT, signal.SIGTERM])
def test_finished_views_are_listed_after_a_signal(tmp_path, number):
    """Also where the shell had the signal ignored, as it does for jobs in the background."""
    add_scene(Folder(tmp_path / 'out'), 0)
    command = [sys.executable, '-c', INTERRUPTED, str(int(number)), str(tmp_path / 'out')]
    environ = {**os.environ, 'PYTHONPATH': os.pathsep.join(sys.path)}
    done = subprocess.run(command, env=environ, capture_output=True, text=True, timeout=60)
    assert done.returncode == 130, done.stderr
    assert 'interrupted; the same command goes on where it was' in done.stderr
    assert len((tmp_path / 'out' / 'all.txt').read_text().split()) == 2


@pytest.mark.parametrize(
    'option, words',
    [
        (['--size', '320'], "'320' is not WIDTHxHEIGHT"),
        (['--views', '0'], "'0' is not a whole number of at least 1"),
        (['--seed', '-1'], "'-1' is not a whole number of at least 0"),
        (['--kind', 'cave'], "invalid choice: 'cave'"),
    ],
)
def test_refuses_bad_values(option, words, capsys):
    with pytest.raises(SystemExit):
        make_parser().parse_args(['--out', 'x', *option])
    assert words in capsys.readouterr().err


def test_a_world_is_held_out_whole(tmp_path, capsys):
    with pytest.raises(SystemExit):
        main.main(['--out', str(tmp_path), '--world', 'house.glb', '--holdout', '7'])
    assert 'render the world that is held out into a folder of its own' in capsys.readouterr().err


def test_goes_on_as_blenders_python_where_this_one_has_no_opencv(tmp_path, monkeypatch):
    given = ['--out', str(tmp_path), '--views', '3']
    calls = []
    monkeypatch.setattr(environment, 'ensure', lambda cache: Path('/blender/python'))
    monkeypatch.setattr(main, 'find_spec', lambda name: None)
    monkeypatch.setattr(main, 'render_scenes', lambda options, python: 3)
    monkeypatch.setattr(main.os, 'execv', lambda path, command: calls.append((path, command)))
    main.main(given)
    script = str(main.SCRIPT)
    assert calls == [('/blender/python', ['/blender/python', script, *given])]
    assert Path(script).is_file()


def test_without_python_3_11_the_remedy_is_named(tmp_path, monkeypatch):
    monkeypatch.delenv(environment.VARIABLE, raising=False)
    monkeypatch.setattr(environment.shutil, 'which', lambda name: None)
    monkeypatch.setattr(environment.sys, 'version_info', (3, 14, 0))
    with pytest.raises(RoomsFailure, match='needs Python 3.11, .*install python3.11'):
        environment.ensure(tmp_path)


def test_a_named_python_without_blender_is_named(tmp_path, monkeypatch):
    monkeypatch.setenv(environment.VARIABLE, str(tmp_path / 'none'))
    with pytest.raises(RoomsFailure, match=f'{environment.VARIABLE}={tmp_path}/none: '):
        environment.ensure(tmp_path)


def test_missing_libraries_are_named(tmp_path, monkeypatch):
    monkeypatch.setenv(environment.VARIABLE, sys.executable)
    words = 'ImportError: libXi.so.6: cannot open shared object file'
    monkeypatch.setattr(environment, '_works', lambda python: (False, words))
    with pytest.raises(RoomsFailure, match='libXi.so.6.*sudo apt install libxi6'):
        environment.ensure(tmp_path)


def test_a_package_that_cannot_be_had_is_named(tmp_path, monkeypatch):
    def refuse(command, **_):
        return subprocess.CompletedProcess(command, 100, '', 'E: Unable to locate package x\n')

    monkeypatch.setattr(assets.subprocess, 'run', refuse)
    with pytest.raises(RoomsFailure, match='apt-get download: E: Unable to locate package x; apt'):
        assets.ensure(tmp_path / 'cache')


def test_runs_that_begin_together_fill_the_cache_one_after_the_other(tmp_path, capsys):
    entered, cache = threading.Event(), tmp_path / 'cache'

    def second():
        with alone(cache):
            entered.set()

    with alone(cache):
        thread = threading.Thread(target=second)
        thread.start()
        said, deadline = '', time.monotonic() + 30
        while 'waits' not in said and time.monotonic() < deadline:
            said += capsys.readouterr().out
            time.sleep(0.01)
        assert said == f'another run fills {cache}; this one waits\n' and not entered.is_set()
    thread.join(30)
    assert entered.is_set()


def test_a_cache_that_cannot_be_made_is_named(tmp_path):
    (tmp_path / 'file').write_text('')
    with pytest.raises(RoomsFailure, match='file/cache: Not a directory; choose another --cache'):
        with alone(tmp_path / 'file' / 'cache'):
            pass


def test_a_world_that_is_none_is_named(tmp_path):
    with pytest.raises(RoomsFailure, match='neither a folder nor a .glb or .gltf file'):
        main.world_file(Path(sys.executable), str(tmp_path / 'nothing'), tmp_path)
    file = tmp_path / 'My House.glb'
    file.write_bytes(b'')
    assert main.world_file(Path(sys.executable), str(file), tmp_path) == (file, 'my_house')
