"""Tasks on Ray: the same results as here, and none lost when workers die."""

from functools import partial
import os
from pathlib import Path
import signal
import sys

from bag_kit import make_predictor, room_images, write_room_bag, write_video
from monodepth_ros.errors import ConfigError
from monodepth_ros.fleet.dataset import DatasetMaker, DatasetWorker
from monodepth_ros.fleet.options import Options
from monodepth_ros.fleet.ray_pool import RayPool, tasks
from monodepth_ros.fleet.ray_tasks import LOCAL, run_ray
from monodepth_ros.fleet.store import Folder
from monodepth_ros.fleet.tasks import run_here
from monodepth_ros.offline.jobs import Held, Intrinsics
from monodepth_ros.offline.runner import Plan, Pool, run
from monodepth_ros.offline.sinks import Products
from monodepth_ros.offline.sources import open_sources
import pytest
from recording_kit import Robot

pytest.importorskip('ray')


@pytest.fixture(autouse=True)
def same_modules(monkeypatch):
    """Let Ray's processes find what the tests find."""
    monkeypatch.setenv('PYTHONPATH', os.pathsep.join(sys.path))


class Mortal:
    """Squares numbers; is killed once by each number in a list of its own."""

    def __init__(self, folder, deadly):
        self._folder, self._deadly = folder, deadly

    def run(self, number):
        mark = Path(self._folder, str(number))
        if number in self._deadly and not mark.exists():
            mark.write_text('')
            os.kill(os.getpid(), signal.SIGKILL)
        return number**2


class Priority:
    """Tells the niceness of its process."""

    def run(self, number):
        return os.nice(0)


def broken():
    raise ConfigError('weights here.safetensors do not exist')


def contents(folder):
    return {str(p.relative_to(folder)): p.read_bytes() for p in folder.rglob('*') if p.is_file()}


def test_in_order_and_none_lost_when_workers_are_killed(tmp_path):
    make = partial(Mortal, str(tmp_path), (3, 7, 8))
    done = list(run_ray(make, range(12), LOCAL, 2))
    assert done == [(n, n * n) for n in range(12)]
    assert sorted(p.name for p in tmp_path.iterdir()) == ['3', '7', '8']


def test_workers_have_the_priority_of_their_driver():
    assert list(run_ray(Priority, [0], LOCAL, 1)) == [(0, os.nice(0))]


def test_a_worker_that_cannot_begin_says_why():
    with pytest.raises(ConfigError, match='here.safetensors do not exist'):
        list(run_ray(broken, range(3), LOCAL, 1))


@pytest.mark.parametrize('address', ['localhost:1', 'ray://localhost:1', 'nobody', 'x:70000000'])
def test_an_address_that_does_not_answer(address):
    with pytest.raises(ConfigError, match=f'--ray {address}: .* ray start --head'):
        list(run_ray(broken, range(3), address, 1))


def test_a_data_set_is_the_same(tmp_path, monkeypatch):
    monkeypatch.setattr('monodepth_ros.fleet.parts.FRAMES', 3)
    Robot(count=8).write(tmp_path / 'drive')
    options = Options(max_blur=1.0)
    for name, way in (('here', run_here), ('ray', partial(run_ray, address=LOCAL, workers=2))):
        maker = DatasetMaker(Folder(tmp_path / name), options)
        worker = DatasetWorker(maker.store, options)
        list(way(worker, maker.parts([(tmp_path / 'drive', 'drive')])))
        maker.finish()
    assert contents(tmp_path / 'here') == contents(tmp_path / 'ray')


@pytest.mark.parametrize('kinds', [('depth', 'label', 'panel'), ('video', 'depth')])
def test_predictions_are_the_same(tmp_path, kinds):
    write_room_bag(tmp_path / 'room', 5, (64, 48))
    write_room_bag(tmp_path / 'hall', 21, (64, 48), 'sqlite3')
    write_video(tmp_path / 'walk.avi', room_images(9, (64, 48)), codec='MJPG')
    paths = [str(tmp_path / name) for name in ('room', 'hall', 'walk.avi')]
    for name, pool in (('here', Pool(make_predictor)), ('ray', RayPool(make_predictor, LOCAL, 2))):
        (tmp_path / name).mkdir()
        sources = open_sources(paths, Intrinsics())
        with pool:
            results = list(run(sources, pool, Plan(Products(tmp_path / name, kinds))))
        names = [result.job.name for _, result in results]
        counts = (('room', 5), ('hall', 21), ('walk', 9))
        assert names == [f'{part}_{n:06}' for part, count in counts for n in range(count)]
    assert contents(tmp_path / 'here') == contents(tmp_path / 'ray')


@pytest.mark.parametrize(
    ('kinds', 'count', 'lengths'),
    [(('depth',), 100, [8] * 12 + [4]), (('bag',), 100, [2] * 50), (('depth',), 6, [1] * 6)],
)
def test_tasks_are_of_few_frames(tmp_path, kinds, count, lengths):
    """Of so few that all workers have some, and that what comes back fits into the memory."""
    write_room_bag(tmp_path / 'room', count, (32, 24))
    (source,) = open_sources([str(tmp_path / 'room')], Intrinsics())
    found = list(tasks([(source, Products(tmp_path, kinds))], 2))
    assert [task.source for task in found] == [source] * len(lengths)
    assert [len(list(task.stretch.jobs(Held()))) for task in found] == lengths
