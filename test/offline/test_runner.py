"""Results in order, from one process or several; what is resumed; what ends a run."""

from functools import partial
import os

from bag_kit import make_predictor, room_images, write_video
import cv2
from monodepth_ros.errors import ConfigError, EngineError
from monodepth_ros.frames import Frame
from monodepth_ros.offline.jobs import failing_job, Intrinsics, Job, Source
from monodepth_ros.offline.runner import check, Plan, Pool, run
from monodepth_ros.offline.sinks import Products
from monodepth_ros.offline.sources import open_sources
import numpy as np
import pytest


def load(value):
    return Frame(np.full((48, 64, 3), value, np.uint8)), ''


def die():
    os._exit(3)


def stop():
    raise KeyboardInterrupt


def no_predictor():
    raise EngineError("device 'cuda' is not there")


class Given(Source):
    """Jobs that a test has made."""

    name, fps, calibrated, default_kinds = 'given', 10.0, False, ('label',)

    def __init__(self, jobs, name='given'):
        self._jobs = jobs
        self.name = name

    def __len__(self):
        return len(self._jobs)

    def jobs(self):
        return iter(self._jobs)


def jobs(count):
    return [Job(f'{index:03}', str(index), partial(load, index)) for index in range(count)]


@pytest.fixture
def images(tmp_path):
    (tmp_path / 'in').mkdir()
    for index, image in enumerate(room_images(4, (64, 48))):
        cv2.imwrite(str(tmp_path / 'in' / f'{index}.png'), image)
    return tmp_path / 'in'


def opened(path):
    return open_sources([str(path)], Intrinsics())[0]


def results_of(pool, jobs, products):
    return [result for _, result in pool.results([(Given(jobs), products)])]


def test_workers_give_results_in_order(tmp_path):
    mixed = jobs(9)
    mixed[4] = failing_job('4', 'is bad')
    with Pool(make_predictor, 2) as pool:
        results = results_of(pool, mixed, Products(tmp_path, ('label',)))
    assert [result.job.label for result in results] == [str(index) for index in range(9)]
    assert [result.error for result in results] == [''] * 4 + ['is bad'] + [''] * 4
    for index in (0, 3, 8):
        label = cv2.imread(str(tmp_path / f'{index:03}_label.png'), cv2.IMREAD_UNCHANGED)
        assert (label == index % 4).all()


def test_jobs_are_taken_as_they_are_needed(tmp_path):
    taken = []

    class Watched(Given):
        """Tells which of its jobs were taken."""

        def jobs(self):
            for job in jobs(40):
                taken.append(job)
                yield job

    with Pool(make_predictor, 2) as pool:
        results = pool.results([(Watched(()), Products(tmp_path, ()))])
        next(results)
        assert len(taken) <= 4
        results.close()


def test_worker_that_dies(tmp_path):
    with Pool(make_predictor, 2) as pool, pytest.raises(EngineError, match='fewer --workers'):
        results_of(pool, [Job('x', 'x', die)] + jobs(3), Products(tmp_path, ()))


def test_engine_that_cannot_start(tmp_path):
    with pytest.raises(EngineError, match="'cuda' is not there"):
        Pool(no_predictor)
    with Pool(no_predictor, 2) as pool, pytest.raises(EngineError, match="'cuda' is not there"):
        results_of(pool, jobs(3), Products(tmp_path, ()))


def test_full_disk_in_a_worker(tmp_path):
    with Pool(make_predictor, 2) as pool, pytest.raises(ConfigError, match='cannot write'):
        results_of(pool, jobs(3), Products(tmp_path / 'gone', ('label',)))


def predicted(images, out, kinds=(), **plan):
    """Run once; return the results and how often the engine was asked."""
    made = []

    def make():
        made.append(make_predictor())
        return made[0]

    out.mkdir(exist_ok=True)
    with Pool(make) as pool:
        found = run([opened(images)], pool, Plan(Products(out, kinds), **plan))
        results = [result for _, result in found]
    return results, made[0].engine.calls


