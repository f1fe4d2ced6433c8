"""Data sets of recordings whose truth is known."""

from dataclasses import replace
import json
import re

from bag_kit import BagKit, stamp
import cv2
from monodepth_ros.errors import ConfigError
from monodepth_ros.fleet import dataset
from monodepth_ros.fleet.options import Options
from monodepth_ros.fleet.plan import make_plan
from monodepth_ros.fleet.store import Folder
from monodepth_ros.fleet.tasks import run_here, run_processes
from monodepth_ros.offline.jobs import Intrinsics
from monodepth_ros.training.datasets import open_dataset
import numpy as np
import pytest
from recording_kit import COLOUR, DEPTH, LIDAR, Robot, SCAN, view

OPTIONS = Options(max_blur=1.0)


def make(out, paths, options=OPTIONS, run=run_here, **more):
    maker = dataset.DatasetMaker(Folder(out), options)
    recordings = [(path, path.name) for path in paths]
    worker = dataset.DatasetWorker(maker.store, options)
    done = list(run(worker, maker.parts(recordings), **more))
    return maker.finish(), done


def recorded(tmp_path, **changes):
    """Return the robot and its bag."""
    robot = Robot(**changes)
    robot.write(tmp_path / 'drive')
    return robot, tmp_path / 'drive'


def samples(out, split='all'):
    return list(open_dataset('folder', out, split))


def contents(folder):
    return {str(p.relative_to(folder)): p.read_bytes() for p in folder.rglob('*') if p.is_file()}


def test_images_and_depth_of_one_camera(tmp_path):
    robot, bag = recorded(tmp_path)
    summary, _ = make(tmp_path / 'out', [bag])
    found = samples(tmp_path / 'out')
    assert [s.name for s in found] == [f'drive_{n:06}' for n in range(6)]
    for number, sample in enumerate(found):
        image, depth = view(robot.camera(number))
        np.testing.assert_allclose(sample.depth, depth, atol=5.1e-4)
        grey, true_grey = (x.mean(axis=2) for x in (sample.image, image))
        assert np.abs(grey - true_grey).mean() < 4  # JPEG, which halves the colours' resolution
        assert (sample.camera.rectified.fx, sample.camera_height) == (70.0, 0.4)
    assert summary.lines() == [] or 'neither' in summary.lines()[0]


def test_another_depth_camera(tmp_path):
    robot, bag = recorded(tmp_path, offset=0.05, depth_size=(80, 60), depth_focal=55.0)
    make(tmp_path / 'out', [bag])
    for number, sample in enumerate(samples(tmp_path / 'out')):
        _, depth = view(robot.camera(number))
        known = sample.depth > 0
        error = np.abs(sample.depth / depth - 1)[known]
        assert known.mean() > 0.7 and np.median(error) < 0.005 and (error < 0.05).mean() > 0.95


@pytest.mark.parametrize('topic, fewest', [(LIDAR, 300), (SCAN, 60)])
def test_points_of_a_lidar_that_measures_later(tmp_path, topic, fewest):
    """The robot moves by eight centimetres between image and measurement."""
    robot, bag = recorded(tmp_path, truths=(topic,), late=0.04)
    make(tmp_path / 'out', [bag], replace(OPTIONS, tolerance=0.05))
    found = samples(tmp_path / 'out')
    assert len(found) >= 5
    for sample in found:
        _, depth = view(robot.camera(int(sample.name[-6:])))
        known = sample.depth > 0
        assert fewest <= known.sum() < 0.3 * known.size
        # A point is anywhere in its pixel, and beside an edge on either side of it.
        error = np.abs(sample.depth / depth - 1)[known]
        assert np.median(error) < 0.02 and (error < 0.1).mean() > 0.85


def test_a_distorted_camera_is_straightened(tmp_path):
    """All radii are stretched, so that straight means another scale at the border."""
    path = tmp_path / 'bent'
    image, depth = view(Robot().camera(0))
    with BagKit(path) as bag:
        header = bag.header(stamp(0), 'eye')
        info = '/camera/color/camera_info'
        k = np.array([70.0, 0, 47.5, 0, 70.0, 31.5, 0, 0, 1])
        p = np.insert(k.reshape(3, 3), 3, 0, axis=1).ravel()
        d = np.array([-0.2, 0, 0, 0, 0])
        bag.info(stamp(0), (96, 64), info, k=k, p=p, d=d, header=header)
        bag.image(image, stamp(0), COLOUR, header=header)
        millimetres = np.rint(depth * 1000).astype(np.uint16)
        bag.image(millimetres, stamp(0), DEPTH, '16UC1', header=header)
    make(tmp_path / 'out', [path], replace(OPTIONS, registered=True, test_share=0.0))
    (sample,) = samples(tmp_path / 'out')
    assert not sample.camera.is_distorted
    # Of the rectified pixel at x the raw one is at f (x / f) (1 - .2 r^2).
    x, y = (80 - 47.5) / 70, (10 - 31.5) / 70
    shrink = 1 - 0.2 * (x * x + y * y)
    column, row = round(47.5 + 70 * x * shrink), round(31.5 + 70 * y * shrink)
    assert sample.depth[10, 80] == pytest.approx(depth[row, column], abs=5.1e-4)


def test_thinned_by_motion_and_by_number(tmp_path):
    _, bag = recorded(tmp_path, count=12, speed=0.04)
    summary, _ = make(tmp_path / 'out', [bag])
    assert [int(r['id'][-6:]) for r in summary.rows] == [0, 3, 6, 9]
    assert '8 left out: moved by less than 0.1 m and 5 degrees (first: drive_000001)' in (
        summary.lines()
    )
    summary, _ = make(tmp_path / 'two', [bag], replace(OPTIONS, every=5, min_move=0.0))
    assert [int(r['id'][-6:]) for r in summary.rows] == [0, 5, 10]