def test_resume_skips_what_is_complete(images, tmp_path):
    out = tmp_path / 'out'
    assert predicted(images, out)[1] == 4
    (out / '2_depth.png').unlink()
    (out / '3_panel.png').rename(out / '.3_panel.png.partial')
    before = (out / '0_panel.png').stat().st_mtime_ns
    results, calls = predicted(images, out, resume=True)
    assert calls == 2
    assert [result.skipped for result in results] == [True, True, False, False]
    assert (out / '2_depth.png').exists() and (out / '3_panel.png').exists()
    assert (out / '0_panel.png').stat().st_mtime_ns == before
    assert predicted(images, out)[1] == 4


def test_interrupted_run_goes_on(images, tmp_path):
    out = tmp_path / 'out'
    out.mkdir()
    with Pool(make_predictor) as pool:
        results = run([opened(images)], pool, Plan(Products(out, ())))
        next(results)
        results.close()
    assert predicted(images, out, resume=True)[1] == 3


def test_finished_video_is_not_made_again(images, tmp_path):
    out = tmp_path / 'out'
    kinds = ('video', 'label')
    assert predicted(images, out, kinds, fps=5.0)[1] == 4
    video = out / 'images_monodepth.mp4'
    capture = cv2.VideoCapture(str(video))
    assert capture.get(cv2.CAP_PROP_FPS) == pytest.approx(5.0)
    assert capture.get(cv2.CAP_PROP_FRAME_COUNT) == 4
    before = video.stat().st_mtime_ns
    assert predicted(images, out, kinds, resume=True)[1] == 0
    (out / '1_label.png').unlink()
    assert predicted(images, out, kinds, resume=True)[1] == 1
    assert video.stat().st_mtime_ns == before
    # Without its video, all frames are needed again.
    video.unlink()
    assert predicted(images, out, kinds, resume=True)[1] == 4


def test_what_is_finished_is_not_replaced(images, tmp_path):
    source, products = opened(images), Products(tmp_path, ('video',))
    (tmp_path / 'images_monodepth.mp4').write_text('')
    with pytest.raises(ConfigError, match='images_monodepth.mp4 exists; keep it with --resume'):
        check([source], Plan(products))
    plan = Plan(products, resume=True)
    check([source], plan)
    assert plan.missing(source) == ()


def test_bag_needs_stamps(images, tmp_path):
    with pytest.raises(ConfigError, match='cannot write a bag of images: only bags have'):
        check([opened(images)], Plan(Products(tmp_path, ('bag',))))


def test_video_keeps_its_rate(tmp_path):
    write_video(tmp_path / 'walk.avi', room_images(4, (64, 48)), fps=12.5, codec='MJPG')
    results, _ = predicted(tmp_path / 'walk.avi', tmp_path / 'out')
    assert len(results) == 4
    capture = cv2.VideoCapture(str(tmp_path / 'out' / 'walk_monodepth.mp4'))
    assert capture.get(cv2.CAP_PROP_FPS) == pytest.approx(12.5)
    assert capture.get(cv2.CAP_PROP_FRAME_COUNT) == 4


def test_sources_follow_each_other_without_a_gap(tmp_path):
    """While the last frames of one are predicted, the next has begun; results stay in order."""
    sources = [Given(jobs(1), f'{name}') for name in 'abc']
    kinds = ('label', 'video')
    for index, source in enumerate(sources):
        source._jobs = [Job(f'{source.name}{n}', '', partial(load, index)) for n in range(3)]
    with Pool(make_predictor, 2) as pool:
        found = run(sources, pool, Plan(Products(tmp_path, kinds)))
        names = [(source.name, result.job.name) for source, result in found]
    assert names == [(s, f'{s}{n}') for s in 'abc' for n in range(3)]
    for source in sources:
        capture = cv2.VideoCapture(str(tmp_path / f'{source.name}_monodepth.mp4'))
        assert capture.get(cv2.CAP_PROP_FRAME_COUNT) == 3
    assert len(list(tmp_path.glob('*_label.png'))) == 9


def test_what_is_whole_stays_when_a_later_source_ends_the_run(tmp_path):
    sources = [Given(jobs(2), 'a'), Given([*jobs(1), Job('x', 'x', stop)], 'b')]
    with Pool(make_predictor) as pool, pytest.raises(KeyboardInterrupt):
        list(run(sources, pool, Plan(Products(tmp_path, ('video',)))))
    assert [path.name for path in tmp_path.iterdir()] == ['a_monodepth.mp4']