def test_blurred_and_dark_images_are_left_out(tmp_path):
    spoil = {1: lambda x: cv2.blur(x, (9, 9)), 3: lambda x: x // 30}
    _, bag = recorded(tmp_path, spoil=spoil, count=4)
    # The picture is small, and in it what is sharp is very sharp.
    summary, _ = make(tmp_path / 'out', [bag], Options(max_blur=0.3))
    assert 'drive_000001' not in [r['id'] for r in summary.rows]
    lines = '\n'.join(summary.lines())
    assert 'blurred; --max-blur 0.3' in lines and 'dark; --min-light 20' in lines


def test_no_tf_means_no_pose(tmp_path):
    _, bag = recorded(tmp_path, with_tf=False, count=3)
    summary, _ = make(tmp_path / 'out', [bag])
    assert len(summary.rows) == 3 and summary.rows[0]['pose'] is None
    assert any('no pose of the camera' in line for line in summary.lines())
    assert samples(tmp_path / 'out')[0].camera_height is None


def test_a_gap_in_tf_is_named(tmp_path):
    class Gap(Robot):
        """Its odometry stops for a second."""

        def _write_base(self, bag, number):
            if not 5 <= number < 15:
                super()._write_base(bag, number)

    Gap(count=20, speed=0.15).write(tmp_path / 'gap')
    summary, _ = make(tmp_path / 'out', [tmp_path / 'gap'])
    assert [int(r['id'][-6:]) for r in summary.rows] == [*range(5), *range(15, 20)]
    assert '10 left out: no pose in odom at its time (a gap in /tf); --min-move 0' in '\n'.join(
        summary.lines()
    )


def test_each_image_has_its_camera_info(tmp_path):
    """The camera zooms in the middle of the recording."""
    with BagKit(tmp_path / 'zoom') as bag:
        for number, focal in enumerate((70.0, 70.0, 90.0, 90.0)):
            time = stamp(number)
            image, depth = view(Robot().camera(number), focal=focal)
            header = bag.header(time, 'color_frame')
            # Recorded behind its image, as some drivers do; its stamp tells.
            bag.image(image, time, COLOUR, header=header)
            bag.pinhole(time, (96, 64), focal, '/camera/color/camera_info', 'color_frame')
            bag.image(np.rint(depth * 1000).astype(np.uint16), time, DEPTH, '16UC1', header=header)
    make(tmp_path / 'out', [tmp_path / 'zoom'], replace(OPTIONS, registered=True))
    assert [s.camera.rectified.fx for s in samples(tmp_path / 'out')] == [70.0, 70.0, 90.0, 90.0]


@pytest.mark.parametrize(
    'robot, options, words',
    [
        (Robot(truths=()), OPTIONS, 'has no depth image .*record one; its topics: .*color'),
        (Robot(truths=(LIDAR, SCAN)), OPTIONS, 'choose one with --truth: /lidar/points'),
        (Robot(late=7.0, with_tf=False), OPTIONS, r'\+6\.\d+ s from .*--clock recording'),
        (Robot(), replace(OPTIONS, truth_topic='/nope'), '/nope is not a depth image'),
        (Robot(), replace(OPTIONS, image_topic='/nope'), 'has no image topic /nope'),
        (Robot(), replace(OPTIONS, fixed_frame='map'), '--fixed-frame map is not connected'),
    ],
)
def test_a_recording_that_cannot_be_used_is_named_and_the_others_go_on(
    tmp_path, robot, options, words
):
    robot.write(tmp_path / 'bad')
    good = replace(Robot(count=2), truths=(DEPTH,))
    good.write(tmp_path / 'good')
    summary, _ = make(tmp_path / 'out', [tmp_path / 'bad', tmp_path / 'good'], options)
    errors = [r.error for r in summary.recorded]
    assert re.search(words, errors[0])
    if options is OPTIONS:
        assert errors[1] == '' and len(summary.rows) == 2


def test_frames_that_are_not_connected(tmp_path):
    class Loose(Robot):
        """Nobody says where its sensors are."""

        def _write_static(self, bag):
            self._write_base(bag, -1)

    Loose(offset=0.05).write(tmp_path / 'loose')
    summary, _ = make(tmp_path / 'out', [tmp_path / 'loose'])
    assert 'from depth_frame to color_frame was recorded' in summary.lines()[-1]
    assert '--registered' in summary.lines()[-1]
    summary, _ = make(tmp_path / 'two', [tmp_path / 'loose'], replace(OPTIONS, registered=True))
    assert len(summary.rows) == 6


def test_a_truncated_recording_gives_what_is_whole(tmp_path):
    Robot(count=30).write(tmp_path / 'cut')
    (file,) = (tmp_path / 'cut').glob('*.mcap')
    whole = file.read_bytes()
    (tmp_path / 'one.mcap').write_bytes(whole[: len(whole) // 2])
    summary, _ = make(tmp_path / 'out', [tmp_path / 'one.mcap'])
    lines = '\n'.join(summary.lines())
    assert 'cannot be read' in lines and 'ros2 bag reindex' in lines


def test_a_clock_that_is_another_can_be_mended(tmp_path):
    """Depth stamps of another clock: the times of recording pair them."""
    with BagKit(tmp_path / 'two') as bag:
        for number in range(3):
            time = stamp(number)
            image, depth = view(Robot().camera(number))
            bag.pinhole(time, (96, 64), 70.0, '/camera/color/camera_info', 'color_frame')
            bag.image(image, time, COLOUR, header=bag.header(time, 'color_frame'))
            header = bag.header(number * 100_000_000, 'color_frame')
            bag.image(np.rint(depth * 1000).astype(np.uint16), time, DEPTH, '16UC1', header=header)
    options = replace(OPTIONS, registered=True, clock='recording')
    summary, _ = make(tmp_path / 'out', [tmp_path / 'two'], options)
    assert len(summary.rows) == 3


def test_what_is_done_stays(tmp_path, monkeypatch):
    monkeypatch.setattr('monodepth_ros.fleet.parts.FRAMES', 3)
    robot, bag = recorded(tmp_path, count=10)
    make(tmp_path / 'whole', [bag])
    # A run that ends after the second of four parts, in the middle of the third.
    maker = dataset.DatasetMaker(Folder(tmp_path / 'cut'), OPTIONS)
    results = run_here(dataset.DatasetWorker(maker.store, OPTIONS), maker.parts([(bag, bag.name)]))
    next(results), next(results)
    (tmp_path / 'cut' / 'rgb' / 'drive_000006.jpg').write_bytes(b'half')
    _, done = make(tmp_path / 'cut', [bag])
    assert [part.name for part, _ in done] == ['drive_0002', 'drive_0003']
    assert contents(tmp_path / 'cut') == contents(tmp_path / 'whole')


def test_two_processes_make_the_same(tmp_path, monkeypatch):
    monkeypatch.setattr('monodepth_ros.fleet.parts.FRAMES', 3)
    _, bag = recorded(tmp_path, count=10)
    make(tmp_path / 'one', [bag])
    make(tmp_path / 'two', [bag], run=run_processes, workers=2)
    assert contents(tmp_path / 'one') == contents(tmp_path / 'two')


def test_other_options_are_refused(tmp_path):
    _, bag = recorded(tmp_path, count=2)
    make(tmp_path / 'out', [bag])
    with pytest.raises(ConfigError, match='another every, max_depth .1, 10.0.; go on with'):
        make(tmp_path / 'out', [bag], replace(OPTIONS, every=2, max_depth=5.0))
    (tmp_path / 'mine' / 'rgb').mkdir(parents=True)
    (tmp_path / 'mine' / 'rgb' / 'x.jpg').write_text('')
    with pytest.raises(ConfigError, match='choose another place'):
        make(tmp_path / 'mine', [bag])


def test_options_as_json():
    values = Options(intrinsics=Intrinsics(hfov=60.0)).to_dict()
    assert json.loads(json.dumps(values)) == values and 'hfov=60.0' in values['intrinsics']


def test_the_best_topics_are_chosen(tmp_path):
    """Of an image in two transports the raw one; depth is told by its encoding."""
    with BagKit(tmp_path / 'bag') as bag:
        image, depth = view(Robot().camera(0))
        bag.image(image, stamp(0), '/a/image_raw')
        bag.compressed(image, stamp(0), '/a/image_raw/compressed')
        bag.image(depth, stamp(0), '/a/distance', '32FC1')
        bag.info(stamp(0), (96, 64), '/a/camera_info', focal=70.0)
    plan = make_plan(tmp_path / 'bag', 'bag', OPTIONS)
    assert plan.topics == ('/a/image_raw', '/a/camera_info', '/a/distance', '/a/camera_info')


class CountedFolder(Folder):
    """A folder that counts how often it is asked what there is."""

    asked = 0

    def exists(self, name):
        self.asked += 1
        return super().exists(name)

    def names(self, folder):
        self.asked += 1
        return super().names(folder)


def test_what_is_done_is_asked_once_however_many_parts(tmp_path, monkeypatch):
    monkeypatch.setattr('monodepth_ros.fleet.parts.FRAMES', 2)
    _, bag = recorded(tmp_path, count=8)
    store = CountedFolder(tmp_path / 'out')
    maker = dataset.DatasetMaker(store, OPTIONS)
    store.asked = 0
    parts = list(maker.parts([(bag, bag.name)]))
    assert len(parts) == 4 and store.asked == 1
    dataset.DatasetWorker(store, OPTIONS).run(parts[2])
    again = dataset.DatasetMaker(store, OPTIONS).parts([(bag, bag.name)])
    assert [part.name for part in again] == [parts[n].name for n in (0, 1, 3)]
